/** Every state of a topic of the upstream × every event. */
import type { Position } from "@bellwire/core";
import type { Subscribe } from "@bellwire/core/adapter";
import { describe, expect, it } from "vitest";
import {
  type Topic,
  type TopicEffect,
  type TopicEvent,
  topicStep,
} from "../../src/client/shared/topic-machine.ts";

const topic = "news.sport";
const at = (offset: number, epoch = "e"): Position => ({ epoch, offset });
const by = (ref: number, position?: Position): Subscribe => ({ type: "subscribe", ref, topic, position });
const links = (entries: Readonly<Record<string, Subscribe | undefined>>) => new Map(Object.entries(entries));

const states = {
  vacant: { name: topic, links: links({}) },
  asking: {
    name: topic,
    links: links({ a: by(1) }),
    asked: { link: "a", ref: 7, position: undefined },
  },
  standing: { name: topic, head: at(5), links: links({ a: undefined }) },
  behind: {
    name: topic,
    head: at(5),
    links: links({ a: undefined, b: by(2, at(1)) }),
    asked: { link: "b", ref: 7, position: at(1) },
  },
  adrift: { name: topic, links: links({ a: undefined }) },
} as const satisfies Record<string, Topic>;

const member = { id: "m" };
const events = {
  "join where it stands": { type: "join", link: "c", message: by(3) },
  "join at 5": { type: "join", link: "c", message: by(3, at(5)) },
  "join at 2": { type: "join", link: "c", message: by(3, at(2)) },
  "join at 9": { type: "join", link: "c", message: by(3, at(9)) },
  "join again": { type: "join", link: "a", message: by(3, at(5)) },
  "leave of a": { type: "leave", link: "a" },
  "leave of b": { type: "leave", link: "b" },
  subscribed: { type: "subscribed", ref: 7, topic, position: at(1) },
  "subscribed with a gap": { type: "subscribed", ref: 7, topic, position: at(8), gap: "evicted" },
  "subscribed, to an older ask": { type: "subscribed", ref: 6, topic, position: at(1) },
  refused: { type: "error", ref: 7, code: "forbidden", message: "no" },
  "refused for its rate": { type: "error", ref: 7, code: "rate_limited", message: "no" },
  "refused, to an older ask": { type: "error", ref: 6, code: "forbidden", message: "no" },
  "ended by the hub": { type: "error", topic, code: "forbidden", message: "over" },
  "notification 6": { type: "notification", topic, event: "said", data: 0, offset: 6, time: 0 },
  "notification 3": { type: "notification", topic, event: "said", data: 0, offset: 3, time: 0 },
  "skip to 9": { type: "skip", topic, offset: 9 },
  "gap to 9": { type: "gap", topic, position: at(9), reason: "overflow" },
  "gap to another epoch": { type: "gap", topic, position: at(2, "f"), reason: "epoch" },
  head: { type: "head", topic, position: at(9) },
  members: { type: "members", topic, members: [member], count: 1 },
  joined: { type: "joined", topic, member },
  left: { type: "left", topic, id: "m" },
} as const satisfies Record<string, TopicEvent>;

type StateName = keyof typeof states;
type EventName = keyof typeof events;

const place = (position: Position | undefined): string =>
  position ? ` at ${position.epoch}${position.offset}` : "";

/** `a b? at e5 asks b`: a has joined, b waits, the stream stands at e5, the hub is asked for b. */
function textOf({ links: all, head, asked }: Topic): string {
  const names = Array.from(all, ([link, waits]) => (waits ? `${link}?` : link)).join(" ");
  return `${names || "-"}${place(head)}${asked ? ` asks ${asked.link}${place(asked.position)}` : ""}`;
}

/** `a: head at e6` is for the link a, and `hub: subscribe at e1` for the hub. */
function effectOf(effect: TopicEffect): string {
  if ("type" in effect) {
    expect(effect.ref).toBe(9);
    return `hub: ${effect.type}${place(effect.type === "subscribe" ? effect.position : undefined)}`;
  }
  const [what, ...to] = effect;
  const ref = "ref" in what ? ` ${what.ref}` : "";
  return `${to.join("+")}: ${what.type}${ref}${place("position" in what ? (what.position ?? undefined) : undefined)}`;
}

