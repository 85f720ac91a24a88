/** R13 on Socket.IO: both ends detect a direction that silently died, on every carrier. */
import { createServer } from "node:http";
import { createChannel } from "@bellwire/core/client";
import { seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { type SocketIoTransportOptions, socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { hubFor, listen, topics, until } from "./peers.ts";

/** The hub's 25 s and 10 s, scaled down. */
const LIMITS = { pingInterval: 2_000, pongTimeout: 500 };
const SILENCE = LIMITS.pingInterval + LIMITS.pongTimeout;

const carriers = [["websocket"], ["polling"], ["polling", "websocket"]] as const;

/** A link that has just answered a ping, which gives each end the longest time to notice a loss. */
async function connected(transports: Trial[0], given: boolean) {
  const hub = hubFor(LIMITS);
  const server = createServer();
  let upgraded = 0;
  server.on("upgrade", () => (upgraded += 1));
  if (given) {
    const io = new Server(server);
    onTestFinished(() => io.close());
    attachSocketIo(hub, io);
  } else attachSocketIo(hub, server);
  const { port } = await listen(server);
  const proxy = await startFaultProxy({ target: port, random: seededRandom(1) });
  onTestFinished(() => proxy.close());
  const transport = socketIoTransport({ url: `http://127.0.0.1:${proxy.port}`, transports });
  let pings = 0;
  const channel = createChannel({
    topics,
    transport: {
      ...transport,
      connect(observer) {
        const message: typeof observer.message = (received, bytes) => {
          if (received.type === "ping") pings += 1;
          observer.message(received, bytes);
        };
        return transport.connect({ ...observer, message });
      },
    },
  });
  onTestFinished(() => channel.close());
  await channel.subscribe("news.a").ready();
  await until(() => pings === 1, "the first ping");
  // The answer is on its way.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(upgraded).toBe(transports.includes("websocket") ? 1 : 0);
  return { hub, channel, proxy, pings: () => pings };
}

/**
 * The milliseconds until both ends have noticed that one or both directions carry nothing any more.
 */
async function timeToNotice(...[transports, ways, given]: Trial): Promise<number> {
  const { hub, channel, proxy } = await connected(transports, given);
  const start = performance.now();
  let noticed = false;
  channel.onState((state) => {
    noticed ||= state !== "connected";
  });
  proxy.freeze(...ways);
  await until(() => noticed && hub.links === 0, "both ends", SILENCE + 5_000);
  return performance.now() - start;
}

type Trial = readonly [
  transports: NonNullable<SocketIoTransportOptions["transports"]>,
  ways: readonly ("up" | "down")[],
  given: boolean,
];

it("detects a dead direction on both ends within the hub's idle timeout, on every carrier", {
  timeout: 20_000,
}, async () => {
  const trials = carriers.flatMap((transports): Trial[] => [
    [transports, ["up"], false],
    [transports, ["up"], true],
    [transports, ["down"], false],
    [transports, ["up", "down"], false],
  ]);
  const times = await Promise.all(trials.map((trial) => timeToNotice(...trial)));
  const late = trials.filter((_, index) => !((times[index] ?? Infinity) < SILENCE + 1_000));
  expect(late, `after ${times.map(Math.round).join(", ")} ms`).toEqual([]);
});

it("keeps an idle link while its requests are answered", { timeout: 20_000 }, async () => {
  const links = await Promise.all(carriers.map((transports) => connected(transports, false)));
  const states: string[] = [];
  for (const { channel } of links) channel.onState((state) => states.push(state));
  await until(() => links.every(({ pings }) => pings() >= 4), "three more pings", 4 * SILENCE);
  expect(states).toEqual([]);
});
