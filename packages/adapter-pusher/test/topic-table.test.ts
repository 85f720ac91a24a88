/** Every state of a hosted topic × every event. */
import type { Position } from "@bellwire/core";
import type { Notified } from "@bellwire/core/adapter";
import { describe, expect, it } from "vitest";
import { type Arrival, type Held, hold, NOTHING } from "../src/hosted/client/held.ts";
import { topicStep } from "../src/hosted/client/topic-machine.ts";
import {
  type HostedTopic,
  newTopic,
  type TopicEffect,
  type TopicEvent,
} from "../src/hosted/client/topic-state.ts";

const at = (offset: number, epoch = "e"): Position => ({ epoch, offset });
const note = (offset: number): Notified => ({
  type: "notification",
  topic: "t",
  event: "said",
  data: offset,
  offset,
  time: 0,
});
const arrival = (offset: number): Arrival => ({ kind: "notification", message: note(offset) });
const holding = (place: Position, held: Held = NOTHING): Held =>
  hold(held, place, arrival(place.offset), "e");

const backed = newTopic({ topic: "t", history: true, ownEpoch: "own" });
const unbacked = newTopic({ topic: "t", history: false, ownEpoch: "own" });
const pending = { ref: 1, position: at(4) };
const reading = { number: 3, after: at(4) };

const states = {
  left: backed,
  joining: { ...backed, state: "joining", pending },
  "catching up": { ...backed, state: "catching_up", pending, reading, reads: 3, held: holding(at(6)) },
  paused: { ...backed, state: "paused", reads: 3, patience: 1_000 },
  live: { ...backed, state: "live", cursor: at(5), reads: 3 },
  "live before a hole": {
    ...backed,
    state: "live",
    cursor: at(5),
    reads: 3,
    held: holding(at(7)),
    waiting: true,
  },
  comparing: { ...backed, state: "live", cursor: at(5), reading: { number: 3, after: at(5) }, reads: 3 },
  "live without a history": { ...unbacked, state: "live", cursor: at(5), shift: -2 },
  "live without a history, before a hole": {
    ...unbacked,
    state: "live",
    cursor: at(5),
    shift: -2,
    held: holding(at(8)),
    waiting: true,
  },
} as const satisfies Record<string, HostedTopic>;

const events = {
  subscribe: { type: "subscribe", ref: 2, position: at(3) },
  unsubscribe: { type: "unsubscribe" },
  joined: { type: "joined" },
  "refused for good": { type: "refused", refusal: { code: "forbidden", message: "no" } },
  "refused for a while": {
    type: "refused",
    refusal: { code: "rate_limited", message: "no", retryAfter: 70 },
  },
  "the next": { type: "arrived", place: at(6), arrival: arrival(6) },
  "the same again": { type: "arrived", place: at(5), arrival: arrival(5) },
  "one too far": { type: "arrived", place: at(9), arrival: arrival(9) },
  "one of another epoch": { type: "arrived", place: at(1, "f"), arrival: arrival(1) },
  "the next, which is stored": { type: "arrived", place: at(6), arrival: { kind: "stored" } },
  "the next, which is skipped": { type: "arrived", place: at(6), arrival: { kind: "skip" } },
  volatile: { type: "volatile", message: note(0) },
  lost: { type: "lost" },
  waited: { type: "waited" },
  check: { type: "check" },
  "read everything": { type: "read", number: 3, answer: { position: at(5), messages: [note(6)] } },
  "read nothing": { type: "read", number: 3, answer: { position: at(5), messages: [] } },
  "read a gap": { type: "read", number: 3, answer: { position: at(8), gap: "evicted", messages: [] } },
  "read another epoch": {
    type: "read",
    number: 3,
    answer: { position: at(2, "f"), gap: "epoch", messages: [] },
  },
  "an answer to an earlier read": { type: "read", number: 2, answer: { position: at(9), messages: [] } },
  "not read for a while": { type: "unread", number: 3, refusal: { code: "link_lost", message: "no" } },
  "never to be read": { type: "unread", number: 3, refusal: { code: "forbidden", message: "no" } },
  "not read earlier": { type: "unread", number: 2, refusal: { code: "forbidden", message: "no" } },
} as const satisfies Record<string, TopicEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;
type Expected = readonly [change: Partial<HostedTopic>, ...effects: TopicEffect[]];

const says = (message: Extract<TopicEffect, { do: "say" }>["message"]): TopicEffect => ({
  do: "say",
  message,
});
const delivers = (offset: number, shown = offset): TopicEffect => says({ ...note(offset), offset: shown });
const skips = (offset: number): TopicEffect => says({ type: "skip", topic: "t", offset });
const gap = (position: Position, reason: "transport" | "evicted" | "epoch" = "transport"): TopicEffect =>
  says({ type: "gap", topic: "t", position, reason });