/** The next state, and the effects. An event that is not in the table changes nothing. */
const table: Record<StateName, Partial<Record<EventName, string>>> = {
  vacant: {
    "join where it stands": "c? asks c; hub: subscribe",
    "join at 5": "c? asks c at e5; hub: subscribe at e5",
    "join at 2": "c? asks c at e2; hub: subscribe at e2",
    "join at 9": "c? asks c at e9; hub: subscribe at e9",
    "join again": "a? asks a at e5; hub: subscribe at e5",
  },
  asking: {
    "join where it stands": "a? c? asks a",
    "join at 5": "a? c? asks a",
    "join at 2": "a? c? asks a",
    "join at 9": "a? c? asks a",
    "join again": "a? asks a at e5; hub: subscribe at e5",
    "leave of a": "- asks a; hub: unsubscribe",
    subscribed: "a at e1; a: subscribed 1 at e1",
    "subscribed with a gap": "a at e8; a: subscribed 1 at e8",
    refused: "-; a: error 1",
    "refused for its rate": "-; a: error 1",
  },
  standing: {
    "join where it stands": "a c at e5; c: subscribed 3 at e5",
    "join at 5": "a c at e5; c: subscribed 3 at e5",
    "join at 2": "a c? at e5 asks c at e2; hub: subscribe at e2",
    "join at 9": "a c? at e5 asks c at e9; hub: subscribe at e9",
    "join again": "a? at e5 asks a at e5; hub: subscribe at e5",
    "leave of a": "- at e5; hub: unsubscribe",
    "ended by the hub": "-; a: error",
    "notification 6": "a at e6; a: notification",
    "notification 3": "a at e5; a: notification",
    "skip to 9": "a at e9; a: skip",
    "gap to 9": "a at e9; a: gap at e9",
    "gap to another epoch": "a at f2; a: gap at f2",
    head: "a at e5; a: head at e9",
    members: "a at e5; a: members",
    joined: "a at e5; a: joined",
    left: "a at e5; a: left",
  },
  behind: {
    "join where it stands": "a b? c at e5 asks b at e1; c: subscribed 3 at e5",
    "join at 5": "a b? c at e5 asks b at e1; c: subscribed 3 at e5",
    "join at 2": "a b? c? at e5 asks b at e1",
    "join at 9": "a b? c? at e5 asks b at e1",
    "join again": "a? b? at e5 asks b at e1",
    "leave of a": "b? at e5 asks b at e1",
    "leave of b": "a at e5 asks b at e1",
    subscribed: "a b at e5; b: subscribed 2 at e1",
    "subscribed with a gap": "a b at e8; a: head at e8; b: subscribed 2 at e8",
    refused: "a; b: error 2; a: head at e6",
    "refused for its rate": "a at e5; b: error 2",
    "ended by the hub": "b? asks b at e1; a: error",
    "notification 6": "a b? at e6 asks b at e1; a: notification",
    "notification 3": "a b? at e5 asks b at e1; a: notification",
    "skip to 9": "a b? at e9 asks b at e1; a: skip",
    "gap to 9": "a b? at e9 asks b at e1; a: gap at e9",
    "gap to another epoch": "a b? at f2 asks b at e1; a: gap at f2",
    head: "a b? at e5 asks b at e1; a: head at e9",
    members: "a b? at e5 asks b at e1; a: members",
    joined: "a b? at e5 asks b at e1; a: joined",
    left: "a b? at e5 asks b at e1; a: left",
  },
  adrift: {
    "join where it stands": "a c? asks c; hub: subscribe",
    "join at 5": "a c? asks c at e5; hub: subscribe at e5",
    "join at 2": "a c? asks c at e2; hub: subscribe at e2",
    "join at 9": "a c? asks c at e9; hub: subscribe at e9",
    "join again": "a? asks a at e5; hub: subscribe at e5",
    "leave of a": "-; hub: unsubscribe",
    "ended by the hub": "-; a: error",
    "notification 6": "a; a: notification",
    "notification 3": "a; a: notification",
    "skip to 9": "a; a: skip",
    "gap to 9": "a; a: gap at e9",
    "gap to another epoch": "a; a: gap at f2",
    head: "a; a: head at e9",
    members: "a; a: members",
    joined: "a; a: joined",
    left: "a; a: left",
  },
};

describe.each(Object.keys(states) as StateName[])("%s", (name) => {
  it.each(Object.keys(events) as EventName[])("× %s", (event) => {
    const before = structuredClone(states[name]);
    const { next, effects } = topicStep(states[name], events[event], 9);
    const due = effects.filter((effect) => "type" in effect || effect.length > 1).map(effectOf);
    expect([textOf(next), ...due].join("; ")).toBe(table[name][event] ?? textOf(states[name]));
    expect(states[name]).toEqual(before);
  });
});

it("asks the hub for a link that joins a topic with presence, also while the link waits", () => {
  const name = "presence-room.1";
  const message = { ...by(4), topic: name };
  const now: Topic = {
    name,
    head: at(5),
    links: links({ a: undefined, b: { ...by(2), topic: name } }),
    asked: { link: "b", ref: 7, position: at(5) },
  };
  const { next, effects } = topicStep(now, { type: "join", link: "b", message }, 9);
  expect([textOf(next), ...effects.map(effectOf)]).toEqual([
    "a b? at e5 asks b at e5",
    "hub: subscribe at e5",
  ]);
});

it("gives a gap to every link that waits for the position that was asked for, and to no other", () => {
  const waits = links({ a: by(1, at(1)), b: by(2, at(1)), c: by(3, at(2)) });
  const now: Topic = { name: topic, links: waits, asked: { link: "a", ref: 7, position: at(1) } };
  const { next, effects } = topicStep(now, events["subscribed with a gap"], 9);
  expect([textOf(next), ...effects.slice(1).map(effectOf)]).toEqual([
    "a b c? at e8 asks c at e2",
    "a: subscribed 1 at e8",
    "b: subscribed 2 at e8",
    "hub: subscribe at e2",
  ]);
});
