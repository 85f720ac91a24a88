/** Drives one contender with a workload: its server publishes on schedule, its clients account for every delivery. */
import { hostNow } from "../measure/clock.ts";
import type { Half } from "../process/child.ts";
import type { Entrant, Pair } from "../scenario.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import type * as clientHalf from "./client-half.ts";
import type { ClientReport, Recovery } from "./client-half.ts";
import type { Run } from "./schedule.ts";
import type { SenderHealth } from "./sender.ts";
import type * as serverHalf from "./server-half.ts";
import type { ServerCost } from "./server-half.ts";

type ServerModule = typeof serverHalf;
type ClientModule = typeof clientHalf;

/** What one run of a drive gave. */
export interface DriveResult {
  readonly report: ClientReport;
  readonly health: SenderHealth;
  readonly server: ServerCost;
  readonly notifications: number;
  /** Publishes that failed since the drive began. */
  readonly failures: number;
}

/** How a drive begins. */
export interface DriveOptions {
  readonly spec: WorkloadSpec;
  /** See `ClientOrder`. Default: false. */
  readonly comesBack?: boolean;
  /** Puts something between clients and server: resolves from the server's port to those that clients use in turns. */
  readonly via?: (port: number) => Promise<readonly number[]>;
}

/** Milliseconds between the order to start and the first notification, for the order to arrive. */
const HEAD_START = 20;
/** And for each notification, which the clients first enter into their ledger. */
const HEAD_START_EACH = 0.005;

export class Drive {
  readonly entrant: Entrant;
  readonly #server: Half<ServerModule>;
  readonly #clients: Half<ClientModule>;

  private constructor(entrant: Entrant, server: Half<ServerModule>, clients: Half<ClientModule>) {
    this.entrant = entrant;
    this.#server = server;
    this.#clients = clients;
  }

  /** Serves the contender in its pair's processes and connects every subscriber of the workload. */
  static async start(
    entrant: Entrant,
    pair: Pair,
    { spec, comesBack = false, via = async (port) => [port] }: DriveOptions,
  ): Promise<Drive> {
    const [server, clients] = await Promise.all([
      pair.server.become<ServerModule>(new URL("./server-half.ts", import.meta.url)),
      pair.clients.become<ClientModule>(new URL("./client-half.ts", import.meta.url)),
    ]);
    const { module } = entrant;
    const ports = await via(await server.ask("serve", module, spec));
    await clients.ask("connect", { module, ports, spec, comesBack });
    return new Drive(entrant, server, clients);
  }

  /** Plays a part of the workload and waits until all of it came, or nothing more comes. A warm-up's latencies are forgotten. */
  async play(part: Omit<Run, "start">, warmUp = false): Promise<DriveResult> {
    const ahead = HEAD_START + (part.to - part.from) * HEAD_START_EACH;
    const run: Run = { ...part, start: hostNow() + ahead };
    await this.#clients.ask("begin", run, warmUp);
    await this.#server.ask("begin");
    const health = await this.#server.ask("play", run);
    const report = await this.#clients.ask("settle");
    return {
      report,
      health,
      server: await this.#server.ask("cost"),
      notifications: run.to - run.from,
      failures: await this.#server.ask("failures"),
    };
  }

  /** What the server process holds, bytes. */
  rss(): Promise<number> {
    return this.#server.ask("rss");
  }

  /** From `since` on, a host's time, waits for the clients of a way to be live again; {@link recoveries} says when. */
  async watch(way: number, since: number): Promise<void> {
    await this.#clients.ask("watch", way, since);
  }

  recoveries(): Promise<readonly Recovery[]> {
    return this.#clients.ask("recoveries");
  }

  /** Ends clients and server; the processes live on. */
  async close(): Promise<void> {
    await this.#clients.ask("close");
    await this.#server.ask("close");
  }
}
