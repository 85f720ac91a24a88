/** An id is appended once, however often, whenever and through whichever instance it comes. */
import assert from "node:assert/strict";
import type { Position } from "../../protocol/messages.ts";
import { range } from "../cases/case.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { TOPIC } from "./backplane-context.ts";

/** Milliseconds for which an id must be remembered. */
const IDEMPOTENCY = 300_000;

/** Pairs that a key made by joining the two with a separator would confuse. */
const CONFUSABLE: readonly { readonly publisher?: string; readonly id: string }[] = [
  { id: "a" },
  { publisher: "user 1", id: "a" },
  { publisher: "user 2", id: "a" },
  { publisher: "session 1", id: "a" },
  { publisher: "user 1:a", id: "b" },
  { publisher: "user 1", id: "a:b" },
  { id: "user:1:a" },
  { publisher: "user", id: "1:a" },
  { publisher: "undefined", id: "a" },
  { publisher: "null", id: "a" },
  { publisher: "user \u{1F514}", id: "a" },
  { publisher: "user A", id: "a" },
  { publisher: "user a", id: "a" },
  { publisher: "user a", id: "A" },
  { publisher: "user %' \"\\", id: "*[a]?" },
];

export const idempotency: readonly BackplaneCase[] = [
  {
    name: "appends an id once and answers a repetition with the first position, also after other appends",
    async run(context) {
      const listeners = await context.listenEverywhere(TOPIC);
      const first = await context.append(TOPIC, { id: "a", json: "1" });
      assert.deepEqual(await context.append(TOPIC, { id: "a", json: "2" }, 1), first);
      await context.appendAtOnce(TOPIC, 50);
      for (const n of context.instances.keys())
        assert.deepEqual(await context.append(TOPIC, { id: "a", json: "3" }, n), first);
      await context.append(TOPIC);
      assert.equal((await context.log(TOPIC))[0]?.json, "1");
      for (const heard of listeners) await heard.hears(range(1, 52));
    },
  },
  {
    name: "appends an id once when many publish it at the same time through every instance",
    async run(context) {
      const heard = await context.listen(TOPIC);
      for (const round of range(1, 5)) {
        const positions = await Promise.all(
          range(1, 40).map((n) => context.append(TOPIC, { id: `a${round}`, publisher: "user 1" }, n)),
        );
        assert.deepEqual(new Set(positions.map(({ offset }) => offset)), new Set([round]));
      }
      await context.append(TOPIC);
      assert.equal((await context.log(TOPIC)).length, 6);
      await heard.hears(range(1, 6));
    },
  },
  {
    name: "keeps the ids of publishers and of the server apart, whatever characters they contain",
    async run(context) {
      const positions: Position[] = [];
      for (const owned of CONFUSABLE) positions.push(await context.append(TOPIC, owned));
      assert.deepEqual(
        positions.map(({ offset }) => offset),
        range(1, CONFUSABLE.length),
      );
      for (const [n, owned] of CONFUSABLE.entries())
        assert.deepEqual(await context.append(TOPIC, owned, n), positions[n]);
    },
  },
  {
    name: "keeps the ids of topics apart",
    async run(context) {
      for (const [n, topic] of ["news.sport", "news.weather", "news"].entries()) {
        for (const _ of range(1, n)) await context.append(topic);
        const { epoch } = await context.head(topic);
        assert.deepEqual(await context.append(topic, { id: "a" }), { epoch, offset: n + 1 });
      }
    },
  },
  {
    name: "remembers ids such as __proto__ and constructor",
    async run(context) {
      const ids = ["__proto__", "constructor", "toString", "hasOwnProperty"];
      for (const _ of range(1, 2)) {
        for (const [index, id] of ids.entries())
          assert.equal((await context.append(TOPIC, { id })).offset, index + 1);
      }
    },
  },
  {
    name: "appends entries without an id each time",
    async run(context) {
      for (const offset of range(1, 5))
        assert.equal((await context.append(TOPIC, { json: "1", publisher: "user 1" })).offset, offset);
    },
  },
  {
    name: "remembers an id after its entry was evicted",
    setup: { history: { size: 8 } },
    requires: ["size"],
    async run(context) {
      const first = await context.append(TOPIC, { id: "a" });
      await context.appendAtOnce(TOPIC, 100);
      await context.store.evict?.();
      assert.deepEqual(await context.append(TOPIC, { id: "a" }, 1), first);
    },
  },
  {
    name: "remembers an id for 5 minutes from its first append",
    requires: ["advance"],
    async run(context) {
      const first = await context.append(TOPIC, { id: "a" });
      for (const _ of range(1, 5)) {
        await context.store.advance?.(IDEMPOTENCY / 5);
        assert.deepEqual(await context.append(TOPIC, { id: "a" }, 1), first);
      }
    },
  },
];
