/** No offset stands for two entries: when a numbering is lost, the next one has a new epoch. */
import assert from "node:assert/strict";
import { isId } from "../../protocol/names.ts";
import { range } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TOPIC } from "./backplane-context.ts";

export const epochs: readonly BackplaneCase[] = [
  {
    name: "names every epoch with 1 to 64 printable ASCII characters, the same through every instance",
    async run(context) {
      for (const topic of [TOPIC, "news.weather"]) {
        const { epoch } = await context.append(topic);
        assert.ok(isId(epoch), `the epoch is ${JSON.stringify(epoch)}`);
        for (const n of context.instances.keys()) assert.equal((await context.head(topic, n)).epoch, epoch);
      }
    },
  },
  {
    name: "agrees on one epoch when every instance is the first to use a topic",
    async run(context) {
      for (const n of range(1, 20)) {
        const topic = `news.${n}`;
        const positions = await Promise.all(
          range(0, 5).map((index) =>
            index < 3 ? context.head(topic, index) : context.append(topic, {}, index),
          ),
        );
        assert.equal(new Set(positions.map(({ epoch }) => epoch)).size, 1);
      }
    },
  },
  {
    name: "never gives two logs the same epoch",
    async run(context) {
      const before = await context.append(TOPIC);
      const other = await context.anotherLog();
      const { head } = await other.read(TOPIC, undefined, 0);
      assert.notEqual(head.epoch, before.epoch);
      const history = await other.read(TOPIC, { ...before, offset: 0 }, 10);
      assert.deepEqual(history, { ok: false, head, reason: "epoch" });
    },
  },
  {
    name: "starts a new epoch after the log was lost, and answers epoch to every earlier position",
    requires: ["lose"],
    async run(context) {
      await context.append(TOPIC, { id: "a" });
      await context.appendAtOnce(TOPIC, 4);
      const before = await context.head(TOPIC);
      await context.store.lose?.();
      for (const offset of [0, 3, 5, 6]) await context.refuses(TOPIC, { ...before, offset }, "epoch");
      const first = await context.append(TOPIC, { id: "a" }, 1);
      assert.notEqual(first.epoch, before.epoch);
      await context.appendAtOnce(TOPIC, 9);
      for (const offset of [0, 3, 5, 6]) await context.refuses(TOPIC, { ...before, offset }, "epoch");
      assert.equal((await context.after(TOPIC, { ...first, offset: first.offset - 1 })).length, 10);
    },
  },
  {
    name: "starts a new epoch for a topic that had no entry when the log was lost",
    requires: ["lose"],
    async run(context) {
      const before = await context.head(TOPIC);
      await context.store.lose?.();
      assert.notEqual((await context.append(TOPIC)).epoch, before.epoch);
      await context.refuses(TOPIC, before, "epoch");
    },
  },
  {
    name: "delivers under the new epoch after the log was lost",
    requires: ["lose"],
    async run(context) {
      const before = await context.listen(TOPIC);
      await context.append(TOPIC);
      await before.hears([1]);
      before.stop();
      await context.store.lose?.();
      const listeners = await context.listenEverywhere(TOPIC);
      const { epoch, offset } = await context.append(TOPIC);
      for (const heard of listeners) {
        await heard.hears([offset]);
        assert.deepEqual(heard.epochs, [epoch]);
        assert.notEqual(epoch, before.epochs[0]);
      }
    },
  },
];
