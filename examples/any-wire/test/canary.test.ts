/** Real wires tried beside real wires, through proxies that treat the one that is tried badly. */
import { pusherRig } from "@bellwire/adapter-pusher/testing";
import { socketIoRig } from "@bellwire/adapter-socketio/testing";
import { sseRig } from "@bellwire/adapter-sse/testing";
import { webSocketRig } from "@bellwire/adapter-ws/testing";
import { defineTopics, type Transport, type } from "@bellwire/core";
import { type CanaryOptions, type CanaryReport, canary } from "@bellwire/core/canary";
import { createChannel } from "@bellwire/core/client";
import {
  type FaultProxy,
  type FaultProxyOptions,
  type Rig,
  SessionLog,
  seededRandom,
  startFaultProxy,
  until,
} from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";

const topics = defineTopics({ "feed.{number}": { said: type<{ readonly n: number }>() } });
const TOPICS = ["feed.0", "feed.1", "feed.2"] as const;

/** A hub that two wires lead to, each through a proxy. */
async function world(primary: Rig, candidate: Rig, plan?: FaultProxyOptions["plan"]) {
  const hub = createHub({ topics });
  onTestFinished(() => hub.close({ flush: 0, spread: 0 }));
  const side = async (rig: Rig, faults?: FaultProxyOptions["plan"]) => {
    const server = await rig.start(hub);
    onTestFinished(() => server.stop());
    const random = seededRandom(1);
    const proxy = await startFaultProxy({ target: server.port ?? 0, random, plan: faults });
    onTestFinished(() => proxy.close());
    return { proxy, transport: () => server.transport(proxy.port) };
  };
  return { hub, primary: await side(primary), candidate: await side(candidate, plan) };
}
type World = Awaited<ReturnType<typeof world>>;

/** A channel with a canary, subscribed to all topics on both wires. */
async function listen({ hub, primary, candidate }: World, options: Partial<CanaryOptions> = {}) {
  const reports: CanaryReport[] = [];
  const watched = canary({
    primary: primary.transport(),
    candidate: candidate.transport(),
    share: 1,
    interval: 20,
    report: (report) => reports.push(report),
    ...options,
  });
  const client = open(watched, "with");
  await Promise.all([...client.log.following].map((subscription) => subscription.ready()));
  const last = (): CanaryReport | undefined => reports.at(-1);
  /** Closes the channel; nothing of either wire is left then. */
  const end = async (): Promise<CanaryReport> => {
    client.channel.close();
    const report = last();
    if (!report?.closed) throw new Error("the last report comes with the end");
    await until(() => hub.links === 0, "no link to be left");
    return report;
  };
  return { ...client, reports, last, end };
}

function open(transport: Transport, name: string) {
  const channel = createChannel({ topics, transport, backoff: { base: 5, cap: 50 } });
  onTestFinished(() => channel.close());
  const log = new SessionLog(name);
  for (const topic of TOPICS) log.follow(channel.subscribe(topic));
  return { channel, log };
}

