/** A hundred clients of one hub, moved from wire to wire while notifications flow. */

import { pusherRig } from "@bellwire/adapter-pusher/testing";
import { socketIoRig } from "@bellwire/adapter-socketio/testing";
import { sseRig } from "@bellwire/adapter-sse/testing";
import { webSocketRig } from "@bellwire/adapter-ws/testing";
import { defineTopics, type Transport, type } from "@bellwire/core";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import {
  describeVerdict,
  freshSeed,
  judge,
  type PublishEntry,
  type Random,
  type Rig,
  type RigServer,
  SessionLog,
  seededRandom,
  until,
} from "@bellwire/core/conformance";
import { createHub, type Hub } from "@bellwire/core/server";
import { expect, it, onTestFinished } from "vitest";

const RIGS: readonly Rig[] = [webSocketRig, socketIoRig, sseRig, pusherRig];
const CLIENTS_PER_WIRE = 25;
const SWITCHES = 20;
const PUBLISHES = 10_000;
const TOPICS = ["feed.0", "feed.1", "feed.2", "feed.3", "feed.4", "feed.5", "feed.6", "feed.7"] as const;
/**
 * Publishes by which the slowest client may be behind; well inside the window, or there would be
 * gaps to report.
 */
const AHEAD = 800;

const topics = defineTopics({ "feed.{number}": { said: type<{ readonly n: number }>() } });
type Topics = (typeof topics)["map"];

class MovingClient {
  readonly log: SessionLog;
  readonly channel: NotificationChannel<Topics>;
  readonly moves: string[] = [];
  readonly #servers: readonly RigServer[];
  readonly #random: Random;
  /** After how many publishes it moves, the next last. */
  readonly #due: number[];
  #moving: Promise<void> = Promise.resolve();

  constructor(name: string, first: number, servers: readonly RigServer[], random: Random) {
    this.#servers = servers;
    this.#random = random;
    this.#due = Array.from({ length: SWITCHES }, () => random.int(PUBLISHES)).sort((a, b) => b - a);
    this.log = new SessionLog(name);
    this.channel = createChannel({ topics, transport: this.#wire(first), random: () => random.next() });
    for (const topic of TOPICS) this.log.follow(this.channel.subscribe(topic));
  }

  get received(): number {
    return this.log.notifications.length;
  }

  /** Starts the moves that are due by now, one after another. */
  published(count: number): void {
    for (let next = this.#due.at(-1); next !== undefined && next <= count; next = this.#due.at(-1)) {
      this.#due.pop();
      this.#moving = this.#moving.then(async () => {
        const transport = this.#wire(this.#random.int(this.#servers.length));
        await this.channel.switchTransport(transport);
        this.moves.push(transport.name);
      });
      // A failed move is seen where the last one is awaited.
      this.#moving.catch(() => {});
    }
  }

  moved(): Promise<void> {
    return this.#moving;
  }

  #wire(index: number): Transport {
    return (this.#servers[index] as RigServer).transport();
  }
}

async function publishAll(
  hub: Hub<Topics>,
  clients: readonly MovingClient[],
  random: Random,
): Promise<PublishEntry[]> {
  const entries: PublishEntry[] = [];
  for (let n = 1; n <= PUBLISHES; n += 1) {
    const topic = random.pick(TOPICS);
    const id = `p${n}`;
    const position = await hub.publish(topic, "said", { n }, { id });
    entries.push({ topic, id, data: JSON.stringify({ n }), acknowledged: true, position });
    for (const client of clients) client.published(n);
    // A turn of the event loop: a hub whose process never comes to read takes its clients for
    // silent.
    await new Promise((resolve) => setImmediate(resolve));
    const slowest = (): number => Math.min(...clients.map(({ received }) => received));
    if (n % 20 === 0) await until(() => n - slowest() < AHEAD, "the slowest client to follow", 30_000);
  }
  return entries;
}

it("loses, doubles and disorders nothing while 100 clients move between four wires", {
  timeout: 300_000,
}, async () => {
  const seed = freshSeed();
  console.log(`switching: seed ${seed}`);
  const random = seededRandom(seed);
  const hub = createHub({ topics, limits: { linkRate: 10_000 } });
  onTestFinished(() => hub.close({ flush: 0, spread: 0 }));
  const servers: RigServer[] = [];
  for (const rig of RIGS) {
    const server = await rig.start(hub);
    onTestFinished(() => server.stop());
    servers.push(server);
  }
  const clients = Array.from({ length: CLIENTS_PER_WIRE * RIGS.length }, (_, index) => {
    const client = new MovingClient(`client ${index}`, index % RIGS.length, servers, random.fork());
    onTestFinished(() => client.channel.close());
    return client;
  });
  await Promise.all(
    clients.flatMap(({ log }) => [...log.following].map((subscription) => subscription.ready())),
  );

  const publishes = await publishAll(hub, clients, random);
  await Promise.all(clients.map((client) => client.moved()));
  await until(
    () => clients.every(({ received }) => received >= PUBLISHES),
    "everyone to have everything",
    60_000,
  );

  const heads = TOPICS.map((topic) => {
    const position = publishes.findLast((entry) => entry.topic === topic)?.position;
    return { topic, position: position ?? { epoch: "none", offset: 0 }, window: 256 };
  });
  const verdict = judge({ publishes, sessions: clients.map(({ log }) => log), heads });
  expect(verdict.violations, describeVerdict(verdict)).toEqual([]);
  expect(verdict.gaps).toBe(0);
  expect(verdict.delivered).toBe(PUBLISHES * clients.length);
  expect(clients.map(({ moves }) => moves.length)).toEqual(clients.map(() => SWITCHES));
});
