/**
 * One topic between a backplane that loses, doubles, delays and reorders what it delivers, and
 * subscribers that come and go.
 */
import type { Position } from "@bellwire/core";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import {
  type Backplane,
  type Entry,
  type EntryListener,
  type HistoryCaps,
  memoryBackplane,
} from "@bellwire/core/server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Distributor, Subscriber } from "../src/server/audience.ts";
import type { History } from "../src/server/backplane.ts";
import { HubEmitter } from "../src/server/hub-events.ts";
import type { Outgoing } from "../src/server/outgoing.ts";
import { Topic } from "../src/server/topic.ts";
import { holdsAsync } from "./property.ts";

const WIDE: HistoryCaps = { size: 10_000, ttl: 3_600_000, bytes: 100_000_000, ids: 16_384 };

/** A backplane that keeps what is appended, and is unreliable in all that it may be. */
class Unreliable implements Backplane {
  /** The fate of later deliveries. */
  deliveries: "now" | "lost" | "held" = "now";
  /** Whether answers to reads wait; what they say is what was so when they were asked. */
  readsWait = false;
  failing = false;
  readonly held: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Set<EntryListener>();
  readonly #caps: Partial<HistoryCaps>;
  #inner: Backplane;
  #last: [string, Entry] | undefined;

  constructor(caps: Partial<HistoryCaps>) {
    this.#caps = caps;
    this.#inner = this.#renew();
  }

