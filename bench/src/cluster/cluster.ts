/**
 * A cluster of one library: a Redis, three servers in processes of their own, a fourth that only
 * publishes and that no fault hits, and clients behind a balancer.
 */
import { type RedisServer, startRedis } from "../engines/redis.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { type Child, type Half, startChild } from "../process/child.ts";
import type { ClientLog, Published } from "./account.ts";
import { Balancer } from "./balancer.ts";
import type * as clientsHalf from "./clients-half.ts";
import type { Library } from "./clients-half.ts";
import type * as hubHalf from "./hub-half.ts";
import type { ServerHandlers } from "./server.ts";

type ServerHalf = Half<{ readonly createHalf: () => ServerHandlers & Record<string, never> }>;

interface Server {
  readonly child: Child;
  readonly half: ServerHalf;
  readonly port: number;
}

const SERVERS = 3;
const TOPICS = Array.from({ length: 4 }, (_, n) => `news.${n}`);
/** Milliseconds of load before a fault, and after it by default. */
const AROUND = 600;
/** Milliseconds for all clients to be connected again. */
const RETURN = 40_000;
/** Milliseconds without progress after which what is missing is taken as lost. */
const QUIET = 4_000;

/** All that was seen of one fault. */
export interface Turn {
  /** When the fault began, and when its repair was done; host milliseconds. */
  readonly began: number;
  readonly repaired: number;
  readonly published: readonly Published[];
  readonly clients: readonly ClientLog[];
  /** Clients that were not connected at its end. */
  readonly away: number;
}

export class Cluster {
  readonly library: Library;
  readonly #count: number;
  readonly #balancer = new Balancer();
  #servers: Server[] = [];
  #redis: RedisServer;
  #publisher: Server | undefined;
  #clients: { readonly child: Child; readonly half: Half<typeof clientsHalf> } | undefined;

  private constructor(library: Library, count: number, redis: RedisServer) {
    this.library = library;
    this.#count = count;
    this.#redis = redis;
  }

  /** Starts everything; the clients are on the first two servers. */
  static async start(library: Library, count: number): Promise<Cluster> {
    const cluster = new Cluster(library, count, await startRedis());
    try {
      await cluster.#begin();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /**
   * Loads the cluster, lets a fault happen, loads it for a while after the repair, and waits until
   * everyone is at rest.
   */
  async turn(rate: number, fault: () => Promise<void>, after: number = AROUND): Promise<Turn> {
    const [clients, publisher] = [this.#clients, this.#publisher];
    if (!clients || !publisher) throw new Error("the cluster does not run");
    await clients.half.ask("take");
    await publisher.half.ask("load", TOPICS, rate);
    await sleep(AROUND);
    const began = hostNow();
    await fault();
    const repaired = hostNow();
    await this.#everyoneLive();
    await sleep(after);
    const published = await publisher.half.ask("rest");
    await this.#rest(published);
    const away = this.#count - (await clients.half.ask("live"));
    return { began, repaired, published, clients: await clients.half.ask("take"), away };
  }

  /** Kills a server, and starts it again when its clients are on another. */
  async kill(place: number): Promise<void> {
    const { half, child } = this.#server(place);
    await half.ask("die").catch(() => {});
    await child.stop();
    await this.#everyoneLive();
    await this.#startAgain(place);
  }

  /** Cuts all connections of clients. */
  async cut(): Promise<void> {
    this.#balancer.cut();
    await sleep(0);
  }

  /** Kills Redis, which persists nothing, and starts it again after so many milliseconds. */
  async restartEngine(downtime: number): Promise<void> {
    const { port } = this.#redis;
    await this.#redis.stop();
    await sleep(downtime);
    this.#redis = await startRedis(port);
  }

  /** Restarts the servers one after another, each out of the balancer while it is away. */
  async roll(spread: number): Promise<void> {
    for (const [place, { half, child, port }] of this.#servers.entries()) {
      this.#balancer.targets = this.#balancer.targets.filter((target) => target !== port);
      await half.ask("leave", spread).catch(() => {});
      await child.stop();
      await this.#startAgain(place);
      this.#balanceAll();
      await this.#everyoneLive();
    }
  }

  /** From now on new connections go to the third server, too. */
  growToThree(): void {
    this.#balanceAll();
  }

  async stop(): Promise<void> {
    const children = [
      this.#clients?.child,
      this.#publisher?.child,
      ...this.#servers.map(({ child }) => child),
    ];
    await Promise.all(children.flatMap((child) => child?.stop() ?? []));
    await this.#balancer.close();
    await this.#redis.stop();
  }

  async #begin(): Promise<void> {
    const port = await this.#balancer.listen();
    const starts = Array.from({ length: SERVERS + 1 }, () => this.#start(0));
    [this.#publisher, ...this.#servers] = await Promise.all(starts);
    this.#balanceAll();
    this.#balancer.targets = this.#balancer.targets.slice(0, 2);
    const child = startChild(`clients of ${this.library}`);
    const half = await child.become<typeof clientsHalf>(new URL("./clients-half.ts", import.meta.url));
    this.#clients = { child, half };
    await half.ask("connect", this.library, port, this.#count, TOPICS);
  }

  #balanceAll(): void {
    this.#balancer.targets = this.#servers.map(({ port }) => port);
  }

  #server(place: number): Server {
    const server = this.#servers[place];
    if (!server) throw new Error(`no server ${place}`);
    return server;
  }

  async #startAgain(place: number): Promise<void> {
    this.#servers[place] = await this.#start(this.#server(place).port);
  }

  async #start(port: number): Promise<Server> {
    const child = startChild(`server of ${this.library}`);
    const file = this.library === "Bellwire" ? "./hub-half.ts" : "./socketio-half.ts";
    const half = (await child.become<typeof hubHalf>(new URL(file, import.meta.url))) as ServerHalf;
    const engine = { engine: "redis", port: this.#redis.port } as const;
    return { child, half, port: await half.ask("serve", { engine, port }) };
  }

  async #everyoneLive(): Promise<void> {
    // A connection that was cut is noticed in a later turn.
    await sleep(100);
    for (const end = hostNow() + RETURN; hostNow() < end; await sleep(20))
      if ((await this.#clients?.half.ask("live")) === this.#count) return;
  }

  /** Waits until nobody misses the end, or nothing comes any more. */
  async #rest(published: readonly Published[]): Promise<void> {
    let [behind, end] = [this.#count, hostNow() + QUIET];
    while (behind > 0 && hostNow() < end) {
      await sleep(50);
      const now = (await this.#clients?.half.ask("behind", published)) ?? 0;
      if (now < behind) end = hostNow() + QUIET;
      behind = now;
    }
  }
}
