/** The world of one case: a hub served over the transport under test, clients, and the ledger. */

import type { Capabilities } from "../capabilities.ts";
import { type ChannelOptions, createChannel } from "../client/index.ts";
import type { TopicMap } from "../contract.ts";
import type { LinkObserver } from "../link.ts";
import type { Position, ServerMessage } from "../protocol/messages.ts";
import {
  type Authenticate,
  type Authorize,
  type Backplane,
  createHub,
  type HistoryCaps,
  type Hub,
  type Identity,
  type Limits,
  type LinkAcceptor,
  memoryBackplane,
} from "../server/index.ts";
import { Client } from "./client.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import {
  type KitEvent,
  type KitTopic,
  type KitTopics,
  kitTopics,
  type Numbered,
  newerKitTopics,
} from "./kit-topics.ts";
import { judge } from "./ledger.ts";
import { faultyTransport } from "./message-faults.ts";
import { PublishLog } from "./publish-log.ts";
import { type Random, seededRandom } from "./random.ts";
import type { Rig, RigServer } from "./rig.ts";
import type { HeadEntry, RunLog } from "./run-log.ts";
import { until } from "./session-log.ts";
import { type SlowLinks, slowLinks } from "./slow-links.ts";
import { describeVerdict, type Verdict } from "./verdict.ts";
import { connectionPlan, type Hardship, messageRules, type Way } from "./ways.ts";

/** The hub that a case asks for. */
export interface HubSetup {
  readonly authenticate?: Authenticate<Identity>;
  /** Null: none, so that the hub's default applies. Default: everything is allowed. */
  readonly authorize?: Authorize<Identity> | null;
  readonly limits?: Partial<Limits>;
  readonly history?: Partial<HistoryCaps>;
  /** Replaces the backplane in memory, for example by that of another hub. */
  readonly backplane?: Backplane;
  /** Wraps the hub towards the transport; broken hubs are made with it. */
  readonly acceptor?: (hub: LinkAcceptor) => LinkAcceptor;
}

/** The client that a case asks for. */
export type ClientSetup = Pick<ChannelOptions<KitTopics>, "token" | "positions" | "clock">;

/** Everything that a case uses. Closed after the case, whatever its outcome. */
export class CaseContext {
  readonly random: Random;
  readonly publishes: PublishLog = new PublishLog();
  readonly clients: Client[] = [];
  /** Every error that the hub reported by `onError`. */
  readonly hubErrors: unknown[] = [];
  readonly #rig: Rig;
  readonly #way: Way;
  readonly #hardship: Hardship;
  readonly #hubs: Hub<KitTopics>[] = [];
  readonly #servers: RigServer[] = [];
  readonly #backplanes: Backplane[] = [];
  readonly #closers: (() => Promise<void>)[] = [];
  #setup: HubSetup = {};
  #slow: SlowLinks | undefined;

  constructor(rig: Rig, way: Way, hardship: Hardship) {
    this.#rig = rig;
    this.#way = way;
    this.#hardship = hardship;
    this.random = seededRandom(way.seed);
  }

  /**
   * Starts a hub and its server half. After a second call, new connections reach the second hub.
   */
  async open(setup: HubSetup = {}): Promise<void> {
    const { authenticate, authorize, limits, history } = setup;
    this.#setup = setup;
    const { backplane: engine } = this.#way;
    const backplane =
      setup.backplane ?? (await (engine?.(history ?? {}) ?? memoryBackplane({ history: history ?? {} })));
    this.#backplanes.push(backplane);
    const hub = createHub({
      topics: newerKitTopics,
      slowConsumers: { "ticks.{name}": "drop" },
      ...(authenticate && { authenticate }),
      ...(authorize !== null && { authorize: authorize ?? (() => true) }),
      backplane,
      limits: { positionCheck: 200, linkRate: 10_000, ...limits },
      onError: (error) => this.hubErrors.push(error),
    });
    this.#hubs.push(hub);
    this.#slow = slowLinks(setup.acceptor?.(hub) ?? hub);
    const server = await this.#rig.start(this.#slow);
    this.#servers.push(server);
    for (const { proxy } of this.clients) if (server.port !== undefined) proxy?.retarget(server.port);
  }

