/** The clients of a round: one channel each, over every transport, behind the balancer. */
import { pusherTransport } from "@bellwire/adapter-pusher/client";
import { socketIoTransport } from "@bellwire/adapter-socketio/client";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { isBellwireError, type Transport } from "@bellwire/core";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import { PublishLog, type Random, SessionLog } from "@bellwire/core/conformance";
import { APP, topics } from "./world.ts";

/** Transports by their wire's name; each dials the balancer's port. */
export const WIRES: Readonly<Record<string, (port: number) => Transport>> = {
  ws: (port) => webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }),
  sse: (port) => sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse` }),
  socketio: (port) => socketIoTransport({ url: `http://127.0.0.1:${port}`, transports: ["websocket"] }),
  pusher: (port) => pusherTransport({ key: APP.key, url: `ws://127.0.0.1:${port}` }),
};

/** One client in this many enters the room whose members are checked. */
const ATTENDS = 4;
/** One publish of a client in this many is not for itself. */
const EXCLUDES = 5;

/** One client. */
export interface Member {
  /** Also its user, and its session in the ledger. */
  readonly name: string;
  readonly channel: NotificationChannel<(typeof topics)["map"]>;
  readonly log: SessionLog;
  /**
   * The members of the room as it sees them, each with its hub; undefined where it does not attend.
   */
  readonly sees: (() => ReadonlyMap<string, { readonly hub: string }>) | undefined;
}

/** The clients of a round. */
export interface FleetOptions {
  readonly port: number;
  readonly wires: readonly string[];
  /** Clients on each wire. */
  readonly clients: number;
  readonly topics: readonly string[];
  readonly room: string;
  readonly random: Random;
}

export class Fleet {
  readonly members: readonly Member[];
  readonly publishes: PublishLog = new PublishLog();
  readonly errors: unknown[] = [];
  readonly #topics: readonly string[];
  readonly #random: Random;
  readonly #underWay: Set<Promise<unknown>> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(options: FleetOptions) {
    const { wires, clients, random } = options;
    this.#topics = options.topics;
    this.#random = random.fork();
    this.members = wires.flatMap((wire) =>
      Array.from({ length: clients }, (_, n) => this.#member(`${wire}-${n}`, wire, n, options)),
    );
  }

  /** Resolves when every subscription is confirmed. */
  async ready(): Promise<void> {
    for (const { log } of this.members)
      await Promise.all(Array.from(log.following, (subscription) => subscription.ready()));
  }

  /** Publishes through random clients, so many times a second, until `rest`. */
  load(rate: number): void {
    this.#timer = setInterval(() => {
      const work: Promise<unknown> = this.#publish().finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }, 1_000 / rate);
  }

  /** Ends the load. Resolves when every publish has its answer. */
  async rest(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  close(): void {
    for (const { channel } of this.members) channel.close();
  }

  /** Ends a client that attends the room through a hub, unless it is one of the last two. */
  retire(hub: string): void {
    const attending = this.#attending();
    const leaving = attending.find(({ name, sees }) => sees?.().get(name)?.hub === hub);
    if (attending.length > 2) leaving?.channel.close();
  }

  /** The clients that the room should list, and those that list something else. */
  wrongRooms(): readonly string[] {
    const attending = this.#attending();
    const truth = JSON.stringify(attending.map(({ name }) => name).sort());
    return attending
      .filter(({ sees }) => JSON.stringify(Array.from(sees?.().keys() ?? []).sort()) !== truth)
      .map(({ name, sees }) => `${name} sees ${sees?.().size} of ${attending.length}`);
  }

  #attending(): readonly Member[] {
    return this.members.filter(({ channel, sees }) => sees && channel.state !== "closed");
  }

  async #publish(): Promise<void> {
    const { name, channel } = this.#random.pick(this.members);
    if (channel.state === "closed") return;
    const topic = this.#random.pick(this.#topics);
    const excluded = this.#random.int(EXCLUDES) === 0 ? name : undefined;
    const n = ++this.#count;
    try {
      await this.publishes.record(
        { topic, event: "said", data: { n }, id: `client-${n}`, excluded },
        (id) =>
          channel.publish(topic as "news.x", "said", { n }, { id, excludeSelf: excluded !== undefined }),
        ({ position }) => position,
      );
    } catch (error) {
      if (!isBellwireError(error)) throw error;
      this.errors.push(error);
    }
  }

  #member(
    name: string,
    wire: string,
    n: number,
    { port, room, random, topics: names }: FleetOptions,
  ): Member {
    const own = random.fork();
    const dial = WIRES[wire];
    if (!dial) throw new Error(`no wire ${wire}`);
    const channel = createChannel({
      topics,
      transport: dial(port),
      token: () => name,
      backoff: { base: 50, cap: 1_000 },
      random: () => own.next(),
    });
    channel.onError((error) => this.errors.push(error));
    const log = new SessionLog(name);
    for (const topic of names) log.follow(channel.subscribe(topic as "news.x"));
    if (n % ATTENDS > 0) return { name, channel, log, sees: undefined };
    const attended = channel.subscribe(room as "presence-room.x");
    const sees = (): ReadonlyMap<string, { readonly hub: string }> =>
      new Map(Array.from(attended.members, ([id, { info }]) => [id, info as { readonly hub: string }]));
    return { name, channel, log, sees };
  }
}
