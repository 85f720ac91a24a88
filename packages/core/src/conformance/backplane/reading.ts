/** A read proves continuity, or says why it cannot. */
import assert from "node:assert/strict";
import type { Entry } from "../../server/index.ts";
import { range } from "../cases/case.ts";
import { settle } from "../virtual-clock.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { type BackplaneContext, TOPIC } from "./backplane-context.ts";
import { comparable } from "./heard.ts";

/** Engines may trim in blocks: so many entries above the cap, something must be evicted. */
const SLACK = 500;

/** The lowest offset after which a read succeeds; reads after a lower one must answer `evicted`. */
async function oldestReadable(context: BackplaneContext): Promise<number> {
  const head = await context.head(TOPIC);
  let oldest = head.offset;
  for (const offset of range(0, head.offset).toReversed()) {
    const position = { ...head, offset };
    const { ok } = await context.instance(offset).read(TOPIC, position, head.offset);
    if (!ok) break;
    await context.after(TOPIC, position);
    oldest = offset;
  }
  for (const offset of range(0, oldest - 1)) await context.refuses(TOPIC, { ...head, offset }, "evicted");
  return oldest;
}

/** The newest entries, or those below an offset. Fails when the read is refused. */
async function page(
  context: BackplaneContext,
  limit: number,
  before?: number,
  instance = 0,
): Promise<readonly Entry[]> {
  const below = before === undefined ? undefined : { ...(await context.head(TOPIC)), offset: before };
  const history = await context.instance(instance).read(TOPIC, undefined, limit, below);
  assert.ok(history.ok, `a page below ${before} was refused: ${JSON.stringify(history)}`);
  return history.entries.map(comparable);
}

