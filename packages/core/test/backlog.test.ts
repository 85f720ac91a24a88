/**
 * The backlog of a slow consumer, read as its client reads it: nothing may be missing without a
 * gap.
 */
import type { Position } from "@bellwire/core";
import type { ServerMessage } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backlog, type BacklogCaps } from "../src/server/backlog.ts";
import { control, type Outgoing } from "../src/server/outgoing.ts";
import type { SlowConsumerPolicy } from "../src/server/slow-consumer.ts";
import { holds } from "./property.ts";

const ROOMY: BacklogCaps = { bytes: 1_048_576, messages: 1_000 };
const EPOCH = "e";

function notification(
  topic: string,
  offset: number,
  policy: SlowConsumerPolicy = "disconnect",
  more: { readonly key?: string | undefined; readonly bytes?: number; readonly epoch?: string } = {},
): Outgoing {
  const { key, bytes = 100, epoch = EPOCH } = more;
  return {
    message: { type: "notification", topic, event: "said", data: offset, offset, time: 0 },
    bytes,
    topic: { name: topic, epoch, offset, policy, key },
  };
}
const skip = (topic: string, offset: number) => control({ type: "skip", topic, offset });
const acknowledged = (ref: number) => control({ type: "acknowledged", ref, position: null });
const subscribed = (topic: string, position: Position) =>
  control({ type: "subscribed", ref: 1, topic, position });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** A message as a short text. */
function short(message: ServerMessage): string {
  switch (message.type) {
    case "notification":
      return `${message.topic}${message.offset}`;
    case "skip":
      return `skip ${message.topic}${message.offset}`;
    case "gap":
      return `${message.reason} ${message.topic}${message.position.offset}`;
    default:
      return message.type;
  }
}
const everything = (backlog: Backlog): readonly ServerMessage[] => {
  const messages: ServerMessage[] = [];
  while (backlog.size > 0) messages.push(...backlog.take(65_536));
  return messages;
};
const shorts = (backlog: Backlog): readonly string[] => everything(backlog).map(short);

