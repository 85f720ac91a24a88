/**
 * Drives one contender with a workload: its server publishes on schedule, its clients account for
 * every delivery.
 */
import { hostNow } from "../measure/clock.ts";
import type { Half } from "../process/child.ts";
import type { Entrant, Pair } from "../scenario.ts";
import type { WorkloadSpec } from "../workload/spec.ts";
import type * as clientHalf from "./client-half.ts";
import type { ClientReport, Recovery } from "./client-half.ts";
import type { Part } from "./schedule.ts";
import { lateness, type SenderHealth } from "./sender.ts";
import type * as serverHalf from "./server-half.ts";
import type { ServerCost } from "./server-half.ts";

type ServerModule = typeof serverHalf;
type ClientModule = typeof clientHalf;

/** The result of one run of a drive. */
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
  /**
   * Puts something between clients and server: resolves from the server's port to those that
   * clients use in turns.
   */
  readonly via?: (port: number) => Promise<readonly number[]>;
}

/**
 * Milliseconds from the decision to start to the first notification, for both halves to hear of it.
 */
const HEAD_START = 20;
/**
 * So much of it must be left for the server, once the clients have heard; otherwise the start is
 * put off. Milliseconds.
 */
const HEAD_START_LEFT = 10;

/** How a part is played. */
export interface PlayOptions {
  /** It is not measured. Default: false. */
  readonly warmUp?: boolean;
  /** It, or a later part, was played before. Default: false. */
  readonly again?: boolean;
}

export class Drive {
  readonly entrant: Entrant;
  readonly #server: Half<ServerModule>;
  readonly #clients: Half<ClientModule>;
  #lap = 0;

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

  /**
   * Plays a part of the workload and waits until all of it came, or nothing more can come. The
   * latencies of a warm-up, and of a part whose sender fell behind, are in no percentiles.
   */
  async play(part: Part, { warmUp = false, again = false }: PlayOptions = {}): Promise<DriveResult> {
    if (again) this.#lap += 1;
    await Promise.all([this.#clients.ask("begin", part, this.#lap), this.#server.ask("begin")]);
    const start = await this.#start();
    const health = await this.#server.ask("play", { ...part, start }, this.#lap);
    const report = await this.#clients.ask("settle", !warmUp && lateness(health) === undefined);
    return {
      report,
      health,
      server: await this.#server.ask("cost"),
      notifications: part.to - part.from,
      failures: await this.#server.ask("failures"),
    };
  }

  /**
   * Tells the clients when the part starts. A sender that heard of it too late would be late by no
   * fault of the wire.
   */
  async #start(): Promise<number> {
    for (;;) {
      const start = hostNow() + HEAD_START;
      await this.#clients.ask("start", start);
      if (start - hostNow() >= HEAD_START_LEFT) return start;
    }
  }

  /** The memory of the server process, in bytes. */
  rss(): Promise<number> {
    return this.#server.ask("rss");
  }

  /**
   * From `since` on, a host's time, waits for the clients of a way to be live again; {@link
   * recoveries} says when.
   */
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
