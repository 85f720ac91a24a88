/** Random operations from a seed, all at once: the promises also hold together. */
import assert from "node:assert/strict";
import type { Position } from "../../protocol/messages.ts";
import type { NewEntry } from "../../server/index.ts";
import { range } from "../cases/case.ts";
import { settle } from "../virtual-clock.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import type { BackplaneContext } from "./backplane-context.ts";
import type { Heard } from "./heard.ts";

const TOPICS = ["news.sport", "news.weather"];

/** An append that was acknowledged. */
interface Acknowledged {
  readonly topic: string;
  readonly entry: NewEntry;
  readonly position: Position;
}

/** One publisher of an instance: appends with ids that others use as well, and spreads. */
async function publish(context: BackplaneContext, n: number, done: Acknowledged[]): Promise<void> {
  const random = context.random.fork();
  for (const _ of range(1, 30)) {
    const topic = random.pick(TOPICS);
    const id = random.chance(0.5) ? `i${random.int(20)}` : undefined;
    const entry = context.entry({ id, publisher: random.pick([undefined, "user 1", "user 2"]) });
    if (random.chance(0.2)) await context.instance(n).spread(topic, entry);
    else done.push({ topic, entry, position: await context.instance(n).append(topic, entry) });
  }
}

/** Starts and stops listeners again and again; the deliveries to each must be contiguous. */
async function listenNowAndThen(context: BackplaneContext, n: number, going: () => boolean): Promise<void> {
  const random = context.random.fork();
  while (going()) {
    const topic = random.pick(TOPICS);
    const heard = await context.listen(topic, n);
    const from = await context.head(topic, n);
    await context.after(topic, from, n + 1);
    heard.stop();
    assertContiguous(heard);
    await settle();
  }
}

function assertContiguous(heard: Heard): void {
  const offsets = heard.offsets.filter((offset) => offset > 0);
  const [first = 1] = offsets;
  assert.deepEqual(offsets, range(first, first + offsets.length - 1));
}

/** The log against the acknowledgements: each append is in it once, under its first position. */
async function assertTrue(context: BackplaneContext, done: readonly Acknowledged[]): Promise<void> {
  for (const topic of TOPICS) {
    const log = await context.log(topic);
    const owners = new Map<string, number>();
    const offsets = new Set<number>();
    for (const { entry, position } of done.filter((append) => append.topic === topic)) {
      const { id, publisher } = entry;
      const key = JSON.stringify(id === undefined ? [entry.json] : [publisher, id]);
      assert.equal(owners.get(key) ?? position.offset, position.offset, `two positions for ${key}`);
      owners.set(key, position.offset);
      offsets.add(position.offset);
      const stored = log[position.offset - 1];
      assert.ok(stored, `nothing is stored at ${position.offset}`);
      assert.equal(stored.id, id, `the id at ${position.offset}`);
      if (id === undefined) assert.equal(stored.json, entry.json, `the data at ${position.offset}`);
    }
    assert.equal(offsets.size, owners.size, "two ids share an offset");
    assert.equal(log.length, offsets.size, "the log holds an entry that nobody appended");
  }
}

export const mixture: readonly BackplaneCase[] = [
  {
    name: "keeps every promise at once, while several instances append, spread, listen and read",
    setup: { instances: 3 },
    async run(context) {
      const listeners = await Promise.all(TOPICS.map((topic) => context.listenEverywhere(topic)));
      const done: Acknowledged[] = [];
      let publishing = true;
      for (const n of range(0, 2)) context.aside(listenNowAndThen(context, n, () => publishing));
      try {
        await Promise.all(range(0, 5).map((n) => publish(context, n, done)));
      } finally {
        publishing = false;
      }
      await context.settled();
      await assertTrue(context, done);
      for (const [n, topic] of TOPICS.entries()) {
        const log = await context.log(topic);
        for (const heard of listeners[n] ?? []) {
          const logged = (): readonly unknown[] => heard.entries.filter(({ offset }) => offset > 0);
          await heard.until(() => logged().length >= log.length, `${log.length} entries of ${topic}`);
          assert.deepEqual(logged(), log);
        }
      }
    },
  },
];
