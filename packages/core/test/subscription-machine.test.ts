/**
 * Every state of a topic's stream × every event, and what holds whatever the hub and the transport
 * do.
 */
import type { GapReason, Position } from "@bellwire/core";
import type { Notified } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Stream, type StreamEvent, streamStep } from "../src/client/subscription-machine.ts";

const at = (offset: number, epoch = "e"): Position => ({ epoch, offset });
const notified = (offset: number): Notified => ({
  type: "notification",
  topic: "t",
  event: "said",
  data: offset,
  offset,
  time: 0,
});

const states = {
  fresh: { state: "detached", cursor: undefined, ref: 0 },
  detached: { state: "detached", cursor: at(5), ref: 1 },
  "joining for the first time": { state: "joining", cursor: undefined, ref: 1 },
  joining: { state: "joining", cursor: at(5), ref: 1 },
  "joining again while behind": {
    state: "joining",
    cursor: at(5),
    ref: 1,
    head: at(8),
    tries: 3,
  },
  live: { state: "live", cursor: at(5), ref: 1 },
  "live and behind": { state: "live", cursor: at(5), ref: 1, head: at(8), tries: 1 },
  "live, with all of a repair": { state: "live", cursor: at(8), ref: 1, head: at(8), tries: 1 },
  ended: { state: "ended", cursor: at(5), ref: 1 },
} as const satisfies Record<string, Stream>;

const subscribed = (position: Position, gap?: GapReason, ref = 1): StreamEvent => ({
  type: "subscribed",
  ref,
  topic: "t",
  position,
  ...(gap && { gap }),
});
const refused = (
  ref: number | undefined,
  code: "forbidden" | "rate_limited",
  retryAfter?: number,
): StreamEvent => ({
  type: "error",
  code,
  message: "no",
  ...(ref !== undefined && { ref }),
  ...(retryAfter !== undefined && { retryAfter }),
});

const events = {
  connected: { type: "connected" },
  lost: { type: "lost" },
  subscribed: subscribed(at(5)),
  "subscribed to another ref": subscribed(at(5), undefined, 2),
  "subscribed with a gap": subscribed(at(8), "evicted"),
  "subscribed in another epoch, without a word": subscribed(at(5, "f")),
  "subscribed further on, without a word": subscribed(at(8)),
  "subscribed further back": subscribed(at(3)),
  "subscribed further back after a renumbering": subscribed(at(3), "epoch"),
  "the next": notified(6),
  "the same again": notified(5),
  "one too far": notified(7),
  "a volatile one": notified(0),
  "skip on": { type: "skip", topic: "t", offset: 8 },
  "skip back": { type: "skip", topic: "t", offset: 4 },
  gap: { type: "gap", topic: "t", position: at(8), reason: "overflow" },
  "gap that ends before the cursor": { type: "gap", topic: "t", position: at(3), reason: "overflow" },
  "gap to another epoch": { type: "gap", topic: "t", position: at(0, "f"), reason: "epoch" },
  "head where it stands": { type: "head", topic: "t", position: at(5) },
  "head further on": { type: "head", topic: "t", position: at(6) },
  "head of another epoch": { type: "head", topic: "t", position: at(5, "f") },
  "refused for good": refused(1, "forbidden"),
  "refused for now": refused(1, "rate_limited"),
  "refused until later": refused(1, "rate_limited", 7_000),
  "another ref refused": refused(2, "forbidden"),
  "ended by the hub": refused(undefined, "forbidden"),
  "ended by the hub for now": refused(undefined, "rate_limited"),
  retry: { type: "retry" },
} as const satisfies Record<string, StreamEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;

