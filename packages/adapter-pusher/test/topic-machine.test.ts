import type { Position } from "@bellwire/core";
import type { Notified, ServerMessage, Skip } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Arrival } from "../src/hosted/client/held.ts";
import { topicStep } from "../src/hosted/client/topic-machine.ts";
import {
  type HistoryAnswer,
  type HostedTopic,
  newTopic,
  type Refusal,
  type TopicEffect,
  type TopicEvent,
} from "../src/hosted/client/topic-state.ts";

const TOPIC = "news.nz";
const EPOCH = "e1";

function note(offset: number): Notified {
  return { type: "notification", topic: TOPIC, event: "said", data: offset, offset, time: 1 };
}
const at = (offset: number, epoch = EPOCH): Position => ({ epoch, offset });
const arrival = (offset: number): Arrival => ({ kind: "notification", message: note(offset) });

/** The machine with its state. */
class Machine {
  #now: HostedTopic;

  constructor(history: boolean) {
    this.#now = newTopic({ topic: TOPIC, history, ownEpoch: "own" });
  }

  get over(): boolean {
    return this.#now.state === "left";
  }

  subscribe(ref: number, position: Position | undefined): readonly TopicEffect[] {
    return this.#step({ type: "subscribe", ref, position });
  }

  joined(): readonly TopicEffect[] {
    return this.#step({ type: "joined" });
  }

  arrived(place: Position, arrival: Arrival): readonly TopicEffect[] {
    return this.#step({ type: "arrived", place, arrival });
  }

  volatile(message: Notified): readonly TopicEffect[] {
    return this.#step({ type: "volatile", message });
  }

  waited(): readonly TopicEffect[] {
    return this.#step({ type: "waited" });
  }

  check(): readonly TopicEffect[] {
    return this.#step({ type: "check" });
  }

  read(number: number, answer: HistoryAnswer): readonly TopicEffect[] {
    return this.#step({ type: "read", number, answer });
  }

  unread(number: number, refusal: Refusal): readonly TopicEffect[] {
    return this.#step({ type: "unread", number, refusal });
  }

  #step(event: TopicEvent): readonly TopicEffect[] {
    const { next, effects } = topicStep(this.#now, event);
    this.#now = next;
    return effects;
  }
}

/** A topic, with everything that it asked for in order. */
class Bench {
  readonly said: ServerMessage[] = [];
  readonly asked: Exclude<TopicEffect, { do: "say" }>[] = [];
  readonly topic: Machine;

  constructor(history = true) {
    this.topic = new Machine(history);
  }

  take(effects: readonly TopicEffect[]): this {
    for (const effect of effects) {
      if (effect.do === "say") this.said.push(effect.message);
      else this.asked.push(effect);
    }
    return this;
  }

  /** Subscribes and has the provider agree. */
  join(position?: Position): this {
    return this.take(this.topic.subscribe(1, position)).take(this.topic.joined());
  }

  arrive(...offsets: readonly number[]): this {
    for (const offset of offsets) this.take(this.topic.arrived(at(offset), arrival(offset)));
    return this;
  }

  /** Answers the last question. */
  answer(position: Position, messages: readonly (Notified | Skip)[] = [], gap?: "evicted" | "epoch"): this {
    return this.take(this.topic.read(this.number, { position, messages, ...(gap && { gap }) }));
  }

  get number(): number {
    const read = this.asked.findLast((effect) => effect.do === "read");
    if (!read) throw new Error("nothing was asked");
    return read.number;
  }

  /** The last question, and the offsets heard so far. */
  get after(): Position | undefined {
    return this.asked.findLast((effect) => effect.do === "read")?.after;
  }

  get heard(): number[] {
    return this.said.flatMap((message) => (message.type === "notification" ? message.offset : []));
  }
}

