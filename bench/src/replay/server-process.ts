/** The server process of the replay: serves one contender, and is the application that publishes the day. */
import type { ServerHalf } from "../contender.ts";
import { answerParent } from "../process/conversation.ts";
import { loadContender } from "../registry.ts";
import { readWorkload, WORKOUT_DAY, type Workload } from "../workload/workload.ts";
import type { Run } from "./schedule.ts";
import { type SenderHealth, send } from "./sender.ts";

let half: ServerHalf | undefined;
let workload: Workload | undefined;
let before = { cpu: process.cpuUsage(), bytes: 0 };

const handlers = {
  async serve(module: string): Promise<number> {
    const contender = await loadContender(module);
    workload = await readWorkload(WORKOUT_DAY);
    half = await contender.serve();
    return half.port;
  },
  begin(): void {
    before = { cpu: process.cpuUsage(), bytes: half?.bytesWritten() ?? 0 };
  },
  async play(run: Run): Promise<SenderHealth> {
    if (!half || !workload) throw new Error("nobody serves");
    return send(workload, run, half.publish);
  },
  /** What it took since `begin`, the sender's own CPU included, in microseconds; asked once everything was delivered. */
  cost(): { readonly cpu: number; readonly bytes: number } {
    const { user, system } = process.cpuUsage(before.cpu);
    return { cpu: user + system, bytes: (half?.bytesWritten() ?? 0) - before.bytes };
  },
  failures: (): number => half?.failures() ?? 0,
};

/** What this process answers. */
export type ReplayServer = typeof handlers;

answerParent(handlers);