const join = (cursor: Position | undefined, more: Partial<Stream> = {}) => [
  { state: "joining", cursor, ref: 9, ...more },
  [{ do: "subscribe", ref: 9, position: cursor }],
];
const ready = { do: "ready" };
const gap = (resumeAt: Position | null, reason: GapReason) => ({
  do: "gap",
  gap: { after: at(5), resumeAt, reason },
});
const live = (cursor: Position, ...effects: unknown[]) => [{ state: "live", cursor, ref: 1 }, effects];
const joined = (cursor: Position, ...effects: unknown[]) => [
  { state: "live", cursor, ref: 1, tries: 0 },
  effects,
];
const first = (cursor: Position) => [{ state: "live", cursor, ref: 1, tries: 0 }, [ready]];
const watch = { do: "retry", after: 8_000 };
const later = (now: Stream, tries: number, after = 1_000) => [
  { ...now, state: "joining", ref: 0, tries },
  [{ do: "retry", after }],
];
const deliver = (offset: number) => ({ do: "deliver", message: notified(offset), position: at(offset) });
const end = { do: "end", code: "forbidden", message: "no" };
const detached = (cursor: Position | undefined, ref: number) => [{ state: "detached", cursor, ref }, []];
const ended = (cursor: Position | undefined, ref: number) => [
  { state: "ended", cursor, ref },
  cursor ? [gap(null, "authorization"), end] : [end],
];

