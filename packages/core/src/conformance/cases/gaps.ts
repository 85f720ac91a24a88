/** A gap is reported where continuity cannot be proven, before anything later, and only there. */
import assert from "node:assert/strict";
import type { CaseContext, HubSetup } from "../context.ts";
import type { KitTopic } from "../kit-topics.ts";
import { settle } from "../virtual-clock.ts";
import { type Case, range } from "./case.ts";

/** A client that has received 1 and 2, and has missed 3 to `last` while away. */
async function missed(context: CaseContext, last: number, setup: HubSetup) {
  await context.open(setup);
  const client = await context.client("a");
  await client.subscribe("news.sport");
  await context.publishRange("news.sport", 1, 2);
  await client.receives("news.sport", [1, 2]);
  await client.away();
  await context.publishRange("news.sport", 3, last);
  return client;
}

const PAD = "x".repeat(1_000);

/** Publishes a kilobyte at a time, and lets the hub hand each to its links before the next. */
async function publishPadded(
  context: CaseContext,
  topic: KitTopic,
  numbers: readonly number[],
): Promise<void> {
  for (const n of numbers) {
    await context.publish(topic, { n, text: PAD });
    await settle();
  }
}

export const gaps: readonly Case[] = [
  {
    name: "reports a gap before any later message when the position was evicted",
    requires: "history",
    async run(context) {
      const client = await missed(context, 30, { history: { size: 10 } });
      await client.back();
      await client.until(() => client.log.gaps.length > 0, "the gap");
      await context.publishRange("news.sport", 31, 33);
      await client.receives("news.sport", [1, 2, 31, 32, 33]);
      const [gap] = client.log.gaps;
      assert.deepEqual([gap?.reason, gap?.after.offset, gap?.resumeAt?.offset], ["evicted", 2, 30]);
      assert.deepEqual([(await context.verify()).gaps, client.log.gaps.length], [1, 1]);
    },
  },
  {
    name: "replays to the last notification that is still held, and reports a gap from the first that is not",
    requires: "history",
    async run(context) {
      const client = await missed(context, 12, { history: { size: 10 } });
      await client.back();
      await client.receives("news.sport", range(1, 12));
      assert.equal(client.log.gaps.length, 0);
      await client.away();
      await context.publishRange("news.sport", 13, 23);
      await client.back();
      await client.until(() => client.log.gaps.length === 1, "the gap");
      assert.deepEqual(client.log.numbers("news.sport"), range(1, 12));
      await context.verify();
    },
  },
  {
    name: "reports no gap when nothing was missed",
    async run(context) {
      const client = await missed(context, 2, { history: { size: 1 } });
      for (let round = 0; round < 3; round++) {
        await client.back();
        await client.away();
      }
      await client.back();
      await context.publish("news.sport", { n: 3 });
      await client.receives("news.sport", [1, 2, 3]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "reports a gap of reason limit when more was missed than one recovery replays",
    requires: "history",
    async run(context) {
      const client = await missed(context, 40, { limits: { recovery: 20 } });
      await client.back();
      await client.until(() => client.log.gaps.length > 0, "the gap");
      await context.publish("news.sport", { n: 41 });
      await client.receives("news.sport", [1, 2, 41]);
      assert.deepEqual(
        client.log.gaps.map(({ reason }) => reason),
        ["limit"],
      );
      await context.verify();
    },
  },
  {
    name: "reports a gap of reason epoch when the numbering began anew",
    async run(context) {
      const client = await missed(context, 5, {});
      await context.open();
      await context.publishRange("news.sport", 6, 9);
      await client.back();
      await client.until(() => client.log.gaps.length > 0, "the gap");
      await context.publish("news.sport", { n: 10 });
      await client.receives("news.sport", [1, 2, 10]);
      const [gap] = client.log.gaps;
      assert.equal(gap?.reason, "epoch");
      assert.notEqual(gap.resumeAt?.epoch, gap.after.epoch);
      await context.verify();
    },
  },
  {
    name: "gives a slow consumer of a topic that drops the newest, after a gap of reason overflow",
    async run(context) {
      await context.open({ limits: { queueMessages: 20, queueBytes: 40_000, positionCheck: 60_000 } });
      const client = await context.client("a");
      await client.subscribe("ticks.t");
      await context.publishRange("ticks.t", 1, 2);
      await client.receives("ticks.t", [1, 2]);
      context.slow.hold();
      // The first ones still go to the link, until its buffer is a quarter full.
      await publishPadded(context, "ticks.t", range(3, 60));
      context.slow.release();
      await client.until(() => client.log.numbers("ticks.t").at(-1) === 60, "the newest");
      assert.ok(client.log.gaps.length > 0);
      assert.ok(client.log.gaps.every(({ reason }) => reason === "overflow"));
      assert.equal(context.hub.links, 1);
      await context.verify();
    },
  },
  {
    name: "gives a slow consumer the newest of each key of a conflated event",
    async run(context) {
      await context.open({ limits: { queueMessages: 50, queueBytes: 40_000, positionCheck: 60_000 } });
      const client = await context.client("a");
      await client.subscribe("scores.s");
      context.slow.hold();
      for (const n of range(1, 300)) {
        await context.publish("scores.s", { n, text: `${n % 3}${PAD}` }, { event: "scored" });
        await settle();
      }
      context.slow.release();
      await client.until(() => client.log.numbers("scores.s").at(-1) === 300, "the newest");
      const numbers = client.log.numbers("scores.s");
      assert.deepEqual(numbers.slice(-3), [298, 299, 300]);
      assert.ok(numbers.length < 250, `${numbers.length} were delivered`);
      assert.deepEqual([client.log.gaps.length, context.hub.links], [0, 1]);
      await context.verify();
    },
  },
  {
    name: "disconnects a slow consumer where nothing may be dropped, and recovers it",
    requires: "history",
    async run(context) {
      await context.open({ limits: { queueMessages: 20, queueBytes: 40_000 } });
      const [slow, neighbour] = [await context.client("slow"), await context.client("neighbour")];
      await slow.subscribe("news.sport");
      context.slow.hold();
      await publishPadded(context, "news.sport", range(1, 60));
      await slow.until(() => slow.states.includes("waiting"), "the disconnection");
      context.slow.release();
      await neighbour.subscribe("news.sport");
      await context.publish("news.sport", { n: 61 });
      await slow.receives("news.sport", range(1, 61));
      await neighbour.receives("news.sport", [61]);
      assert.equal((await context.verify()).gaps, 0);
    },
  },
  {
    name: "disconnects a slow consumer whose connection takes nothing more, counting the transport's own buffer",
    async run(context) {
      await context.open({ history: { size: 2 }, limits: { queueBytes: 200_000, positionCheck: 60_000 } });
      const client = await context.client("a");
      await client.subscribe("news.sport");
      if (client.proxy) client.proxy.freeze();
      else context.slow.hold();
      let n = 0;
      // The kernel's and the proxy's buffers take some megabytes before the hub's own fills.
      // A client that has noticed reconnects; its next link must not be mistaken for this one.
      const cut = (): boolean => context.hub.links === 0 || client.channel.state !== "connected";
      while (!cut() && n < 1_000) {
        await context.publish("news.sport", { n: ++n, text: "x".repeat(60_000) });
        await settle();
      }
      assert.ok(cut(), `the link was still there after ${n} notifications`);
      client.proxy?.cutAll("reset");
      client.proxy?.heal();
      context.slow.release();
      await client.until(() => client.log.gaps.length > 0, "the gap");
      await context.publish("news.sport", { n: ++n });
      await client.until(() => client.log.numbers("news.sport").at(-1) === n, "the newest");
      await context.verify();
    },
  },
];