const subscribed = (position: Position, ref = 1, reason?: "transport" | "evicted" | "epoch"): TopicEffect =>
  says({ type: "subscribed", ref, topic: "t", position, ...(reason && { gap: reason }) });
const fails = (
  code: "forbidden" | "rate_limited" | "link_lost",
  about: { readonly ref: number } | { readonly topic: string },
  retryAfter?: number,
): TopicEffect =>
  says({ type: "error", ...about, code, message: "no", ...(retryAfter !== undefined && { retryAfter }) });
const reads = (number: number, after: Position | undefined): TopicEffect => ({ do: "read", number, after });
const waits = (ms: number): TopicEffect => ({ do: "wait", ms });
const leaves: TopicEffect = { do: "leave" };

const command = { ref: 2, position: at(3) };
const over = { state: "left", pending: undefined, reading: undefined, cursor: undefined } as const;
const emptied = (epoch: string): Held => ({ epoch, arrivals: new Map() });
const own = (offset: number): Position => at(offset, "own");

/** A subscribe command while the provider's events come. */
const catchesUp = (number: number): Expected => [
  {
    state: "catching_up",
    pending: command,
    cursor: undefined,
    reads: number,
    reading: { number, after: at(3) },
  },
  reads(number, at(3)),
];
const comparesAgain = (number: number): Expected => [
  { reads: number, reading: { number, after: at(5) }, waiting: false },
  reads(number, at(5)),
];