  #renew(): Backplane {
    const inner = memoryBackplane({ history: this.#caps, clock: new VirtualClock() });
    void inner.listen("t", (epoch, entry) => this.#deliver(epoch, entry));
    return inner;
  }

  #deliver(epoch: string, entry: Entry): void {
    if (entry.offset > 0) this.#last = [epoch, entry];
    const tell = (): void => {
      for (const listener of this.#listeners) listener(epoch, entry);
    };
    if (this.deliveries === "now") tell();
    else if (this.deliveries === "held") this.held.push(tell);
  }

  /** The last entry once more. */
  double(): void {
    for (const listener of this.#listeners) if (this.#last) listener(...this.#last);
  }

  /** As when its engine was flushed: everything is forgotten, and numbering begins anew. */
  renumber(): void {
    this.#inner = this.#renew();
  }

  answer(): void {
    this.readsWait = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Answers one read before the others that wait. */
  answerOne(pick: number): void {
    this.#waiting.splice(pick % this.#waiting.length, 1)[0]?.();
  }

  async append(...given: Parameters<Backplane["append"]>): Promise<Position> {
    return this.#inner.append(...given);
  }

  async spread(...given: Parameters<Backplane["spread"]>): Promise<void> {
    return this.#inner.spread(...given);
  }

  async listen(_: string, listener: EntryListener): Promise<() => void> {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async read(...given: Parameters<Backplane["read"]>): Promise<History> {
    if (this.failing) throw new Error("the backplane is away");
    const history = this.#inner.read(...given);
    if (this.readsWait) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return history;
  }

  async close(): Promise<void> {}

  /** The true head of the topic. */
  async head(): Promise<Position> {
    return (await this.#inner.read("t", undefined, 0)).head;
  }
}

function noBatch(): void {
  expect.fail("batches are the distributor's");
}

/**
 * A subscriber that checks its messages against PROTOCOL.md: the next offset, or a gap or skip
 * before it.
 */
class Follower implements Subscriber {
  readonly session: string;
  readonly link: Subscriber["link"] = { buffered: 0, send: noBatch, close() {} };
  readonly seen: string[] = [];
  cursor: Position | undefined;
  /** Gaps that report a loss where there was none. */
  readonly falseGaps: string[] = [];

  constructor(session: string) {
    this.session = session;
  }

  /** The hub's answer to the subscription. */
  subscribed(after: Position | undefined, history: History): void {
    this.cursor = history.ok ? (after ?? history.head) : history.head;
    this.seen.push(history.ok ? "joined" : history.reason);
  }

  push({ message, topic }: Outgoing): void {
    const { cursor } = this;
    if (!cursor) return expect.fail("something before the answer to the subscription");
    switch (message.type) {
      case "notification":
        if (message.offset === 0) return void this.seen.push("volatile");
        expect({ epoch: topic?.epoch, offset: message.offset }).toEqual({
          epoch: cursor.epoch,
          offset: cursor.offset + 1,
        });
        this.cursor = { epoch: cursor.epoch, offset: message.offset };
        return void this.seen.push(`${message.offset}`);
      case "skip":
        expect(message.offset).toBe(cursor.offset + 1);
        this.cursor = { epoch: cursor.epoch, offset: message.offset };
        return void this.seen.push(`skip ${message.offset}`);
      case "gap": {
        const { position, reason } = message;
        const ahead = position.epoch !== cursor.epoch || position.offset > cursor.offset;
        if (reason !== "epoch" && !ahead) this.falseGaps.push(`${reason} ${position.offset}`);
        this.cursor = position;
        return void this.seen.push(reason);
      }
      case "head":
        expect(message.position).toEqual(cursor);
        return void this.seen.push(`head ${message.position.offset}`);
      default:
        return expect.fail(`unexpected ${message.type}`);
    }
  }

  readonly send = noBatch;
}

const distributor: Distributor = {
  fanOut(audience, item) {
    for (const subscriber of audience.values()) subscriber.push(item);
  },
  beforeChange() {},
};

function world(caps: Partial<HistoryCaps> = WIDE, limit = 1_000) {
  const backplane = new Unreliable(caps);
  const failures: unknown[] = [];
  const rules = { policy: "disconnect", key: () => undefined } as const;
  const report = (error: unknown) => failures.push(error);
  let unused = false;
  const topic = new Topic(
    "t",
    {
      backplane,
      distributor,
      events: new HubEmitter(report),
      recovery: limit,
      report,
      occupied: () => {
        unused = false;
      },
      unused: () => {
        unused = true;
      },
    },
    rules,
  );
  const publish = async (count = 1, more: Partial<Entry> = {}) => {
    for (let n = 0; n < count; n++)
      await backplane[more.offset === 0 ? "spread" : "append"]("t", {
        event: "said",
        json: "1",
        time: 0,
        ...more,
      });
  };
  const join = async (session = "s", after?: Position): Promise<Follower> => {
    const follower = new Follower(session);
    await topic.join(follower, after, undefined, (history) => follower.subscribed(after, history));
    return follower;
  };
  return { backplane, topic, unused: () => unused, publish, join, failures };
}

describe("a topic", () => {
  it("repairs what was lost on the way with the next delivery, in order", async () => {
    const { backplane, publish, join } = world();
    const subscriber = await join();
    await publish(2);
    backplane.deliveries = "lost";
    await publish(3);
    backplane.deliveries = "now";
    await publish();
    await settle();
    expect(subscriber.seen).toEqual(["joined", "1", "2", "3", "4", "5", "6"]);
  });

  it("finds by a check that the last delivery was lost, and says where it stands when it moved", async () => {
    const { backplane, topic, publish, join } = world();
    const subscriber = await join();
    backplane.deliveries = "lost";
    await publish(2);
    await topic.check();
    expect(subscriber.seen).toEqual(["joined", "1", "2", "head 2"]);
    await topic.check();
    expect(subscriber.seen).toHaveLength(4);
  });

  it("delivers once and in order what comes doubled, late, or in any other order", async () => {
    const { backplane, publish, join } = world();
    const subscriber = await join();
    backplane.deliveries = "held";
    await publish(5);
    for (const index of [3, 0, 4, 4, 2, 1]) backplane.held[index]?.();
    await settle();
    for (const deliver of backplane.held) deliver();
    await settle();
    expect(subscriber.seen).toEqual(["joined", "1", "2", "3", "4", "5"]);
  });

  it("sends every subscriber a gap when the log no longer has a lost entry, and goes on", async () => {
    const { backplane, publish, join } = world({ size: 3 });
    const subscriber = await join();
    backplane.deliveries = "lost";
    await publish(10);
    backplane.deliveries = "now";
    await publish();
    await publish();
    await settle();
    expect(subscriber.seen).toEqual(["joined", "evicted", "12"]);
  });

  it("sends such a gap to a subscriber that is still joining, too, when the log was read for that one before", async () => {
    const { backplane, publish, join } = world({ size: 3 });
    const subscriber = await join();
    backplane.readsWait = true;
    const joining = join("late");
    await settle();
    backplane.deliveries = "lost";
    await publish(10);
    backplane.deliveries = "now";
    await publish();
    await settle();
    // The repair's read is answered before the read of the subscriber that joins.
    for (let n = 0; n < 2; n++) {
      backplane.answerOne(1);
      await settle();
    }
    backplane.answer();
    const late = await joining;
    await publish();
    await settle();
    expect(subscriber.seen).toEqual(["joined", "evicted", "12"]);
    expect(late.cursor?.offset).toBe(12);
  });

  it("sends every subscriber a gap when the numbering began anew", async () => {
    const { backplane, publish, join } = world();
    const subscriber = await join();
    await publish(3);
    backplane.renumber();
    await publish(2);
    await settle();
    await publish();
    await settle();
    expect(subscriber.seen.slice(0, 5)).toEqual(["joined", "1", "2", "3", "epoch"]);
    expect(subscriber.cursor).toEqual(await backplane.head());
  });

  it("goes on in the new numbering with who was further than the hub itself in the old one", async () => {
    const { backplane, publish, join } = world();
    await join("first");
    backplane.deliveries = "lost";
    await publish(5);
    const ahead = await join("ahead");
    expect(ahead.cursor?.offset).toBe(5);
    backplane.renumber();
    backplane.deliveries = "now";
    for (let n = 0; n < 3; n++) {
      await publish();
      await settle();
    }
    expect(ahead.seen).toEqual(["joined", "epoch", "2", "3"]);
  });

  it("pushes nothing to a subscriber that subscribes again until that is answered, and answers only the last", async () => {
    const { backplane, topic, publish, join } = world();
    await publish();
    const subscriber = await join();
    const from = { epoch: subscriber.cursor?.epoch ?? "", offset: 0 };
    backplane.readsWait = true;
    const again = [from, undefined, from].map((after) => {
      subscriber.cursor = undefined;
      return topic.join(subscriber, after, undefined, (history) => subscriber.subscribed(after, history));
    });
    await publish();
    backplane.answer();
    expect(await Promise.all(again)).toEqual([false, false, true]);
    await publish();
    expect(subscriber.seen).toEqual(["joined", "joined", "1", "2", "3"]);
  });

  it("sends the excluded session a skip in place of its own notification", async () => {
    const { publish, join } = world();
    const [mine, other] = [await join("mine"), await join("other")];
    await publish(1, { exclude: "mine" });
    await publish();
    expect([mine.seen, other.seen]).toEqual([
      ["joined", "skip 1", "2"],
      ["joined", "1", "2"],
    ]);
  });

  it("joins what is live to what is replayed, whatever comes while the log is being read", async () => {
    const { backplane, publish, join } = world();
    await publish(3);
    const { epoch } = await backplane.head();
    backplane.readsWait = true;
    const joining = join("s", { epoch, offset: 1 });
    await settle();
    await publish(2);
    await publish(1, { offset: 0 });
    backplane.answer();
    const subscriber = await joining;
    await publish();
    expect(subscriber.seen).toEqual(["joined", "2", "3", "4", "5", "volatile", "6"]);
  });

  it("fails nobody who is joined when a repair cannot be read, and repairs with the next delivery", async () => {
    const { backplane, publish, join, failures } = world();
    const subscriber = await join();
    backplane.deliveries = "lost";
    await publish();
    backplane.deliveries = "now";
    backplane.failing = true;
    await publish();
    await settle();
    expect([subscriber.seen, failures.length]).toEqual([["joined"], 1]);
    await expect(join("late")).rejects.toThrow("away");
    backplane.failing = false;
    await publish();
    await settle();
    expect(subscriber.seen).toEqual(["joined", "1", "2", "3"]);
  });

  it("sends nothing to a subscriber that left, also while it was still joining, and is unused after the last", async () => {
    const { backplane, topic, publish, join, unused } = world();
    const subscriber = await join();
    backplane.readsWait = true;
    const late = new Follower("late");
    const joined = topic.join(late, undefined, undefined, (history) => late.subscribed(undefined, history));
    topic.leave(subscriber, "left");
    await settle();
    expect(unused()).toBe(false);
    topic.leave(late, "left");
    backplane.answer();
    expect(await joined).toBe(false);
    await publish();
    expect([subscriber.seen, late.seen, unused()]).toEqual([["joined"], [], true]);
  });
});

type Act =
  | { readonly do: "publish"; readonly count: number; readonly exclude: boolean }
  | { readonly do: "deliveries"; readonly mode: "now" | "lost" | "held" }
  | { readonly do: "release"; readonly order: readonly number[] }
  | { readonly do: "join"; readonly subscriber: number; readonly back: number | undefined }
  | { readonly do: "leave"; readonly subscriber: number }
  | { readonly do: "answerOne"; readonly pick: number }
  | { readonly do: (typeof PLAIN)[number] };
const PLAIN = ["volatile", "double", "readsWait", "answer", "check", "turn", "renumber"] as const;
const READERS = 3;
const anyReader = fc.nat(READERS - 1);
const anyAct = (renumbers: boolean): fc.Arbitrary<Act> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("publish" as const),
        count: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 12 })),
        exclude: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("deliveries" as const),
        mode: fc.constantFrom("now" as const, "lost" as const, "held" as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("release" as const),
        order: fc.array(fc.nat(20), { maxLength: 8 }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("join" as const),
        subscriber: anyReader,
        back: fc.option(fc.integer({ min: -2, max: 15 }), { nil: undefined }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("leave" as const), subscriber: anyReader }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom(
          ...(["volatile", "double", "readsWait", "answer", "check", "turn", "turn", "turn"] as const),
          ...(renumbers ? (["renumber"] as const) : []),
        ),
      }),
    },
  );

/** Plays acts, ends all unreliability, and looks at what every subscriber has seen. */
class Play {
  readonly everyone: Follower[] = [];
  readonly #world: ReturnType<typeof world>;
  readonly #subscribers = new Map<number, Follower>();
  readonly #running: Promise<unknown>[] = [];

