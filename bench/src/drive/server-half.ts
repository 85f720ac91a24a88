/** The server's half of a drive: serves one contender, and is the application that publishes. */
import type { ServerHalf } from "../contender.ts";
import { loadContender } from "../registry.ts";
import { eventsOf, type WorkloadSpec, workloadOf } from "../workload/spec.ts";
import type { Workload } from "../workload/workload.ts";
import { inLap, type Run } from "./schedule.ts";
import type { SenderHealth } from "./sender.ts";
import { sendWatched } from "./watched-sender.ts";

/** The cost of the server since `begin`, the sender's own CPU included. */
export interface ServerCost {
  /** Microseconds. */
  readonly cpu: number;
  /** At its sockets. */
  readonly bytes: number;
}

/** See `HalfModule`. */
export function createHalf() {
  let half: ServerHalf | undefined;
  let workload: Workload | undefined;
  let before = { cpu: process.cpuUsage(), bytes: 0 };
  return {
    /** Resolves to the port. */
    async serve(module: string, spec: WorkloadSpec): Promise<number> {
      workload = await workloadOf(spec);
      half = await (await loadContender(module)).serve({ events: eventsOf(workload) });
      return half.port;
    },
    begin(): void {
      before = { cpu: process.cpuUsage(), bytes: half?.bytesWritten() ?? 0 };
    },
    async play(run: Run, lap: number): Promise<SenderHealth> {
      if (!half || !workload) throw new Error("nobody serves");
      return sendWatched(workload, inLap(run, workload, lap), half.publish);
    },
    /** Asked once everything was delivered. */
    cost(): ServerCost {
      const { user, system } = process.cpuUsage(before.cpu);
      return { cpu: user + system, bytes: (half?.bytesWritten() ?? 0) - before.bytes };
    },
    /** Bytes. */
    rss: (): number => process.memoryUsage.rss(),
    failures: (): number => half?.failures() ?? 0,
    async close(): Promise<void> {
      await half?.close();
      half = undefined;
    },
  };
}
