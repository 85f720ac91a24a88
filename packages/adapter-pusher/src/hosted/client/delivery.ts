/**
 * Delivers the arrivals of a live topic in order; waits for missing ones, and gives them up. Pure.
 */
import type { Position } from "@bellwire/core";
import type { ServerMessage } from "@bellwire/core/adapter";
import { type Arrival, earliest, heldAfter, heldAt } from "./held.ts";
import { after } from "./place.ts";
import { andThen, type HostedTopic, say, type TopicStep, to } from "./topic-state.ts";

/** Delivers the arrivals that follow the cursor, and waits when one in between is missing. */
export function advance(now: HostedTopic): TopicStep {
  let step = to(now);
  for (;;) {
    const next = after(step.next.cursor);
    const arrival = next && heldAt(step.next.held, next);
    if (!arrival || !isDeliverable(now, arrival)) break;
    step = andThen(step, (at) => take(at, next.offset, arrival));
  }
  return step.next.held.arrivals.size > 0 ? andThen(step, (at) => wait(at, at.patience)) : step;
}

/**
 * Whether an arrival can be delivered as it is. A stored one has to be read, if there is a history.
 */
export function isDeliverable({ history }: HostedTopic, { kind }: Arrival): boolean {
  return kind !== "stored" || !history;
}

/** Delivers an arrival if it is the one after the cursor. */
export function take(now: HostedTopic, offset: number, arrival: Arrival): TopicStep {
  const { cursor } = now;
  if (!cursor || offset !== cursor.offset + 1) return to(now);
  const place = { epoch: cursor.epoch, offset };
  const held = heldAt(now.held, place) ? heldAfter(now.held, place) : now.held;
  return to({ ...now, cursor: place, held }, say(messageOf(now, offset + now.shift, arrival)));
}

function messageOf({ topic, ownEpoch }: HostedTopic, offset: number, arrival: Arrival): ServerMessage {
  switch (arrival.kind) {
    case "notification":
      return { ...arrival.message, offset };
    case "skip":
      return { type: "skip", topic, offset };
    case "stored":
      return { type: "gap", topic, position: { epoch: ownEpoch, offset }, reason: "transport" };
  }
}

/**
 * Gives up missing notifications where there is no history: reports a gap and continues with the
 * earliest arrival.
 */
export function jump(now: HostedTopic): TopicStep {
  const first = earliest(now.held);
  if (!first) return to(now);
  const { cursor } = now;
  const place = { epoch: first.epoch, offset: first.offset - 1 };
  if (!cursor) return advance({ ...now, cursor: place, shift: 0 - place.offset });
  // The channel's offsets pass over as many as are missing; across epochs nobody knows how many.
  const reached = (first.epoch === cursor.epoch ? place.offset : cursor.offset) + now.shift;
  const position = { epoch: now.ownEpoch, offset: reached };
  const moved = { ...now, cursor: place, shift: reached - place.offset };
  return andThen(to(moved, say({ type: "gap", topic: now.topic, position, reason: "transport" })), advance);
}

/** Where the topic stands in the offsets that this end makes up. */
export function ownPosition({ ownEpoch, cursor, shift }: HostedTopic): Position {
  return { epoch: ownEpoch, offset: (cursor?.offset ?? 0) + shift };
}

/** Starts a wait, unless one is under way. */
export function wait(now: HostedTopic, ms: number): TopicStep {
  return now.waiting ? to(now) : to({ ...now, waiting: true }, { do: "wait", ms });
}
