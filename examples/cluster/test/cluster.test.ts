/** Two hubs over a real Redis behind the balancer: the death of one changes nothing for clients. */
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import type { Transport } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { until } from "@bellwire/core/conformance";
import { describe, expect, it, onTestFinished } from "vitest";
import { type HubName, topics } from "../topics.ts";
import { runCluster, startCluster } from "./running.ts";

const installed = Boolean(process.env.BELLWIRE_REDIS_SERVER);
const reason = installed ? "" : " (skipped: no Redis; npm test finds it, or set BELLWIRE_REDIS_SERVER)";

/** Milliseconds for a client to be whole again on another hub. */
const WHOLE = 5_000;
const PATIENCE = 30_000;

/** A client, and everything that it heard. */
function openClient(transport: Transport) {
  const channel = createChannel({ topics, transport });
  onTestFinished(() => channel.close());
  const orders = channel.subscribe("orders.rome");
  const heard: { offset: number; order: string; at: number }[] = [];
  const gaps: string[] = [];
  orders.on("placed", ({ data, position }) => {
    heard.push({ offset: position.offset, order: data.order, at: performance.now() });
  });
  orders.onGap(({ reason: why }) => gaps.push(why));
  return {
    channel,
    orders,
    heard,
    gaps,
    hub: async (): Promise<HubName> => (await channel.publish("hubs", "which", {})).data,
  };
}
type Client = ReturnType<typeof openClient>;

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(!installed)(`the cluster${reason}`, { timeout: 120_000 }, () => {
  it("keeps every client whole when the hub of one is killed, over WebSocket and SSE", async () => {
    const { url, pids, output, interrupt } = await startCluster();
    const clients: Record<"ws" | "sse", Client> = {
      ws: openClient(webSocketTransport({ url: `${url.replace("http", "ws")}/bellwire` })),
      sse: openClient(sseTransport({ url: `${url}/bellwire/sse` })),
    };
    const both = Object.values(clients);
    await Promise.all(both.map(({ orders }) => orders.ready()));

    // Redis, two hubs and the balancer; then one more for each kill.
    expect(pids()).toHaveLength(4);
    let kills = 0;
    for (const client of both) {
      await until(() => client.heard.length >= 3, "orders before the kill", PATIENCE);
      const before = await client.hub();
      const killed = performance.now();
      // Its answer is the next hub's, which is not meant.
      const { data } = await client.channel.publish("hubs", "kill", { pid: before.pid });
      expect(data).toEqual({ killed: false });
      const after = await client.hub();
      expect(after.pid).not.toBe(before.pid);
      await until(() => (client.heard.at(-1)?.at ?? 0) > killed + 1_000, "orders after the kill", PATIENCE);
      const silence = client.heard.map(({ at }, n) => at - (client.heard[n - 1]?.at ?? at));
      expect(Math.max(...silence)).toBeLessThan(WHOLE);
      expect(alive(before.pid)).toBe(false);
      kills += 1;
      const restarted = (): boolean => pids().length === 4 + kills;
      await until(restarted, `hub ${before.name} to be started again`, PATIENCE);
      expect(output().split(": died").length - 1).toBe(kills);
    }

    const last = Math.max(...both.map(({ heard }) => heard.at(-1)?.offset ?? 0));
    for (const { heard, gaps } of both) {
      await until(() => (heard.at(-1)?.offset ?? 0) >= last, "both clients to be at the end", PATIENCE);
      const offsets = heard.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, n) => (offsets[0] ?? 0) + n));
      expect(gaps).toEqual([]);
    }
    const seen = both.map(({ heard }) => new Map(heard.map(({ offset, order }) => [offset, order])));
    const [one = new Map<number, string>(), other = new Map<number, string>()] = seen;
    const shared = Array.from(one.keys()).filter((offset) => other.has(offset));
    expect(shared.length).toBeGreaterThan(5);
    for (const offset of shared) expect(one.get(offset)).toBe(other.get(offset));
    expect(new Set(one.values()).size).toBe(one.size);

    for (const { channel } of both) channel.close();
    expect(await interrupt()).toBe(0);
    expect(pids()).toHaveLength(6);
    expect(pids().filter(alive)).toEqual([]);
  });
});

describe("the command", { timeout: 60_000 }, () => {
  it("says what to install where there is no redis-server", async () => {
    const { ended, output } = runCluster({ BELLWIRE_REDIS_SERVER: "/nowhere/redis-server", REDIS_URL: "" });
    expect(await ended).toBe(1);
    expect(output().trim().split("\n")).toEqual([
      "No redis-server: `apt-get install redis-server`, or set REDIS_URL=redis://host:6379",
    ]);
  });

  it("ends when the Redis of REDIS_URL cannot be reached, without its password", async () => {
    const { ended, output } = runCluster({ REDIS_URL: "redis://user:hunter2@127.0.0.1:1" });
    expect(await ended).toBe(1);
    expect(output()).toContain("did not start");
    expect(output()).not.toContain("hunter2");
  });
});