describe("with a history", () => {
  it("asks the provider, then the history, and delivers nothing before both have answered", () => {
    const bench = new Bench().take(new Bench().topic.subscribe(1, undefined));
    bench.asked.length = 0;
    bench.take(bench.topic.subscribe(1, undefined));
    expect(bench.asked).toEqual([{ do: "join" }]);
    bench.take(bench.topic.joined()).arrive(6);
    expect(bench.after).toBe(undefined);
    expect(bench.said).toEqual([]);
    bench.answer(at(5));
    expect(bench.said).toEqual([{ type: "subscribed", ref: 1, topic: TOPIC, position: at(5) }, note(6)]);
  });

  it("delivers missed notifications, then those that arrived meanwhile, each once", () => {
    const bench = new Bench().join(at(2)).arrive(4, 5, 5, 3);
    expect(bench.after).toEqual(at(2));
    bench.answer(at(2), [note(3), note(4)]);
    expect(bench.heard).toEqual([3, 4, 5]);
  });

  it("reports a gap that the history reports, and continues after it", () => {
    const bench = new Bench().join(at(2)).arrive(9).answer(at(8), [], "evicted");
    expect(bench.said).toEqual([
      { type: "subscribed", ref: 1, topic: TOPIC, position: at(8), gap: "evicted" },
      note(9),
    ]);
  });

  it("waits for a notification that was overtaken, and reads nothing when it arrives", () => {
    const bench = new Bench().join().answer(at(0)).arrive(2, 3);
    expect(bench.heard).toEqual([]);
    expect(bench.asked.at(-1)).toEqual({ do: "wait", ms: 500 });
    bench.arrive(1).take(bench.topic.waited());
    expect(bench.heard).toEqual([1, 2, 3]);
    expect(bench.asked.filter(({ do: what }) => what === "read")).toHaveLength(1);
  });

  it("reads notifications that did not arrive in time, and continues with those that did", () => {
    const bench = new Bench().join().answer(at(0)).arrive(1, 3);
    bench.take(bench.topic.waited());
    expect(bench.after).toEqual(at(1));
    bench.arrive(4).answer(at(1), [note(2), note(3)]);
    expect(bench.heard).toEqual([1, 2, 3, 4]);
  });

  it("continues to deliver in order while it compares with the history", () => {
    const bench = new Bench().join().answer(at(0));
    bench.take(bench.topic.check()).arrive(1, 2);
    expect(bench.heard).toEqual([1, 2]);
    bench.answer(at(0), [note(1), note(2), note(3)]).arrive(3);
    expect(bench.heard).toEqual([1, 2, 3]);
  });

  it("delivers nothing out of order, even if the history leaves a notification out", () => {
    const bench = new Bench().join().answer(at(0)).arrive(1, 6);
    bench.take(bench.topic.waited()).answer(at(1), [note(2), note(4), note(1)]);
    expect(bench.heard).toEqual([1, 2]);
    bench.take(bench.topic.waited()).answer(at(2), [note(3), note(4), note(5)]);
    expect(bench.heard).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("detects by a comparison that the last event was lost", () => {
    const bench = new Bench().join().answer(at(0)).arrive(1);
    bench.take(bench.topic.check()).answer(at(1), [note(2)]);
    expect(bench.heard).toEqual([1, 2]);
  });

  it("ignores a gap that notifications have closed meanwhile", () => {
    const bench = new Bench().join().answer(at(0));
    bench.take(bench.topic.check()).arrive(1).answer(at(400), [], "evicted");
    expect(bench.said.map(({ type }) => type)).toEqual(["subscribed", "notification"]);
    bench.arrive(2);
    expect(bench.heard).toEqual([1, 2]);
  });

  it("reads notifications that the provider could not carry", () => {
    const bench = new Bench().join().answer(at(0));
    bench.take(bench.topic.arrived(at(1), { kind: "stored" })).arrive(2);
    expect(bench.heard).toEqual([]);
    bench.take(bench.topic.waited()).answer(at(0), [note(1), note(2)]);
    expect(bench.heard).toEqual([1, 2]);
  });

  it("skips its own notification, which the provider does not deliver", () => {
    const bench = new Bench().join().answer(at(0)).arrive(2);
    bench.take(bench.topic.arrived(at(1), { kind: "skip" }));
    expect(bench.said.slice(1)).toEqual([{ type: "skip", topic: TOPIC, offset: 1 }, note(2)]);
  });

  it("reports a gap when the epoch changes, and nothing of the old epoch after it", () => {
    const bench = new Bench().join().answer(at(0)).arrive(1);
    bench.take(bench.topic.arrived(at(2, "e2"), { kind: "notification", message: note(2) }));
    bench.arrive(2, 5);
    expect(bench.heard).toEqual([1, 2]);
    bench.take(bench.topic.waited()).answer(at(1, "e2"), [], "epoch");
    expect(bench.said.slice(3)).toEqual([
      { type: "gap", topic: TOPIC, position: at(1, "e2"), reason: "epoch" },
      note(2),
    ]);
  });

  it("reads less and less often for a notification that the history lacks as well", () => {
    const bench = new Bench().join().answer(at(0)).arrive(2);
    const waits: number[] = [];
    for (let round = 0; round < 7; round++) {
      const last = bench.asked.at(-1);
      if (last?.do === "wait") waits.push(last.ms);
      bench.take(bench.topic.waited()).answer(at(0));
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  });

  it("does not read what a gap has skipped", () => {
    const bench = new Bench().join().answer(at(0)).arrive(3, 5);
    bench.take(bench.topic.waited()).answer(at(9), [], "evicted");
    const asked = bench.asked.length;
    bench.take(bench.topic.waited()).arrive(4, 10);
    expect(bench.heard).toEqual([10]);
    expect(bench.asked).toHaveLength(asked);
  });

  it("ignores answers to reads that it has given up", () => {
    const bench = new Bench().join();
    const stale = bench.number;
    bench.take(bench.topic.subscribe(2, at(7)));
    bench.take(bench.topic.read(stale, { position: at(1), messages: [note(2)] }));
    expect(bench.said).toEqual([]);
    bench.answer(at(7));
    expect(bench.said).toEqual([{ type: "subscribed", ref: 2, topic: TOPIC, position: at(7) }]);
  });

  it("lets the channel repeat a refusal that may pass, and ends at a permanent one", () => {
    const later = new Bench().join();
    later.take(later.topic.unread(later.number, { code: "rate_limited", message: "", retryAfter: 70 }));
    expect(later.said).toEqual([
      { type: "error", ref: 1, code: "rate_limited", message: "", retryAfter: 70 },
    ]);
    for (const retryAfter of [1_000, 2_000]) {
      later.take(later.topic.subscribe(2, undefined));
      later.take(later.topic.unread(later.number, { code: "link_lost", message: "" }));
      expect(later.said.at(-1)).toMatchObject({ ref: 2, code: "link_lost", retryAfter });
    }
    later.take(later.topic.subscribe(2, undefined)).answer(at(3));
    expect(later.said.at(-1)).toMatchObject({ type: "subscribed", ref: 2 });
    const never = new Bench().join().answer(at(0));
    never.take(never.topic.check());
    never.take(never.topic.unread(never.number, { code: "forbidden", message: "" }));
    expect(never.said.at(-1)).toEqual({ type: "error", topic: TOPIC, code: "forbidden", message: "" });
    expect(never.asked.at(-1)).toEqual({ do: "leave" });
    expect(never.topic.over).toBe(true);
  });

  it("delivers volatile events as they arrive, and none before it is subscribed", () => {
    const bench = new Bench().join();
    bench.take(bench.topic.volatile(note(0)));
    expect(bench.said).toEqual([]);
    bench.answer(at(0)).arrive(2);
    bench.take(bench.topic.volatile(note(0)));
    expect(bench.said.slice(1)).toEqual([note(0)]);
  });

  it("holds at most its bound, and reads the rest again", () => {
    const bench = new Bench().join().answer(at(0));
    bench.arrive(...Array.from({ length: 400 }, (_, index) => index + 2));
    bench.take(bench.topic.waited()).answer(at(0), [note(1)]);
    expect(bench.heard).toEqual(Array.from({ length: 257 }, (_, index) => index + 1));
    bench.arrive(402);
    bench.take(bench.topic.waited());
    expect(bench.after).toEqual(at(257));
  });
});

describe("without a history", () => {
  const own = (offset: number): Position => at(offset, "own");

  it("is subscribed when the provider agrees, and begins with the earliest of the first arrivals", () => {
    const bench = new Bench(false).join();
    expect(bench.said).toEqual([{ type: "subscribed", ref: 1, topic: TOPIC, position: own(0) }]);
    bench.arrive(42, 41).take(bench.topic.waited());
    expect(bench.said.slice(1)).toMatchObject([
      { data: 41, offset: 1 },
      { data: 42, offset: 2 },
    ]);
  });

  it("reports a gap of reason transport to a channel that resumes", () => {
    expect(new Bench(false).join(at(7)).said).toEqual([
      { type: "subscribed", ref: 1, topic: TOPIC, position: own(0), gap: "transport" },
    ]);
  });

  it("reports a gap of the right width for notifications that did not arrive in time", () => {
    const bench = new Bench(false).join().arrive(41);
    bench.take(bench.topic.waited()).arrive(44);
    bench.take(bench.topic.waited());
    expect(bench.said.slice(1)).toMatchObject([
      { data: 41, offset: 1 },
      { type: "gap", position: own(3), reason: "transport" },
      { data: 44, offset: 4 },
    ]);
  });

  it("reports a gap when the epoch changes", () => {
    const bench = new Bench(false).join().arrive(41);
    bench.take(bench.topic.waited());
    bench.take(bench.topic.arrived(at(9, "e2"), arrival(9)));
    bench.take(bench.topic.waited());
    expect(bench.said.slice(2)).toMatchObject([
      { type: "gap", position: own(1), reason: "transport" },
      { data: 9, offset: 2 },
    ]);
  });

  it("reports a gap for notifications that the provider could not carry", () => {
    const bench = new Bench(false).join().arrive(41);
    bench.take(bench.topic.waited());
    bench.take(bench.topic.arrived(at(42), { kind: "stored" })).arrive(43);
    expect(bench.said.slice(2)).toMatchObject([
      { type: "gap", position: own(2), reason: "transport" },
      { data: 43, offset: 3 },
    ]);
  });

  it("gives up missing notifications when it holds as much as it may", () => {
    const bench = new Bench(false).join().arrive(1);
    bench.take(bench.topic.waited());
    bench.arrive(...Array.from({ length: 256 }, (_, index) => index + 10));
    expect(bench.heard).toEqual([1]);
    bench.arrive(9, 266);
    expect(bench.said.slice(2, 4)).toMatchObject([
      { type: "gap", position: own(9) },
      { data: 10, offset: 10 },
    ]);
    expect(bench.heard.at(-1)).toBe(266);
  });

  it("has no gap when the channel subscribes again from the current position", () => {
    const bench = new Bench(false).join().arrive(41);
    bench.take(bench.topic.waited()).take(bench.topic.subscribe(2, own(1)));
    expect(bench.said.at(-1)).toEqual({ type: "subscribed", ref: 2, topic: TOPIC, position: own(1) });
  });
});

/** Checks the promises to a listener against everything that was said. */
function judge(said: readonly ServerMessage[], { holes }: { holes: boolean }): number[] {
  const data: number[] = [];
  let next: number | undefined;
  for (const message of said) {
    if (message.type === "subscribed" || message.type === "gap") {
      if (message.type === "gap" && !holes) throw new Error("a gap where the history has everything");
      next = message.position.offset + 1;
    } else if (message.type === "notification" || message.type === "skip") {
      expect(message.offset).toBe(next);
      next = message.offset + 1;
      if (message.type === "notification") data.push(Number(message.data));
    }
  }
  expect(data).toEqual([...new Set(data)].sort((one, other) => one - other));
  return data;
}

/**
 * Each event of a topic, delivered by the provider any number of times, at moments that put it
 * anywhere among the others.
 */
const chaos = fc.array(fc.array(fc.nat(200), { maxLength: 3 }), { minLength: 1, maxLength: 40 });

function delivered(moments: readonly (readonly number[])[]): number[] {
  return moments
    .flatMap((list, index) => list.map((delay) => ({ offset: index + 1, due: index * 10 + delay })))
    .sort((one, other) => one.due - other.due)
    .map(({ offset }) => offset);
}

describe("however events are lost, doubled and swapped on the way", () => {
  it("everything is delivered once and in order with a history", () => {
    fc.assert(
      fc.property(chaos, fc.array(fc.boolean(), { minLength: 1 }), (moments, answers) => {
        const bench = new Bench().join().answer(at(0));
        let asked = 0;
        const history = (head: number): void => {
          const { after } = bench;
          const reads = bench.asked.filter((effect) => effect.do === "read").length;
          if (reads === asked || !after) return;
          asked = reads;
          const missed = Array.from({ length: Math.max(0, head - after.offset) }, (_, index) =>
            note(after.offset + 1 + index),
          );
          bench.answer(after, missed);
        };
        asked = 1;
        for (const [index, offset] of delivered(moments).entries()) {
          bench.arrive(offset);
          // Patience ends, and questions are answered, at any moment.
          if (answers[index % answers.length]) bench.take(bench.topic.waited());
          if (answers[(index + 1) % answers.length]) history(moments.length);
        }
        history(moments.length);
        bench.take(bench.topic.check());
        history(moments.length);
        expect(judge(bench.said, { holes: false })).toEqual(moments.map((_, index) => index + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  it("without a history, everything is delivered once, in order, and after a gap for every loss", () => {
    fc.assert(
      fc.property(chaos, fc.array(fc.boolean(), { minLength: 1 }), (moments, patience) => {
        const bench = new Bench(false).join();
        for (const [index, offset] of delivered(moments).entries()) {
          bench.arrive(offset);
          if (patience[index % patience.length]) bench.take(bench.topic.waited());
        }
        bench.take(bench.topic.waited()).take(bench.topic.waited());
        judge(bench.said, { holes: true });
      }),
      { numRuns: 2_000 },
    );
  });
});
