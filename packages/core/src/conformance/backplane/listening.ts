/** A listener receives everything from the moment at which `listen` resolves until it stops. */
import assert from "node:assert/strict";
import { pause, range } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TOPIC } from "./backplane-context.ts";

/** Legal names that a careless pattern or key would confuse with others. */
const LOOKALIKES: readonly string[] = [
  "news",
  "news.",
  "news.1.x",
  "News.1",
  "news.1,2",
  "NEWS.1",
  "presence-news.1",
  "private-news.1",
  "n",
  "a;b=c@d,e.f",
  "-",
  "_=@,.;-",
  "0",
  `news.${"x".repeat(159)}`,
  `news.${"x".repeat(158)}y`,
];

export const listening: readonly BackplaneCase[] = [
  {
    name: "delivers everything that is appended once listen has resolved",
    async run(context) {
      for (const n of range(1, 20)) {
        const topic = `news.${n}`;
        const heard = await context.listen(topic, n);
        await context.append(topic, {}, n + 1);
        await heard.hears([1]);
      }
    },
  },
  {
    name: "delivers what one instance appends to the listeners of every instance",
    async run(context) {
      const listeners = await context.listenEverywhere(TOPIC);
      for (const n of context.instances.keys()) await context.append(TOPIC, {}, n);
      for (const heard of listeners) await heard.hears(range(1, context.instances.length));
    },
  },
  {
    name: "delivers the entries that a read finds, unchanged and under their epoch",
    async run(context) {
      const listeners = await context.listenEverywhere(TOPIC);
      await context.append(TOPIC, { id: "a", publisher: "user 1", exclude: "b" });
      await context.append(TOPIC);
      const { epoch } = await context.head(TOPIC);
      for (const [n, heard] of listeners.entries()) {
        await heard.count(2);
        assert.deepEqual(heard.entries, await context.log(TOPIC, n));
        assert.deepEqual(heard.epochs, [epoch, epoch]);
      }
    },
  },
  {
    name: "delivers nothing to a listener that has stopped, not even an append that is under way",
    async run(context) {
      for (const n of context.instances.keys()) {
        const topic = `news.${n}`;
        const [stopped, witness] = [await context.listen(topic, n), await context.listen(topic, n)];
        await context.append(topic);
        await stopped.hears([1]);
        const underWay = context.append(topic, {}, n + 1);
        stopped.stop();
        const before = stopped.entries.length;
        await underWay;
        await context.append(topic);
        await witness.hears([1, 2, 3]);
        assert.equal(stopped.entries.length, before);
      }
    },
  },
  {
    name: "keeps delivering to the other listeners when one stops, also when it stops twice",
    async run(context) {
      const listeners = [];
      for (const n of range(0, 5)) listeners.push(await context.listen(TOPIC, n));
      for (const [n, heard] of listeners.entries()) {
        await context.append(TOPIC);
        for (const other of listeners.slice(n)) await other.hears(range(1, n + 1));
        heard.stop();
        heard.stop();
      }
      const last = await context.listen(TOPIC);
      for (const heard of listeners) heard.stop();
      await context.append(TOPIC);
      // The sixth may still be under way when the last one begins.
      await last.until(() => last.offsets.at(-1) === 7, "the seventh entry");
      assert.deepEqual(last.offsets, range(8 - last.offsets.length, 7));
      assert.ok(last.offsets.length <= 2, "entries from long before");
    },
  },
  {
    name: "delivers to a listener that starts just as the last one stops",
    async run(context) {
      let heard = await context.listen(TOPIC);
      for (const n of range(1, 20)) {
        heard.stop();
        heard = await context.listen(TOPIC);
        if (n % 2 === 0) await pause(2);
        await context.append(TOPIC, {}, n);
        await heard.hears([n]);
      }
    },
  },
  {
    name: "keeps an error that a listener throws from the publisher and from the other listeners",
    async run(context) {
      const thrower = await context.listen(TOPIC, 0, () => {
        throw new Error("thrown on purpose by a listener of the conformance kit");
      });
      const listeners = await context.listenEverywhere(TOPIC);
      for (const offset of range(1, 3)) assert.equal((await context.append(TOPIC)).offset, offset);
      await context.instance().spread(TOPIC, context.entry());
      await context.append(TOPIC);
      for (const heard of [thrower, ...listeners]) {
        await heard.count(5);
        assert.deepEqual(
          heard.offsets.filter((offset) => offset > 0),
          [1, 2, 3, 4],
        );
      }
    },
  },
  {
    name: "delivers to each of many topics its own entries and no others, however alike the names",
    async run(context) {
      const topics = range(1, 100)
        .map((n) => `news.${n}`)
        .concat(LOOKALIKES);
      const listeners = await Promise.all(topics.map((topic, n) => context.listen(topic, n)));
      for (const _ of range(1, 2))
        await Promise.all(topics.map((topic, n) => context.append(topic, { event: topic }, n + 1)));
      for (const [n, heard] of listeners.entries()) {
        await heard.hears([1, 2]);
        assert.deepEqual(new Set(heard.entries.map(({ event }) => event)), new Set([topics[n]]));
      }
    },
  },
];