describe("a backlog", () => {
  it("keeps everything, in order, as long as it fits", () => {
    const backlog = new Backlog();
    const items = [notification("a", 1), acknowledged(1), notification("b", 1, "drop"), skip("a", 2)];
    expect(backlog.add(items, 0, ROOMY)).toBe(true);
    expect(shorts(backlog)).toEqual(["a1", "acknowledged", "b1", "skip a2"]);
    expect([backlog.size, backlog.bytes]).toEqual([0, 0]);
  });

  it("reports that the subscriber must be disconnected when the messages to keep exceed either cap, the transport's buffer included", () => {
    const items = range(1, 10).map((offset) => notification("a", offset));
    expect(new Backlog().add(items, 0, { bytes: 1_000, messages: 10 })).toBe(true);
    expect(new Backlog().add(items, 1, { bytes: 1_000, messages: 10 })).toBe(false);
    expect(new Backlog().add(items, 0, { bytes: 999, messages: 10 })).toBe(false);
    expect(new Backlog().add(items, 0, { bytes: 1_000, messages: 9 })).toBe(false);
  });

  it("drops volatile events, which have no value when late", () => {
    const backlog = new Backlog();
    backlog.add([notification("a", 0), notification("a", 1), notification("a", 0)], 0, ROOMY);
    expect(shorts(backlog)).toEqual(["a1"]);
  });

  it("keeps the newest of each key, and lets the cursor skip over the others", () => {
    const backlog = new Backlog();
    const keys = ["x", "y", "x", undefined, "y", "x"];
    const items = keys.map((key, index) => notification("a", index + 1, "conflate", { key }));
    backlog.add(items, 0, ROOMY);
    expect(shorts(backlog)).toEqual(["skip a3", "a4", "a5", "a6"]);
  });

  it("keeps as little for ten thousand notifications of one key as for one", () => {
    const backlog = new Backlog();
    for (const offset of range(1, 10_000)) {
      expect(backlog.add([notification("a", offset, "conflate", { key: "x" })], 0, ROOMY)).toBe(true);
      expect(backlog.size).toBeLessThan(100);
    }
    expect(shorts(backlog)).toEqual(["skip a9999", "a10000"]);
  });

  it("keeps the keys of different topics and events apart", () => {
    const backlog = new Backlog();
    const items = [
      notification("a", 1, "conflate", { key: "b x" }),
      notification("a,b", 1, "conflate", { key: "x" }),
      notification("a", 2, "conflate", { key: "x" }),
    ];
    backlog.add(items, 0, ROOMY);
    expect(shorts(backlog)).toEqual(["a1", "a,b1", "a2"]);
  });

  it("drops the oldest of a topic that may drop, one gap in their place that grows", () => {
    const backlog = new Backlog();
    const caps = { bytes: ROOMY.bytes, messages: 3 };
    for (const offset of range(1, 20)) {
      expect(backlog.add([notification("a", offset, "drop")], 0, caps)).toBe(true);
    }
    expect(shorts(backlog)).toEqual(["overflow a18", "a19", "a20"]);
  });

  it("drops no more than it has to", () => {
    const backlog = new Backlog();
    const items = range(1, 11).map((offset) => notification("a", offset, "drop"));
    expect(backlog.add(items, 0, { bytes: 1_000, messages: 100 })).toBe(true);
    expect(shorts(backlog)).toEqual(["overflow a3", ...range(4, 11).map((offset) => `a${offset}`)]);
  });

  it("drops nothing of a topic that must be kept while another has something to drop", () => {
    const backlog = new Backlog();
    const items = range(1, 5).flatMap((n) => [notification("a", n), notification("b", n, "drop")]);
    expect(backlog.add(items, 0, { bytes: ROOMY.bytes, messages: 8 })).toBe(true);
    expect(shorts(backlog)).toEqual(["a1", "overflow b3", "a2", "a3", "a4", "b4", "a5", "b5"]);
    expect(new Backlog().add(items, 0, { bytes: ROOMY.bytes, messages: 5 })).toBe(false);
  });

  it("begins another gap after the topic was subscribed again", () => {
    const backlog = new Backlog();
    const items = [
      notification("a", 8, "drop"),
      notification("a", 9, "drop"),
      subscribed("a", { epoch: EPOCH, offset: 3 }),
      ...range(4, 9).map((offset) => notification("a", offset, "drop")),
    ];
    expect(backlog.add(items, 0, { bytes: ROOMY.bytes, messages: 4 })).toBe(true);
    expect(shorts(backlog)).toEqual(["overflow a9", "subscribed", "overflow a8", "a9"]);
  });

  it("hands out at least one message, however large, and else no more than asked for", () => {
    const backlog = new Backlog();
    const sizes = [500, 100, 100, 100, 500];
    backlog.add(
      sizes.map((bytes, index) => notification("a", index + 1, "disconnect", { bytes })),
      0,
      ROOMY,
    );
    const takes = Array.from({ length: 5 }, () => backlog.take(250).map(short));
    expect(takes).toEqual([["a1"], ["a2", "a3"], ["a4"], ["a5"], []]);
  });
});

type Name = "kept" | "dropped" | "conflated";
interface TopicKind {
  readonly policy: SlowConsumerPolicy;
  readonly keys: readonly (string | undefined)[];
}
const KINDS: Readonly<Record<Name, TopicKind>> = {
  kept: { policy: "disconnect", keys: [undefined] },
  dropped: { policy: "drop", keys: [undefined] },
  conflated: { policy: "conflate", keys: ["x", "y", undefined] },
};
interface TopicAct {
  readonly do: "notify" | "exclude" | "volatile" | "again" | "gap" | "renumber";
  readonly topic: Name;
  readonly n: number;
}
type Act =
  | TopicAct
  | { readonly do: "answer" }
  | { readonly do: "take"; readonly n: number }
  | { readonly do: "buffered"; readonly n: number };
const anyTopic = fc.constantFrom<Name>("kept", "dropped", "conflated");
const actOf = <D extends TopicAct["do"]>(act: D) =>
  fc.record({ do: fc.constant(act), topic: anyTopic, n: fc.nat(300) });
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 20, arbitrary: actOf("notify") },
  { weight: 3, arbitrary: actOf("exclude") },
  { weight: 1, arbitrary: actOf("volatile") },
  { weight: 1, arbitrary: actOf("again") },
  { weight: 1, arbitrary: actOf("gap") },
  { weight: 1, arbitrary: actOf("renumber") },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("answer" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const), n: fc.nat(1_500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("buffered" as const), n: fc.nat(1_000) }) },
);

/** A topic as the hub numbers it. `offset` is the last one said to this subscriber. */
interface Numbering {
  epoch: string;
  offset: number;
}

