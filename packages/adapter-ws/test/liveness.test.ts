/** R13 on WebSocket: a direction that is dead without a word is found by both ends. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import { expect, it, onTestFinished, vi } from "vitest";
import { webSocketTransport } from "../src/client.ts";
import { attachWebSocket } from "../src/server.ts";

/** The hub's 25 s and 10 s, scaled down. */
const LIMITS = { pingInterval: 2_000, pongTimeout: 500 };
const SILENCE = LIMITS.pingInterval + LIMITS.pongTimeout;

const topics = defineTopics({ news: { said: type<string>() } });

/** Milliseconds until both ends have noticed that nothing passes any more in a direction, or in both. */
async function timeToNotice(...ways: ("up" | "down")[]): Promise<number> {
  const hub = createHub({ topics, limits: LIMITS });
  const server = createServer();
  attachWebSocket(hub, server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy = await startFaultProxy({ target: port, random: seededRandom(1) });
  const channel = createChannel({
    topics,
    transport: webSocketTransport({ url: `ws://127.0.0.1:${proxy.port}/bellwire` }),
  });
  onTestFinished(async () => {
    channel.close();
    await hub.close({ flush: 0 });
    await proxy.close();
    server.close();
  });
  await channel.subscribe("news").ready();
  let noticed = false;
  channel.onState(() => {
    noticed = true;
  });
  const start = performance.now();
  proxy.freeze(...ways);
  await vi.waitFor(() => expect([noticed, hub.links]).toEqual([true, 0]), SILENCE + 5_000);
  return performance.now() - start;
}

it("finds on both ends, within the hub's silence, that a direction is dead", {
  timeout: 20_000,
}, async () => {
  const times = await Promise.all([timeToNotice("up"), timeToNotice("down"), timeToNotice("up", "down")]);
  for (const time of times) expect(time).toBeLessThan(SILENCE + 1_000);
});