/** Each state with its events that change something; the others change nothing. */
const table: Record<StateName, Partial<Record<EventName, Expected>>> = {
  left: { subscribe: [{ state: "joining", pending: command }, { do: "join" }] },
  joining: {
    subscribe: [{ pending: command }],
    unsubscribe: [over, leaves],
    joined: [{ state: "catching_up", reads: 1, reading: { number: 1, after: at(4) } }, reads(1, at(4))],
    "refused for good": [over, fails("forbidden", { ref: 1 })],
    "refused for a while": [over, fails("rate_limited", { ref: 1 }, 70)],
    "the next": [{ held: holding(at(6)) }],
    "the same again": [{ held: holding(at(5)) }],
    "one too far": [{ held: holding(at(9)) }],
    "one of another epoch": [{ held: holding(at(1, "f")) }],
    "the next, which is stored": [{ held: hold(NOTHING, at(6), { kind: "stored" }, undefined) }],
    "the next, which is skipped": [{ held: hold(NOTHING, at(6), { kind: "skip" }, undefined) }],
  },
  "catching up": {
    subscribe: catchesUp(4),
    unsubscribe: [{ ...over, held: emptied("e") }, leaves],
    "the same again": [{ held: holding(at(5), holding(at(6))) }],
    "one too far": [{ held: holding(at(9), holding(at(6))) }],
    "one of another epoch": [{ held: holding(at(1, "f")) }],
    "read everything": [
      { state: "live", pending: undefined, reading: undefined, cursor: at(6), held: emptied("e") },
      subscribed(at(5)),
      delivers(6),
    ],
    "read nothing": [
      { state: "live", pending: undefined, reading: undefined, cursor: at(6), held: emptied("e") },
      subscribed(at(5)),
      delivers(6),
    ],
    "read a gap": [
      { state: "live", pending: undefined, reading: undefined, cursor: at(8), held: emptied("e") },
      subscribed(at(8), 1, "evicted"),
    ],
    "read another epoch": [
      { state: "live", pending: undefined, reading: undefined, cursor: at(2, "f"), held: emptied("e") },
      subscribed(at(2, "f"), 1, "epoch"),
    ],
    "not read for a while": [
      { state: "paused", pending: undefined, reading: undefined, patience: 1_000 },
      fails("link_lost", { ref: 1 }, 500),
    ],
    "never to be read": [
      { ...over, held: emptied("e"), patience: 1_000 },
      fails("forbidden", { ref: 1 }),
      leaves,
    ],
  },
  paused: {
    subscribe: catchesUp(4),
    unsubscribe: [over, leaves],
    "the next": [{ held: holding(at(6)) }],
    "the same again": [{ held: holding(at(5)) }],
    "one too far": [{ held: holding(at(9)) }],
    "one of another epoch": [{ held: holding(at(1, "f")) }],
    "the next, which is stored": [{ held: hold(NOTHING, at(6), { kind: "stored" }, undefined) }],
    "the next, which is skipped": [{ held: hold(NOTHING, at(6), { kind: "skip" }, undefined) }],
  },
  live: {
    subscribe: catchesUp(4),
    unsubscribe: [over, leaves],
    "the next": [{ cursor: at(6) }, delivers(6)],
    "one too far": [{ held: holding(at(9)), waiting: true }, waits(500)],
    "one of another epoch": [{ held: holding(at(1, "f")), waiting: true }, waits(500)],
    "the next, which is stored": [
      { held: hold(NOTHING, at(6), { kind: "stored" }, undefined), waiting: true },
      waits(500),
    ],
    "the next, which is skipped": [{ cursor: at(6) }, skips(6)],
    volatile: [{}, delivers(0)],
    lost: [{ shift: 1 }, gap(own(6))],
    check: comparesAgain(4),
  },
  "live before a hole": {
    subscribe: catchesUp(4),
    unsubscribe: [{ ...over, held: emptied("e") }, leaves],
    "the next": [{ cursor: at(7), held: emptied("e") }, delivers(6), delivers(7)],
    "one too far": [{ held: holding(at(9), holding(at(7))) }],
    "one of another epoch": [{ held: holding(at(1, "f")) }],
    "the next, which is stored": [{ held: hold(holding(at(7)), at(6), { kind: "stored" }, "e") }],
    "the next, which is skipped": [{ cursor: at(7), held: emptied("e") }, skips(6), delivers(7)],
    volatile: [{}, delivers(0)],
    lost: [{ shift: 1 }, gap(own(6))],
    waited: comparesAgain(4),
    check: [{ reads: 4, reading: { number: 4, after: at(5) } }, reads(4, at(5))],
  },
  comparing: {
    subscribe: catchesUp(4),
    unsubscribe: [over, leaves],
    "the next": [{ cursor: at(6) }, delivers(6)],
    "one too far": [{ held: holding(at(9)), waiting: true }, waits(500)],
    "one of another epoch": [{ held: holding(at(1, "f")), waiting: true }, waits(500)],
    "the next, which is stored": [
      { held: hold(NOTHING, at(6), { kind: "stored" }, undefined), waiting: true },
      waits(500),
    ],
    "the next, which is skipped": [{ cursor: at(6) }, skips(6)],
    volatile: [{}, delivers(0)],
    lost: [{ shift: 1 }, gap(own(6))],
    "read everything": [{ reading: undefined, cursor: at(6) }, delivers(6)],
    "read nothing": [{ reading: undefined, patience: 1_000 }],
    "read a gap": [{ reading: undefined, cursor: at(8) }, gap(at(8), "evicted")],
    "read another epoch": [{ reading: undefined, cursor: at(2, "f") }, gap(at(2, "f"), "epoch")],
    "not read for a while": [{ reading: undefined, patience: 1_000 }],
    "never to be read": [{ ...over, patience: 1_000 }, fails("forbidden", { topic: "t" }), leaves],
  },
  "live without a history": {
    subscribe: [{}, subscribed(own(3), 2, "transport")],
    unsubscribe: [over, leaves],
    "the next": [{ cursor: at(6) }, delivers(6, 4)],
    "one too far": [{ held: holding(at(9)), waiting: true }, waits(500)],
    "one of another epoch": [{ held: holding(at(1, "f")), waiting: true }, waits(500)],
    "the next, which is stored": [{ cursor: at(6) }, gap(own(4))],
    "the next, which is skipped": [{ cursor: at(6) }, skips(4)],
    volatile: [{}, delivers(0)],
    lost: [{ shift: -1 }, gap(own(4))],
  },
  "live without a history, before a hole": {
    subscribe: [{}, subscribed(own(3), 2, "transport")],
    unsubscribe: [{ ...over, held: emptied("e") }, leaves],
    "the next": [{ cursor: at(6) }, delivers(6, 4)],
    "one too far": [{ held: holding(at(9), holding(at(8))) }],
    "one of another epoch": [{ held: holding(at(1, "f")) }],
    "the next, which is stored": [{ cursor: at(6) }, gap(own(4))],
    "the next, which is skipped": [{ cursor: at(6) }, skips(4)],
    volatile: [{}, delivers(0)],
    lost: [{ shift: -1 }, gap(own(4))],
    waited: [{ cursor: at(8), held: emptied("e"), waiting: false }, gap(own(5)), delivers(8, 6)],
  },
};

describe.each(Object.keys(states) as StateName[])("a topic that is %s", (name) => {
  it.each(Object.keys(events) as EventName[])("does what the table says at: %s", (event) => {
    const before: HostedTopic = states[name];
    const [change, ...effects] = table[name][event] ?? [{}];
    expect(topicStep(before, events[event])).toEqual({ next: { ...before, ...change }, effects });
  });
});