/**
 * The client of the subscriber: follows each topic by the protocol's rules, and reports everything
 * that it could not deliver.
 */
class Client {
  readonly delivered: Outgoing[] = [];
  readonly answers: number[] = [];
  readonly #cursors = new Map<string, Position>();
  readonly #sent: ReadonlyMap<ServerMessage, Outgoing>;
  /** Offsets that a skip may pass over: superseded by a newer one of their key, or excluded. */
  readonly #passable: (topic: string, epoch: string, offset: number) => boolean;

  constructor(
    sent: ReadonlyMap<ServerMessage, Outgoing>,
    passable: (topic: string, epoch: string, offset: number) => boolean,
  ) {
    this.#sent = sent;
    this.#passable = passable;
  }

  cursor(topic: string): Position {
    return this.#cursors.get(topic) ?? { epoch: EPOCH, offset: 0 };
  }

  receive(message: ServerMessage): void {
    if (message.type === "acknowledged") return void this.answers.push(message.ref);
    if (!("topic" in message) || message.topic === undefined) return;
    const { topic } = message;
    const cursor = this.cursor(topic);
    switch (message.type) {
      case "subscribed":
        return void this.#cursors.set(topic, message.position);
      case "gap":
        // Only a renumbering takes a cursor back, and only a topic that drops may lose what the hub
        // had.
        if (message.reason === "overflow") {
          expect([topic, message.position.epoch]).toEqual(["dropped", cursor.epoch]);
          expect(message.position.offset).toBeGreaterThan(cursor.offset);
        }
        return void this.#cursors.set(topic, message.position);
      case "skip":
        for (let offset = cursor.offset + 1; offset <= message.offset; offset++)
          expect([topic, offset, this.#passable(topic, cursor.epoch, offset)]).toEqual([topic, offset, true]);
        if (message.offset > cursor.offset) this.#cursors.set(topic, { ...cursor, offset: message.offset });
        return;
      case "notification": {
        const item = this.#sent.get(message);
        if (!item?.topic) return expect.fail("a notification that nobody pushed");
        expect([topic, item.topic.epoch, message.offset]).toEqual([topic, cursor.epoch, cursor.offset + 1]);
        this.#cursors.set(topic, { ...cursor, offset: message.offset });
        this.delivered.push(item);
        return;
      }
      default:
        return expect.fail(`unexpected ${message.type}`);
    }
  }
}

/** Plays acts on a backlog and its client; tells how far it came. */
function play(acts: readonly Act[], caps: BacklogCaps): { readonly fell: boolean; readonly lost: number } {
  const backlog = new Backlog();
  const sent = new Map<ServerMessage, Outgoing>();
  const topics = new Map<string, Numbering>();
  const excluded = new Set<string>();
  /**
   * The newest notification of a key, by topic and key, and when it was pushed; a renumbering does
   * not change that.
   */
  const newest = new Map<string, { readonly item: Outgoing; readonly push: number }>();
  /** The key of a place, and when it was pushed first: a replay brings what is there once more. */
  const places = new Map<string, { readonly key: string | undefined; readonly push: number }>();
  let pushes = 0;
  const passable = (topic: string, epoch: string, offset: number): boolean => {
    const place = `${topic} ${epoch} ${offset}`;
    const { key, push = 0 } = places.get(place) ?? {};
    return excluded.has(place) || (key !== undefined && (newest.get(`${topic} ${key}`)?.push ?? 0) > push);
  };
  const client = new Client(sent, passable);
  let buffered = 0;
  let refs = 0;
  let epochs = 0;
  const push = (...items: Outgoing[]): boolean => {
    for (const item of items) sent.set(item.message, item);
    if (!backlog.add(items, buffered, caps)) return false;
    expect(backlog.bytes + buffered).toBeLessThanOrEqual(caps.bytes);
    expect(backlog.size).toBeLessThanOrEqual(caps.messages);
    return true;
  };
  const numbering = (name: Name): Numbering => {
    const found = topics.get(name) ?? { epoch: EPOCH, offset: 0 };
    topics.set(name, found);
    return found;
  };
  const notify = (name: Name, at: Numbering, n: number): Outgoing => {
    const place = `${name} ${at.epoch} ${at.offset}`;
    const { keys, policy } = KINDS[name];
    const { key, push } = places.get(place) ?? { key: keys[n % keys.length], push: pushes };
    places.set(place, { key, push });
    const item = notification(name, at.offset, policy, { key, bytes: 50 + n, epoch: at.epoch });
    if (key !== undefined) newest.set(`${name} ${key}`, { item, push: pushes });
    pushes += 1;
    return item;
  };
  /** The messages that the hub pushes for an act on a topic. */
  const pushed = (act: TopicAct): readonly Outgoing[] => {
    const { topic } = act;
    const at = numbering(topic);
    const gap = (reason: "epoch" | "evicted"): readonly Outgoing[] => {
      const position = { epoch: at.epoch, offset: at.offset };
      return [control({ type: "gap", topic, position, reason })];
    };
    switch (act.do) {
      case "volatile":
        return [notification(topic, 0)];
      case "notify":
        at.offset += 1;
        return [notify(topic, at, act.n)];
      case "exclude":
        at.offset += 1;
        excluded.add(`${topic} ${at.epoch} ${at.offset}`);
        return [skip(topic, at.offset)];
      case "again": {
        // Subscribed again from an earlier position: everything after it is replayed.
        const from = Math.max(0, at.offset - (act.n % 5));
        const replay = range(from + 1, at.offset).map((offset) =>
          excluded.has(`${topic} ${at.epoch} ${offset}`)
            ? skip(topic, offset)
            : notify(topic, { epoch: at.epoch, offset }, act.n),
        );
        return [subscribed(topic, { epoch: at.epoch, offset: from }), ...replay];
      }
      case "renumber":
        epochs += 1;
        at.epoch = `e${epochs}`;
        at.offset = act.n % 3;
        return gap("epoch");
      default:
        // The hub itself lost something.
        at.offset += act.n % 7;
        return gap("evicted");
    }
  };
  const perform = (act: Act): boolean => {
    if (act.do === "take") {
      for (const message of backlog.take(act.n)) client.receive(message);
      return true;
    }
    if (act.do === "buffered") {
      buffered = act.n;
      return true;
    }
    if (act.do === "answer") {
      refs += 1;
      return push(acknowledged(refs));
    }
    return push(...pushed(act));
  };
  for (const act of acts) if (!perform(act)) return { fell: true, lost: 0 };
  const rest = everything(backlog);
  // A key that waited was worth one place, its newest.
  const waited = rest.flatMap((message) => {
    const { name, key } = sent.get(message)?.topic ?? {};
    return key === undefined ? [] : [`${name} ${key}`];
  });
  expect(new Set(waited).size).toBe(waited.length);
  for (const message of rest) client.receive(message);
  for (const [topic, at] of topics) expect(client.cursor(topic)).toEqual(at);
  expect(client.answers).toEqual(range(1, refs));
  for (const { item } of newest.values()) expect(client.delivered).toContain(item);
  return { fell: false, lost: rest.filter((message) => message.type === "gap").length };
}

const anyActs = fc.array(anyAct, { maxLength: 150 });
const anyCaps = fc.record({
  bytes: fc.integer({ min: 500, max: 20_000 }),
  messages: fc.integer({ min: 3, max: 60 }),
});

it("holds no more than its caps, and loses nothing without a gap or a skip before what comes later", () => {
  let fell = 0;
  let lost = 0;
  holds(
    fc.property(anyActs, anyCaps, (acts, caps) => {
      const result = play(acts, caps);
      fell += Number(result.fell);
      lost += result.lost;
    }),
    5_000,
  );
  // Neither half of it may be all there was to see.
  expect(fell).toBeGreaterThan(500);
  expect(fell).toBeLessThan(9_000);
  expect(lost).toBeGreaterThan(500);
});

it("never gives up a subscriber whose topics may all drop, or all conflate, while each can keep one", () => {
  const onlyTopics = fc.array(
    fc.record({ do: fc.constant("notify" as const), topic: fc.constant<Name>("dropped"), n: fc.nat(300) }),
    { maxLength: 300 },
  );
  holds(
    fc.property(onlyTopics, anyCaps, (acts, caps) => {
      expect(play(acts, caps).fell).toBe(false);
    }),
    1_000,
  );
  const conflatedOnly = onlyTopics.map((acts) =>
    acts.map((act) => ({ ...act, topic: "conflated" as const, n: act.n - (act.n % 3) })),
  );
  holds(
    fc.property(conflatedOnly, (acts) => {
      expect(play(acts, { bytes: 128 + 350, messages: 2 }).fell).toBe(false);
    }),
    1_000,
  );
});
