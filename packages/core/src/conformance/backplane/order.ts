/** One numbering for each topic, the same for every instance and every listener. */
import assert from "node:assert/strict";
import { range } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TOPIC } from "./backplane-context.ts";
import type { Heard } from "./heard.ts";

export const order: readonly BackplaneCase[] = [
  {
    name: "numbers the entries of a topic from 1, by exactly 1, in one epoch",
    async run(context) {
      const { epoch } = await context.head(TOPIC);
      for (const offset of range(1, 30))
        assert.deepEqual(await context.append(TOPIC, {}, offset), { epoch, offset });
    },
  },
  {
    name: "numbers each of many topics by itself",
    async run(context) {
      const topics = range(1, 60).map((n) => `news.${n}`);
      for (const offset of range(1, 3)) {
        const positions = await Promise.all(topics.map((topic, n) => context.append(topic, {}, n)));
        assert.deepEqual(new Set(positions.map((position) => position.offset)), new Set([offset]));
      }
    },
  },
  {
    name: "gives every entry an offset of its own when many are appended at once through every instance",
    async run(context) {
      const entries = range(1, 200).map(() => context.entry());
      const positions = await Promise.all(
        entries.map((entry, n) => context.instance(n).append(TOPIC, entry)),
      );
      const offsets = positions.map(({ offset }) => offset);
      assert.deepEqual(
        offsets.toSorted((a, b) => a - b),
        range(1, 200),
      );
      const log = await context.log(TOPIC);
      for (const [n, { json }] of entries.entries())
        assert.equal(log[(offsets[n] ?? 0) - 1]?.json, json, `the entry acknowledged as ${offsets[n]}`);
    },
  },
  {
    name: "delivers the entries of a topic to every listener in the order of their offsets, each once",
    async run(context) {
      const listeners: Heard[] = [];
      for (const n of range(0, 5)) listeners.push(await context.listen(TOPIC, n));
      await context.appendAtOnce(TOPIC, 200);
      // A second delivery of one of them would come before this entry.
      await context.append(TOPIC);
      const { epoch } = await context.head(TOPIC);
      for (const heard of listeners) {
        await heard.hears(range(1, 201));
        assert.deepEqual(new Set(heard.epochs), new Set([epoch]));
      }
    },
  },
  {
    name: "keeps the order for every listener when one of them appends",
    async run(context) {
      await context.listen(TOPIC, 0, ({ event }) => {
        if (event === "asked") context.aside(context.append(TOPIC, { event: "answered" }));
      });
      const listeners = await context.listenEverywhere(TOPIC);
      for (const n of range(1, 10)) {
        await context.append(TOPIC, { event: "asked" });
        for (const heard of listeners) await heard.count(2 * n);
      }
      await context.settled();
      for (const heard of listeners) await heard.hears(range(1, 20));
    },
  },
  {
    name: "delivers an entry only when a read finds it, through any instance",
    async run(context) {
      const heard = await context.listen(TOPIC, 0, (entry, epoch) => {
        for (const n of context.instances.keys()) {
          const read = context.after(TOPIC, { epoch, offset: entry.offset - 1 }, n);
          context.aside(read.then(([first]) => assert.deepEqual(first, entry)));
        }
      });
      for (const n of range(1, 20)) await context.append(TOPIC, {}, n);
      await heard.count(20);
      await context.settled();
    },
  },
  {
    name: "finds every acknowledged append by a read that begins later, through any instance",
    async run(context) {
      for (const n of range(1, 20)) {
        const position = await context.append(TOPIC, {}, n);
        for (const other of context.instances.keys()) {
          assert.deepEqual(await context.head(TOPIC, other), position);
          assert.equal((await context.log(TOPIC, other)).length, n);
        }
      }
    },
  },
];