  constructor(caps: Partial<HistoryCaps>, limit: number) {
    this.#world = world(caps, limit);
  }

  async perform(act: Act): Promise<unknown> {
    const { backplane, topic, publish } = this.#world;
    switch (act.do) {
      case "publish":
        return publish(act.count, act.exclude ? { exclude: "s0" } : {});
      case "volatile":
        return publish(1, { offset: 0 });
      case "deliveries":
        backplane.deliveries = act.mode;
        return undefined;
      case "release":
        for (const index of act.order) backplane.held[index]?.();
        return backplane.held.splice(0);
      case "double":
        return backplane.double();
      case "readsWait":
        backplane.readsWait = true;
        return undefined;
      case "answer":
        return backplane.answer();
      case "check":
        return this.#running.push(topic.check());
      case "turn":
        return settle();
      case "renumber":
        return backplane.renumber();
      case "answerOne":
        return backplane.answerOne(act.pick);
      case "leave":
        return this.#leave(act.subscriber);
      case "join":
        return this.#join(act.subscriber, act.back);
    }
  }

  async end(): Promise<readonly Follower[]> {
    const { backplane, topic, failures } = this.#world;
    backplane.deliveries = "now";
    for (const deliver of backplane.held.splice(0)) deliver();
    backplane.answer();
    await settle();
    await Promise.all(this.#running);
    await topic.check();
    await topic.check();
    await settle();
    const head = await backplane.head();
    for (const subscriber of this.#subscribers.values()) expect(subscriber.cursor).toEqual(head);
    expect(failures).toEqual([]);
    topic.close();
    return this.everyone;
  }

  #leave(index: number): void {
    const subscriber = this.#subscribers.get(index);
    this.#subscribers.delete(index);
    if (subscriber) this.#world.topic.leave(subscriber, "left");
  }

  async #join(index: number, back: number | undefined): Promise<void> {
    const { backplane, topic } = this.#world;
    this.#leave(index);
    const { epoch, offset } = await backplane.head();
    const after = back === undefined ? undefined : { epoch, offset: Math.max(0, offset - back) };
    const subscriber = new Follower(`s${index}`);
    this.#subscribers.set(index, subscriber);
    this.everyone.push(subscriber);
    this.#running.push(
      topic.join(subscriber, after, undefined, (history) => subscriber.subscribed(after, history)),
    );
  }
}