/** Events that are not in the table change nothing and do nothing. */
const table: Record<StateName, Partial<Record<EventName, unknown>>> = {
  fresh: {
    connected: join(undefined),
    lost: detached(undefined, 0),
    "ended by the hub": ended(undefined, 0),
  },
  detached: { connected: join(at(5)), lost: detached(at(5), 1), "ended by the hub": ended(at(5), 1) },
  "joining for the first time": {
    connected: join(undefined),
    retry: join(undefined),
    lost: detached(undefined, 1),
    subscribed: first(at(5)),
    "subscribed with a gap": first(at(8)),
    "subscribed in another epoch, without a word": first(at(5, "f")),
    "subscribed further on, without a word": first(at(8)),
    "subscribed further back": first(at(3)),
    "subscribed further back after a renumbering": first(at(3)),
    "refused for good": ended(undefined, 1),
    "refused for now": later(states["joining for the first time"], 1),
    "refused until later": later(states["joining for the first time"], 1, 7_000),
    "ended by the hub": ended(undefined, 1),
    "ended by the hub for now": later(states["joining for the first time"], 1),
  },
  joining: {
    connected: join(at(5)),
    retry: join(at(5)),
    lost: detached(at(5), 1),
    subscribed: joined(at(5), ready),
    "subscribed with a gap": joined(at(8), gap(at(8), "evicted"), ready),
    "subscribed in another epoch, without a word": joined(at(5, "f"), gap(at(5, "f"), "epoch"), ready),
    "subscribed further on, without a word": joined(at(8), gap(at(8), "transport"), ready),
    "subscribed further back": joined(at(5), ready),
    "subscribed further back after a renumbering": joined(at(3), gap(at(3), "epoch"), ready),
    "refused for good": ended(at(5), 1),
    "refused for now": later(states.joining, 1),
    "refused until later": later(states.joining, 1, 7_000),
    "ended by the hub": ended(at(5), 1),
    "ended by the hub for now": later(states.joining, 1),
  },
  "joining again while behind": {
    connected: join(at(5), { head: at(8), tries: 3 }),
    retry: join(at(5), { head: at(8), tries: 3 }),
    lost: [{ ...states["joining again while behind"], state: "detached" }, []],
    subscribed: [{ ...states["joining again while behind"], state: "live", tries: 4 }, [ready, watch]],
    "subscribed with a gap": joined(at(8), gap(at(8), "evicted"), ready),
    "subscribed in another epoch, without a word": joined(at(5, "f"), gap(at(5, "f"), "epoch"), ready),
    "subscribed further on, without a word": joined(at(8), gap(at(8), "transport"), ready),
    "subscribed further back": [
      { ...states["joining again while behind"], state: "live", tries: 4 },
      [ready, watch],
    ],
    "subscribed further back after a renumbering": joined(at(3), gap(at(3), "epoch"), ready),
    "refused for good": [
      { ...states["joining again while behind"], state: "ended" },
      [gap(null, "authorization"), end],
    ],
    "refused for now": later(states["joining again while behind"], 4, 8_000),
    "refused until later": later(states["joining again while behind"], 4, 7_000),
    "ended by the hub": [
      { ...states["joining again while behind"], state: "ended" },
      [gap(null, "authorization"), end],
    ],
    "ended by the hub for now": later(states["joining again while behind"], 4, 8_000),
  },
  live: {
    connected: join(at(5)),
    lost: detached(at(5), 1),
    "the next": live(at(6), deliver(6)),
    "one too far": join(at(5), { head: at(7) }),
    "a volatile one": live(at(5), deliver(0)),
    "skip on": live(at(8)),
    gap: live(at(8), gap(at(8), "overflow")),
    "gap to another epoch": live(at(0, "f"), gap(at(0, "f"), "epoch")),
    "head further on": join(at(5), { head: at(6) }),
    "head of another epoch": join(at(5), { head: at(5, "f") }),
    "ended by the hub": ended(at(5), 1),
    "ended by the hub for now": later(states.live, 1),
  },
  "live and behind": {
    connected: join(at(5), { head: at(8), tries: 1 }),
    lost: [{ ...states["live and behind"], state: "detached" }, []],
    "the next": [{ ...states["live and behind"], cursor: at(6) }, [deliver(6)]],
    "one too far": join(at(5), { head: at(8), tries: 1 }),
    "a volatile one": [states["live and behind"], [deliver(0)]],
    "skip on": [{ ...states["live and behind"], cursor: at(8) }, []],
    gap: [{ state: "live", cursor: at(8), ref: 1, tries: 1 }, [gap(at(8), "overflow")]],
    "gap to another epoch": [
      { state: "live", cursor: at(0, "f"), ref: 1, tries: 1 },
      [gap(at(0, "f"), "epoch")],
    ],
    "head further on": join(at(5), { head: at(8), tries: 1 }),
    "head of another epoch": join(at(5), { head: at(5, "f"), tries: 1 }),
    "ended by the hub": [{ ...states["live and behind"], state: "ended" }, [gap(null, "authorization"), end]],
    "ended by the hub for now": later(states["live and behind"], 2, 2_000),
    retry: join(at(5), { head: at(8), tries: 1 }),
  },
  "live, with all of a repair": {
    connected: join(at(8), { head: at(8), tries: 1 }),
    lost: [{ ...states["live, with all of a repair"], state: "detached" }, []],
    "a volatile one": [states["live, with all of a repair"], [deliver(0)]],
    "gap to another epoch": [
      { state: "live", cursor: at(0, "f"), ref: 1, tries: 1 },
      [{ do: "gap", gap: { after: at(8), resumeAt: at(0, "f"), reason: "epoch" } }],
    ],
    gap: [
      { state: "live", cursor: at(8), ref: 1, tries: 1 },
      [{ do: "gap", gap: { after: at(8), resumeAt: at(8), reason: "overflow" } }],
    ],
    "head of another epoch": join(at(8), { head: at(5, "f"), tries: 1 }),
    "ended by the hub": [
      { ...states["live, with all of a repair"], state: "ended" },
      [{ do: "gap", gap: { after: at(8), resumeAt: null, reason: "authorization" } }, end],
    ],
    "ended by the hub for now": later(states["live, with all of a repair"], 2, 2_000),
  },
  ended: {},
};

describe.each(Object.keys(states) as StateName[])("%s", (name) => {
  it.each(Object.keys(events) as EventName[])("× %s", (event) => {
    const { next, effects } = streamStep(states[name], events[event], 9);
    expect([next, effects]).toEqual(table[name][event] ?? [states[name], []]);
  });
});

