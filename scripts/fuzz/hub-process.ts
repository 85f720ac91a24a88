/**
 * The process under attack: two hubs, each on a port of its own with every transport attached, and
 * a numbered stream on each that the neighbours have to receive whole. An error that is thrown
 * outside of a handler is reported to the parent and ends nothing.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { attachPusherRoutes } from "@bellwire/adapter-pusher/hosted";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { isBellwireError } from "@bellwire/core";
import { createHub, type Limits, memoryBackplane } from "@bellwire/core/server";
import {
  APP,
  type Ask,
  type Endpoints,
  type Fault,
  NEIGHBOUR_TOKEN,
  NEIGHBOURS,
  OPEN_TOPICS,
  type Sample,
  type Tell,
  TOKEN_MARK,
  topics,
} from "./world.ts";

const MANY = 1_000_000;
/**
 * Admission alone: with 200 links per second nearly every attacker would be told 503 and reach
 * nothing.
 */
const ADMISSION: Partial<Limits> = { links: 100_000, linkRate: MANY, linksPerUser: MANY };
const LIMITS: Readonly<Record<Endpoints, Partial<Limits>>> = {
  guarded: ADMISSION,
  open: {
    ...ADMISSION,
    malformed: MANY,
    messageRate: MANY,
    messageBurst: MANY,
    byteRate: 1_000 * MANY,
    subscribeRate: MANY,
    subscribeBurst: MANY,
  },
};
/** The mistake that this process makes on purpose, if any. */
const fault = process.argv[2] as Fault | undefined;
/** How often it is made: once in so many links, messages or numbers. */
const FAULTY = 10;
const hoard: Buffer[] = [];
/** Milliseconds between two numbers of the streams. */
const TICK = 20;

const counts: Record<string, number> = Object.create(null) as Record<string, number>;
const count = (name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
const tell = (message: Tell): void => void process.send?.(message);
const uncaught = (kind: string, error: unknown): void => {
  tell({
    tell: "uncaught",
    kind,
    text: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
};
process.on("uncaughtException", (error) => uncaught("uncaughtException", error));
process.on("unhandledRejection", (error) => uncaught("unhandledRejection", error));
process.on("warning", (warning) => {
  if (warning.name === "MaxListenersExceededWarning") uncaught("warning", warning);
});
process.on("disconnect", () => process.exit());

/**
 * Errors that the hub reports are the application's to know; anything without a code is a mistake
 * that was caught late.
 */
const failed = (error: unknown): void => {
  if (isBellwireError(error)) count(`reported ${error.code}`);
  else uncaught("onError", error);
};

async function open(endpoints: Endpoints) {
  const hub = createHub<typeof topics.map, { user?: string }>({
    topics,
    limits: LIMITS[endpoints],
    // Growth of the heap shall mean a leak, not a history.
    backplane: memoryBackplane({ history: { size: 32, bytes: 65_536, ttl: 60_000 } }),
    authenticate: ({ token }) => {
      if (token === undefined) return {};
      if (token === NEIGHBOUR_TOKEN) return { user: "neighbour" };
      return token.startsWith(TOKEN_MARK) ? { user: token.slice(TOKEN_MARK.length) } : null;
    },
    authorize: ({ topic, action, identity }) =>
      topic === NEIGHBOURS
        ? action === "subscribe" && identity.user === "neighbour"
        : action === "subscribe" || (OPEN_TOPICS as readonly string[]).includes(topic),
    onError: failed,
  });
  // As deep as it came: an answer that is deeper would be the application's own mistake, and
  // reported as one.
  hub.handle("news.{name}", "ask", ({ data }) => data);
  const accept = hub.accept.bind(hub);
  // Messages that the wires hand over are counted, so that a report can say how much of an attack
  // reached the hub.
  hub.accept = (link, handshake) => {
    const observer = accept(link, handshake);
    count("link");
    return {
      open: () => observer.open(),
      message(message, bytes) {
        count("message");
        if (fault === "throw" && counts.message === FAULTY) setImmediate(() => JSON.parse("on purpose"));
        if (fault === "hoard") hoard.push(Buffer.alloc(65_536));
        observer.message(message, bytes);
      },
      malformed(reason) {
        count("malformed");
        observer.malformed(reason);
      },
      close(cause) {
        count(`end ${cause.code}`);
        if (fault === "keep") return;
        observer.close(cause);
      },
    };
  };
  const acceptRequest = hub.acceptRequest.bind(hub);
  hub.acceptRequest = (...request) => {
    count("request");
    return acceptRequest(...request);
  };
  const server = createServer();
  attachWebSocket(hub, server);
  attachSse(hub, server, { allowQueryToken: true });
  attachSocketIo(hub, server);
  attachPusher(hub, server, { app: APP, clientEvents: true, subscriptionCount: true });
  attachPusherRoutes(hub, server, { app: APP, onWebhook: () => {}, onError: failed });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      server.getConnections((error, number) => (error ? reject(error) : resolve(number))),
    );
  return { hub, port, connections };
}

/** Milliseconds between two looks at how busy the loop was. */
const LOOK = 5;
/**
 * The most processor time between two looks, in milliseconds: unlike a delay, it does not count
 * what other processes take.
 */
let busiest = 0;
let spent = process.cpuUsage();
let looked = performance.now();
setInterval(() => {
  const { user, system } = process.cpuUsage(spent);
  const now = performance.now();
  // Threads beside the loop work, too: no turn of it can have taken longer than the clock says.
  busiest = Math.max(busiest, Math.min(now - looked, (user + system) / 1_000));
  spent = process.cpuUsage();
  looked = now;
}, LOOK);

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const opened = { open: await open("open"), guarded: await open("guarded") };
const places = Object.values(opened);
let published = 0;
let ticking: ReturnType<typeof setInterval> | undefined;

const tick = async (): Promise<void> => {
  published += 1;
  const n = published;
  if (fault === "skip" && n === FAULTY) return;
  await Promise.all(places.map(({ hub }) => hub.publish(NEIGHBOURS, "tick", { n })));
};

async function sample(): Promise<Sample> {
  const stall = delay.max / 1e6;
  const stallP99 = delay.percentile(99) / 1e6;
  const busy = busiest;
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const open = await Promise.all(places.map((place) => place.connections()));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  // The collection itself stops the loop, which no peer has caused.
  delay.reset();
  busiest = 0;
  spent = process.cpuUsage();
  looked = performance.now();
  const { heapUsed, external } = process.memoryUsage();
  return {
    // Buffers lie outside of the heap.
    heap: heapUsed + external,
    links: sum(places.map(({ hub }) => hub.links)),
    connections: sum(open),
    stall,
    stallP99,
    busy,
    published,
    counts: { ...counts },
  };
}

process.on("message", ({ ask }: Ask) => {
  if (ask === "flow") ticking ??= setInterval(() => void tick(), TICK);
  if (ask === "still") {
    clearInterval(ticking);
    ticking = undefined;
  }
  if (ask === "still" || ask === "sample")
    void sample().then((taken) => tell({ tell: "sample", sample: taken }));
});
tell({ tell: "ports", ports: { open: opened.open.port, guarded: opened.guarded.port } });