async function play(
  acts: readonly Act[],
  caps: Partial<HistoryCaps>,
  limit: number,
): Promise<readonly Follower[]> {
  const stage = new Play(caps, limit);
  for (const act of acts) await stage.perform(act);
  return stage.end();
}

it("gives every subscriber what follows its position, once and in order, whatever a backplane does that keeps its log", async () => {
  await holdsAsync(
    fc.asyncProperty(fc.array(anyAct(false), { maxLength: 80 }), async (acts) => {
      for (const { seen, falseGaps } of await play(acts, WIDE, 1_000)) {
        // A position from the future is the one thing here that cannot be continued.
        expect(seen.slice(1).filter((word) => /evicted|limit|epoch/.test(word))).toEqual([]);
        expect(falseGaps).toEqual([]);
      }
    }),
    2_500,
  );
});

it("sends every subscriber a gap before later notifications, where the log lost it, is too long or begins anew", async () => {
  let gaps = 0;
  await holdsAsync(
    fc.asyncProperty(fc.array(anyAct(true), { maxLength: 80 }), async (acts) => {
      for (const { seen, falseGaps } of await play(acts, { ...WIDE, size: 6 }, 4)) {
        gaps += seen.filter((word) => /evicted|limit|epoch/.test(word)).length;
        expect(falseGaps).toEqual([]);
      }
    }),
    2_500,
  );
  expect(gaps).toBeGreaterThan(500);
});
