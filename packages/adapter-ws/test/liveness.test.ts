/** R13 on WebSocket: both ends find a direction that is dead without a close. */
import { createChannel } from "@bellwire/core/client";
import { seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { expect, it, onTestFinished, vi } from "vitest";
import { webSocketTransport } from "../src/client.ts";
import { serve, topics } from "./serving.ts";

/** The hub's 25 s and 10 s, scaled down. */
const LIMITS = { pingInterval: 2_000, pongTimeout: 500 };
const IDLE_TIMEOUT = LIMITS.pingInterval + LIMITS.pongTimeout;

/** Milliseconds until both ends have noticed that a direction, or both, is frozen. */
async function timeToNotice(...ways: ("up" | "down")[]): Promise<number> {
  const { hub, port } = await serve(LIMITS);
  const proxy = await startFaultProxy({ target: port, random: seededRandom(1) });
  const channel = createChannel({
    topics,
    transport: webSocketTransport({ url: `ws://127.0.0.1:${proxy.port}/bellwire` }),
  });
  onTestFinished(async () => {
    channel.close();
    await proxy.close();
  });
  await channel.subscribe("news.a").ready();
  // The client may have made its next link before the hub gives the first one up.
  const noticed = new Set<string>();
  channel.onState(() => noticed.add("client"));
  hub.on("linkClosed", () => noticed.add("hub"));
  const start = performance.now();
  proxy.freeze(...ways);
  await vi.waitFor(() => expect(noticed.size).toBe(2), IDLE_TIMEOUT + 5_000);
  return performance.now() - start;
}

it("finds on both ends, within the hub's idle timeout, that a direction is dead", {
  timeout: 20_000,
}, async () => {
  const times = await Promise.all([timeToNotice("up"), timeToNotice("down"), timeToNotice("up", "down")]);
  for (const time of times) expect(time).toBeLessThan(IDLE_TIMEOUT + 1_000);
});
