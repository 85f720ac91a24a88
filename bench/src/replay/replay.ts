/** The replay: a day of the workout app, over every wire and over the control, in turns. */
import { hostNow } from "../measure/clock.ts";
import type { Random } from "../measure/random.ts";
import { type Child, startChild } from "../process/child.ts";
import type { Entry } from "../registry.ts";
import { loadContender } from "../registry.ts";
import type { Progress } from "../report/progress.ts";
import { readWorkload, segmentsOf, shortened, WORKOUT_DAY, type Workload } from "../workload/workload.ts";
import type { ClientReport, ReplayClients } from "./client-process.ts";
import { notificationAt, type Run } from "./schedule.ts";
import { addHealth, type SenderHealth } from "./sender.ts";
import type { ReplayServer } from "./server-process.ts";

/** How much of the day is replayed, and how fast. */
export interface ReplayPlan {
  readonly notifications: number;
  /** Parts of the day between which the contenders take turns. */
  readonly segments: number;
  /** Seconds that each contender's whole day takes. */
  readonly seconds: number;
}

/** One contender's day. Everything is a sum over its segments. */
export interface ReplayResult {
  readonly name: string;
  readonly report: ClientReport;
  readonly health: SenderHealth;
  readonly notifications: number;
  readonly milliseconds: number;
  readonly serverCpu: number;
  readonly clientCpu: number;
  readonly bytes: number;
  readonly failures: number;
}

/** Milliseconds between the order to start and the first notification, for the order to arrive. */
const HEAD_START = 50;

class Runner {
  readonly name: string;
  readonly #server: Child<ReplayServer>;
  readonly #clients: Child<ReplayClients>;
  #result: ReplayResult | undefined;

  constructor(name: string, server: Child<ReplayServer>, clients: Child<ReplayClients>) {
    this.name = name;
    this.#server = server;
    this.#clients = clients;
  }

  get result(): ReplayResult | undefined {
    return this.#result;
  }

  async play(segment: Omit<Run, "start">): Promise<void> {
    const run: Run = { ...segment, start: hostNow() + HEAD_START };
    await this.#clients.ask("begin", run);
    await this.#server.ask("begin");
    const health = await this.#server.ask("play", run);
    const report = await this.#clients.ask("settle");
    const { cpu, bytes } = await this.#server.ask("cost");
    const last = this.#result;
    this.#result = {
      name: this.name,
      report,
      health: last ? addHealth(last.health, health) : health,
      notifications: (last?.notifications ?? 0) + run.to - run.from,
      milliseconds: (last?.milliseconds ?? 0) + report.duration,
      serverCpu: (last?.serverCpu ?? 0) + cpu,
      clientCpu: (last?.clientCpu ?? 0) + report.cpu,
      bytes: (last?.bytes ?? 0) + bytes,
      failures: await this.#server.ask("failures"),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#clients.stop(), this.#server.stop()]);
  }
}

/** Runs the replay. The order of contenders is drawn anew for each segment. */
export async function replay(
  entries: readonly Entry[],
  plan: ReplayPlan,
  random: Random,
  progress: Progress,
): Promise<ReplayResult[]> {
  const workload = shortened(await readWorkload(WORKOUT_DAY), plan.notifications);
  const segments = segmentsOf(workload, plan.segments);
  const speed = dayLength(workload, segments) / (plan.seconds * 1_000);
  progress.begin("replay", entries.length * (segments.length + 1));
  const runners: Runner[] = [];
  for (const { module } of entries) {
    const { name } = await loadContender(module);
    progress.step(`connecting ${name}`);
    const server = startChild<ReplayServer>(new URL("./server-process.ts", import.meta.url));
    const clients = startChild<ReplayClients>(new URL("./client-process.ts", import.meta.url));
    await clients.ask("connect", module, await server.ask("serve", module));
    runners.push(new Runner(name, server, clients));
  }
  for (const [index, segment] of segments.entries()) {
    for (const runner of random.shuffled(runners)) {
      progress.step(`${runner.name}, part ${index + 1} of ${segments.length} of the day`);
      await runner.play({ ...segment, speed });
    }
  }
  await Promise.all(runners.map((runner) => runner.stop()));
  return runners.map(({ result }) => result).filter((result) => result !== undefined);
}

function dayLength(workload: Workload, segments: readonly { from: number; to: number }[]): number {
  let milliseconds = 0;
  for (const { from, to } of segments) {
    if (to > from) milliseconds += notificationAt(workload, to - 1).at - notificationAt(workload, from).at;
  }
  return Math.max(1, milliseconds);
}