const epoch = fc.constantFrom("e", "f");
const topic = fc.constant("t");
const offset = fc.nat(12);
const position = fc.record({ epoch, offset });
const ref = fc.integer({ min: 1, max: 4 });
const reason = fc.constantFrom<GapReason>(
  "evicted",
  "epoch",
  "overflow",
  "limit",
  "authorization",
  "transport",
);
const anyEvent: fc.Arbitrary<StreamEvent> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ type: "connected" as const }) },
  { weight: 1, arbitrary: fc.constant({ type: "lost" as const }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(position, fc.option(reason, { nil: undefined }), ref)
      .map((subscription) => subscribed(...subscription)),
  },
  { weight: 12, arbitrary: offset.map(notified) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("skip" as const), topic, offset }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("gap" as const), topic, position, reason }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("head" as const), topic, position }) },
  { weight: 1, arbitrary: fc.constant({ type: "retry" as const }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.option(ref, { nil: undefined }),
        fc.constantFrom("forbidden" as const, "rate_limited" as const),
        fc.option(fc.nat(), { nil: undefined }),
      )
      .map((refusal) => refused(...refusal)),
  },
);
/** Every event, with the reference to take if the stream joins. */
const anyRun = fc.array(fc.tuple(anyEvent, ref), { maxLength: 80 });

describe("whatever the hub and the transport do", () => {
  /** Runs the events and shows each effect with the event and the cursor before it. */
  const run = (given: readonly (readonly [StreamEvent, number])[]) => {
    let now: Stream = { state: "detached", cursor: undefined, ref: 0 };
    return given.flatMap(([event, fresh]) => {
      const before = now;
      const { next, effects } = streamStep(now, event, fresh);
      now = next;
      return effects.map((effect) => ({ effect, event, before, next }));
    });
  };
  const property = (check: (steps: ReturnType<typeof run>) => void): void =>
    fc.assert(
      fc.property(anyRun, (given) => check(run(given))),
      { numRuns: 2_000 },
    );

  it("delivers no offset of an epoch twice or out of order, unless the hub said that it was renumbered", () => {
    property((steps) => {
      const last = new Map<string, number>();
      for (const { effect } of steps) {
        if (effect.do === "gap" && effect.gap.reason === "epoch") last.clear();
        if (effect.do !== "deliver" || effect.position.offset === 0) continue;
        const { epoch: within, offset: number } = effect.position;
        expect(number).toBeGreaterThan(last.get(within) ?? 0);
        last.set(within, number);
      }
    });
  });

  it("reports a gap, or was told to skip, before anything that does not follow what was delivered last", () => {
    fc.assert(
      fc.property(anyRun, (given) => {
        let now: Stream = { state: "detached", cursor: undefined, ref: 0 };
        let reached: Position | undefined;
        for (const [event, fresh] of given) {
          const { next, effects } = streamStep(now, event, fresh);
          if (event.type === "skip" && now.state === "live" && reached) {
            reached = { ...reached, offset: Math.max(reached.offset, event.offset) };
          }
          for (const effect of effects) {
            if (effect.do === "gap") reached = effect.gap.resumeAt ?? undefined;
            if (effect.do === "ready") reached ??= next.cursor;
            if (effect.do !== "deliver" || effect.position.offset === 0) continue;
            expect(effect.position).toEqual({ epoch: reached?.epoch, offset: (reached?.offset ?? 0) + 1 });
            reached = effect.position;
          }
          now = next;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("resumes from exactly the position that was delivered, skipped or given up", () => {
    property((steps) => {
      for (const { effect, before } of steps) {
        if (effect.do === "subscribe") expect(effect.position).toEqual(before.cursor);
      }
    });
  });

  it("says nothing after it has ended", () => {
    property((steps) => {
      const index = steps.findIndex(({ effect }) => effect.do === "end");
      if (index !== -1) expect(steps.slice(index + 1)).toEqual([]);
    });
  });
});