/** Publishes to all topics in turn, and gives the event loop its turns. */
async function publish(
  { hub }: World,
  count: number,
  between: (n: number) => unknown = () => {},
): Promise<void> {
  for (let n = 1; n <= count; n++) {
    await hub.publish(TOPICS[n % TOPICS.length] ?? "feed.0", "said", { n });
    await between(n);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Waits until both wires bring everything, and nothing is under way. Gives how much both have
 * brought.
 */
async function warm(inside: World, reports: readonly CanaryReport[]): Promise<number> {
  const both = (back = 1): number => reports.at(-back)?.both ?? 0;
  await until(async () => {
    for (const topic of TOPICS) await inside.hub.publish(topic, "said", { n: 0 });
    return both() >= TOPICS.length * 3;
  }, "both wires to bring something");
  let count = reports.length;
  await until(() => {
    if (both() !== both(2)) count = reports.length;
    return reports.length >= count + 5;
  }, "nothing to be under way");
  return both();
}

const RIGS: readonly Rig[] = [webSocketRig, sseRig, socketIoRig, pusherRig];
const PAIRS = RIGS.flatMap((primary) => RIGS.map((candidate) => [primary, candidate] as const));

describe("a candidate that works", () => {
  it.each(PAIRS.map(([a, b]) => ({ a, b, primary: a.name, candidate: b.name })))(
    "beside $primary, $candidate is reported with nothing lost, late, doubled or out of order",
    async ({ a, b }) => {
      const inside = await world(a, b);
      const { log, reports, last, end } = await listen(inside);
      const before = await warm(inside, reports);
      await publish(inside, 60);
      await until(() => last()?.both === before + 60, "both wires to bring everything");
      const clean = {
        lost: 0,
        late: 0,
        doubled: 0,
        disorder: 0,
        gaps: 0,
        failed: 0,
        dropped: 0,
        connected: 1,
      };
      const report = await end();
      expect(report).toMatchObject({
        primary: { name: a.name, ...clean },
        candidate: { name: b.name, ...clean },
      });
      expect(report.primary.delivered).toBe(log.notifications.length);
    },
  );

  it("is reported with the time that it takes longer", async () => {
    const inside = await world(webSocketRig, sseRig, () => ({ down: { latency: 80 } }));
    const { reports, last, end } = await listen(inside);
    const before = await warm(inside, reports);
    await publish(inside, 30);
    await until(() => last()?.both === before + 30, "both wires to bring everything");
    const { lag, primary, candidate } = await end();
    expect(lag.p50).toBeGreaterThan(60);
    expect(lag.min).toBeGreaterThan(40);
    expect(candidate.connecting.min).toBeGreaterThan(80);
    expect([primary.late, candidate.late]).toEqual([0, 0]);
  });
});

/** The notifications of two channels on the same topics from `n` 1 on, by topic. */
const heard = (log: SessionLog) => TOPICS.map((topic) => log.numbers(topic).filter((n) => n > 0));

describe("a candidate that is treated badly", () => {
  const settled = { timeout: 60_000 };

  it(
    "is cut again and again: what it brings late or not at all is said, and the channel hears what one without hears",
    settled,
    async () => {
      const inside = await world(webSocketRig, sseRig);
      const { log, reports, last, end } = await listen(inside);
      const without = open(inside.primary.transport(), "without");
      await Promise.all([...without.log.following].map((subscription) => subscription.ready()));
      const before = await warm(inside, reports);
      let cuts = 0;
      await publish(inside, 300, async (n) => {
        if (n % 60 !== 30) return;
        await until(() => last()?.candidate.connected === cuts + 1, "the candidate to be back", 30_000);
        cuts += 1;
        inside.candidate.proxy.cutAll(n % 120 === 30 ? "reset" : "cut");
      });
      for (const each of [log, without.log])
        await each.until(() => heard(each).flat().length >= 300, "300 notifications");
      expect(heard(log)).toEqual(heard(without.log));
      expect(log.gaps).toEqual([]);
      await until(() => last()?.both === before + 300, "the candidate to have caught up", 30_000);
      without.channel.close();
      const report = await end();
      expect(cuts).toBe(5);
      expect(report.candidate).toMatchObject({ lost: 0, doubled: 0, disorder: 0, gaps: 0, dropped: cuts });
      expect(report.primary).toMatchObject({ connected: 1, dropped: 0, lost: 0, late: 0 });
    },
  );

  it(
    "is frozen without a word: what it holds back counts as lost, and as late when it comes",
    settled,
    async () => {
      const inside = await world(webSocketRig, socketIoRig);
      const { log, reports, last, end } = await listen(inside, { window: 200 });
      const both = await warm(inside, reports);
      inside.candidate.proxy.freeze();
      await publish(inside, 50);
      await log.until(() => heard(log).flat().length >= 50, "50 notifications");
      await until(() => last()?.candidate.lost === 50, "50 to be lost");
      expect(last()?.both).toBe(both);
      inside.candidate.proxy.heal();
      await until(() => last()?.both === both + 50, "50 to be late");
      const report = await end();
      expect(report.candidate).toMatchObject({ lost: 0, late: 50, dropped: 0 });
      expect(report.primary).toMatchObject({ lost: 0, dropped: 0 });
      expect(report.lag.max).toBeGreaterThanOrEqual(200);
    },
  );

  it(
    "never gets through: its attempts are counted, and the channel receives everything",
    settled,
    async () => {
      const inside: World = await world(sseRig, webSocketRig);
      const refuser: FaultProxy = inside.candidate.proxy;
      refuser.refuse(true);
      const { log, last, end } = await listen(inside);
      await publish(inside, 50);
      await log.until(() => heard(log).flat().length >= 50, "50 notifications");
      await until(() => (last()?.candidate.failed ?? 0) >= 3, "three attempts", 30_000);
      const report = await end();
      expect(report.candidate).toMatchObject({
        connected: 0,
        delivered: 0,
        lost: 0,
        connecting: { count: 0 },
      });
      expect(report.candidate.causes).toEqual({ link_lost: report.candidate.failed });
      expect(report).toMatchObject({ both: 0, uncompared: 50 });
    },
  );
});

it("a primary that is worse than the candidate is told from it by the same report", {
  timeout: 60_000,
}, async () => {
  const inside = await world(webSocketRig, sseRig);
  const { log, reports, last, end } = await listen(inside);
  await warm(inside, reports);
  inside.primary.proxy.refuse(true);
  inside.primary.proxy.cutAll();
  await until(() => (last()?.primary.dropped ?? 0) === 1, "the primary's loss to be seen");
  await publish(inside, 30);
  inside.primary.proxy.refuse(false);
  await log.until(() => heard(log).flat().length >= 30, "30 notifications");
  const report = await end();
  expect(report.lag.min).toBeLessThan(0);
  expect(report.primary).toMatchObject({ connected: 2, dropped: 1, lost: 0 });
  expect(report.candidate).toMatchObject({ connected: 1, dropped: 0, lost: 0 });
});