export const reading: readonly BackplaneCase[] = [
  {
    name: "answers a read of no entries with the head alone",
    async run(context) {
      assert.equal((await context.head(TOPIC)).offset, 0);
      for (const _ of range(1, 3)) {
        const head = await context.append(TOPIC);
        for (const instance of context.instances) {
          const history = await instance.read(TOPIC, undefined, 0);
          assert.deepEqual(history, { ok: true, head, entries: [] });
        }
      }
    },
  },
  {
    name: "continues from the position of a topic that had no entry",
    async run(context) {
      const empty = await context.head(TOPIC);
      for (const n of context.instances.keys()) {
        assert.deepEqual(await context.head(TOPIC, n), empty);
        assert.deepEqual(await context.after(TOPIC, empty, n), []);
      }
      const { epoch } = await context.append(TOPIC, {}, 1);
      assert.equal(epoch, empty.epoch);
      assert.equal((await context.after(TOPIC, empty)).length, 1);
    },
  },
  {
    name: "reads everything after any position of the window, in order",
    async run(context) {
      await context.appendAtOnce(TOPIC, 100);
      const head = await context.head(TOPIC);
      const log = await context.log(TOPIC);
      for (const offset of range(0, 100)) {
        const entries = await context.after(TOPIC, { ...head, offset }, offset);
        assert.deepEqual(entries, log.slice(offset));
      }
    },
  },
  {
    name: "reads all or nothing when there is more than the limit",
    async run(context) {
      await context.appendAtOnce(TOPIC, 20);
      const head = await context.head(TOPIC);
      for (const limit of [0, 1, 19]) await context.refuses(TOPIC, { ...head, offset: 0 }, "limit", limit);
      await context.refuses(TOPIC, { ...head, offset: 19 }, "limit", 0);
      for (const offset of [0, 7, 19, 20]) {
        const history = await context.instance(offset).read(TOPIC, { ...head, offset }, 20 - offset);
        assert.ok(history.ok, "as many as the limit");
        assert.equal(history.entries.length, 20 - offset);
      }
    },
  },
  {
    name: "answers epoch to a position of another epoch and to one above the head",
    async run(context) {
      await context.appendAtOnce(TOPIC, 5);
      const { epoch } = await context.head(TOPIC);
      for (const offset of [6, 7, 2_147_483_648, Number.MAX_SAFE_INTEGER])
        await context.refuses(TOPIC, { epoch, offset }, "epoch");
      for (const other of ["forged", `${epoch}x`, epoch.slice(1) || "x", "0"]) {
        for (const offset of [0, 3, 5, 6]) await context.refuses(TOPIC, { epoch: other, offset }, "epoch");
      }
    },
  },
  {
    name: "reads the newest entries without a position, and with one those below it",
    async run(context) {
      assert.deepEqual(await page(context, 10), []);
      await context.appendAtOnce(TOPIC, 20);
      const log = await context.log(TOPIC);
      for (const [n, limit] of [1, 7, 20, 21, 10_000].entries())
        assert.deepEqual(await page(context, limit, undefined, n), log.slice(-limit));
      for (const before of range(0, 21)) {
        const below = log.slice(0, Math.max(0, before - 1));
        for (const limit of [0, 1, 7, 10_000])
          assert.deepEqual(await page(context, limit, before, before), limit > 0 ? below.slice(-limit) : []);
      }
    },
  },
  {
    name: "answers epoch to a page below a position of another epoch or from the future",
    async run(context) {
      await context.appendAtOnce(TOPIC, 5);
      const head = await context.head(TOPIC);
      const foreign = [0, 1, 3, 6].map((offset) => ({ epoch: `${head.epoch}x`, offset }));
      for (const before of [...foreign, { ...head, offset: 7 }, { ...head, offset: 2 ** 31 }]) {
        for (const instance of context.instances) {
          const history = await instance.read(TOPIC, undefined, 3, before);
          assert.deepEqual(history, { ok: false, head, reason: "epoch" });
        }
      }
    },
  },
  {
    name: "pages back as far as entries are stored, and then gives none",
    setup: { history: { size: 8 } },
    requires: ["size"],
    async run(context) {
      const size = context.store.history?.size ?? 0;
      await context.appendAtOnce(TOPIC, size + SLACK);
      await context.store.evict?.();
      const head = await context.head(TOPIC);
      const oldest = (await oldestReadable(context)) + 1;
      let before = head.offset + 1;
      for (let n = 0; before > oldest; n++) {
        const offsets = (await page(context, 3, before, n)).map(({ offset }) => offset);
        assert.deepEqual(offsets, range(Math.max(oldest, before - 3), before - 1));
        before = offsets[0] ?? 0;
      }
      for (const below of [oldest, 2, 1, 0]) assert.deepEqual(await page(context, 3, below), []);
    },
  },
  {
    name: "reads from one moment while others append: the entries end at the head",
    async run(context) {
      const start = await context.head(TOPIC);
      let appending = true;
      const appends = Promise.all(
        range(0, 3).map(async (n) => {
          for (const _ of range(1, 50)) await context.append(TOPIC, {}, n);
        }),
      ).finally(() => {
        appending = false;
      });
      context.aside(appends);
      let known = 0;
      for (let n = 0; appending; n++) {
        // `after` fails unless the entries reach from the position to the head, without a hole.
        const { length } = await context.after(TOPIC, start, n);
        assert.ok(length >= known, `${length} entries where an earlier read found ${known}`);
        known = length;
        // Reads that are answered at once would otherwise keep timers from running.
        await settle();
      }
      await context.settled();
      assert.equal((await context.after(TOPIC, start)).length, 200);
    },
  },
  {
    name: "keeps as many entries as it declares, and answers evicted where older ones are missing",
    setup: { history: { size: 8 } },
    requires: ["size"],
    async run(context) {
      const size = context.store.history?.size ?? 0;
      await context.appendAtOnce(TOPIC, size);
      assert.equal((await context.log(TOPIC)).length, size);
      await context.appendAtOnce(TOPIC, size + SLACK);
      await context.store.evict?.();
      const oldest = await oldestReadable(context);
      assert.ok(oldest > 0, "nothing was evicted");
      assert.ok(oldest <= size + SLACK, `only the entries after ${oldest} can be read`);
    },
  },
  {
    name: "keeps entries for as long as it declares, and answers evicted where older ones are missing",
    setup: { history: { ttl: 60_000 } },
    requires: ["ttl", "advance"],
    async run(context) {
      const ttl = context.store.history?.ttl ?? 0;
      await context.listen(TOPIC);
      await context.appendAtOnce(TOPIC, 5);
      await context.store.advance?.(ttl / 2);
      await context.appendAtOnce(TOPIC, 5);
      await context.store.advance?.(ttl / 2);
      await context.store.evict?.();
      assert.equal((await context.log(TOPIC)).length, 10);
      await context.store.advance?.(ttl / 4);
      await context.store.evict?.();
      assert.equal(await oldestReadable(context), 5);
      await context.store.advance?.(ttl);
      await context.store.evict?.();
      assert.equal(await oldestReadable(context), 10);
    },
  },
];