  get hub(): Hub<KitTopics> {
    return last(this.#hubs, "open the context first");
  }

  /** The backplane of the newest hub. */
  get backplane(): Backplane {
    return last(this.#backplanes, "open the context first");
  }

  /** The server half that new connections reach. */
  get server(): RigServer {
    return last(this.#servers, "open the context first");
  }

  get capabilities(): Capabilities {
    return this.server.transport().capabilities;
  }

  /** The links of the newest hub, which can be made slow. */
  get slow(): SlowLinks {
    if (!this.#slow) throw new Error("open the context first");
    return this.#slow;
  }

  /** Makes a client. It connects on first use, to the server half that is the newest then. */
  async client(name: string, setup: ClientSetup = {}): Promise<Client> {
    const random = this.random.fork();
    const { port } = this.server;
    const plan = connectionPlan(this.#hardship);
    const proxy =
      this.#way.faults && port !== undefined
        ? await startFaultProxy({ target: port, random: random.fork(), plan })
        : undefined;
    const rules = this.#way.faults && port === undefined ? messageRules(this.#hardship, random.fork()) : [];
    const { capabilities } = this;
    const wire = {
      name: this.#rig.name,
      capabilities,
      connect: (observer: LinkObserver<ServerMessage>) =>
        this.server.transport(proxy?.port).connect(observer),
    };
    const transport = faultyTransport(wire, rules);
    const channel = createChannel({
      topics: kitTopics,
      transport,
      backoff: { base: 5, cap: 60 },
      random: () => random.next(),
      ...setup,
    });
    const client = new Client({ name, channel, transport, rules, proxy, publishes: this.publishes, random });
    this.clients.push(client);
    this.#closers.push(async () => {
      channel.close();
      await proxy?.close();
    });
    return client;
  }

  /** Publishes through the hub, and logs the attempt for the ledger. */
  publish(
    topic: KitTopic,
    data: Numbered,
    { event = "said", id }: { event?: KitEvent; id?: string } = {},
  ): Promise<Position | null> {
    return this.publishes.record(
      { topic, event, data, id },
      // The compiler cannot tell that the event is one of the topic's.
      (known) => (this.hub as unknown as Hub<TopicMap>).publish(topic, event, data, { id: known }),
      (position) => position,
    );
  }

  /** Publishes `{ n }` for every n from `first` to `last`. */
  async publishRange(topic: KitTopic, first: number, last: number): Promise<void> {
    for (let n = first; n <= last; n++) await this.publish(topic, { n });
  }

  /**
   * Waits until every session stands at the head of its topics, or none has received anything for
   * `timeout` milliseconds. Gives the log of the run.
   */
  async rest(timeout = 5_000): Promise<RunLog> {
    const topics = new Set(this.publishes.entries.map(({ topic }) => topic));
    for (const { log } of this.clients) for (const { topic } of log.following) topics.add(topic);
    const caughtUp = async (): Promise<boolean> => {
      for (const { log } of this.clients) {
        for (const { topic, position } of log.following) {
          const head = await this.#head(topic);
          if (position?.epoch !== head.epoch || position.offset !== head.offset) return false;
        }
      }
      return true;
    };
    const heard = (): number => this.clients.reduce((sum, { log }) => sum + log.entries.length, 0);
    // On a busy machine a slow connection may take long without being broken.
    for (let before = -1; heard() > before; ) {
      before = heard();
      // The ledger reports sessions that do not catch up.
      await until(caughtUp, "every session to catch up", timeout).catch(() => {});
      if (await caughtUp()) break;
    }
    const { history, limits } = this.#setup;
    const window = Math.min(history?.size ?? 256, limits?.recovery ?? 300);
    const heads: HeadEntry[] = [];
    for (const topic of topics) heads.push({ topic, position: await this.#head(topic), window });
    return { publishes: this.publishes.entries, sessions: this.clients.map(({ log }) => log), heads };
  }

  /** Waits for rest and judges the run. Throws when a promise was broken. */
  async verify(): Promise<Verdict> {
    const verdict = judge(await this.rest());
    if (verdict.violations.length > 0) {
      throw new Error(
        [describeVerdict(verdict), ...this.clients.map((client) => client.describe())].join("\n"),
      );
    }
    return verdict;
  }

  /** Ends the newest server half and its connections. Dialling fails until `restartServer`. */
  async stopServer(): Promise<void> {
    await this.#servers.pop()?.stop();
  }

  /** Starts another server half for the newest hub. */
  async restartServer(): Promise<void> {
    const server = await this.#rig.start(this.slow);
    this.#servers.push(server);
    for (const { proxy } of this.clients) if (server.port !== undefined) proxy?.retarget(server.port);
  }

  /** Releases everything. */
  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    for (const hub of this.#hubs) await hub.close({ flush: 0, spread: 0 });
    for (const server of this.#servers) await server.stop();
    for (const backplane of this.#backplanes) await backplane.close();
  }

  async #head(topic: string): Promise<Position> {
    return (await this.backplane.read(topic, undefined, 0)).head;
  }
}

function last<T>(items: readonly T[], otherwise: string): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error(otherwise);
  return item;
}
