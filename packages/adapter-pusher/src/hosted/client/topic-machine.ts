/**
 * Decides what a channel receives of one topic of a provider that loses, doubles and reorders
 * events; performs nothing, and knows no time. Its messages follow PROTOCOL.md: in order and once,
 * or a gap first.
 *
 *          subscribe        joined               read
 *   left ───────────▶ joining ──────▶ catching_up ──────▶ live ◀─┐
 *    ▲                  │              │     ▲  ▲           │ └───┘ a hole, then `waited`
 *    │ refused          │        unread│     │  └───────────┘ subscribe
 *    ├──────────────────┘              ▼     │
 *    │                              paused ──┘ subscribe
 *    └── `unsubscribe`, or an `unread` for good, from every state after joining
 *
 * With a history, a hole is read from it. Without one, `joined` leads straight to `live`; a hole
 * becomes a gap, and so does every new link. The offsets are then this end's own, because nobody
 * can say where the topic stands before its next notification.
 */
import { ERRORS, type Position } from "@bellwire/core";
import { advance, isDeliverable, jump, ownPosition, take, wait } from "./delivery.ts";
import { heldAfter, hold, isFull } from "./held.ts";
import { after, isSame } from "./place.ts";
import {
  andThen,
  type HistoryAnswer,
  type HostedTopic,
  PATIENCE,
  type Refusal,
  say,
  type TopicEffect,
  type TopicEvent,
  type TopicStep,
  to,
} from "./topic-state.ts";

type Arrived = Extract<TopicEvent, { type: "arrived" }>;

/** The longest wait in milliseconds; it doubles while the history lacks the notification, too. */
const LONGEST_PATIENCE = 8_000;

/** The next state and what to do. An event that means nothing in a state changes nothing. */
export function topicStep(now: HostedTopic, event: TopicEvent): TopicStep {
  switch (now.state) {
    case "left":
      return left(now, event);
    case "joining":
      return joining(now, event);
    case "catching_up":
    case "paused":
      return joined(now, event);
    case "live":
      return live(now, event);
  }
}

function commandOf({ ref, position }: Extract<TopicEvent, { type: "subscribe" }>): HostedTopic["pending"] {
  return { ref, position };
}

function left(now: HostedTopic, event: TopicEvent): TopicStep {
  switch (event.type) {
    case "subscribe":
      return to({ ...now, state: "joining", pending: commandOf(event) }, { do: "join" });
    case "unsubscribe":
    case "joined":
    case "refused":
    case "arrived":
    case "volatile":
    case "lost":
    case "waited":
    case "check":
    case "read":
    case "unread":
      return to(now);
  }
}

function joining(now: HostedTopic, event: TopicEvent): TopicStep {
  switch (event.type) {
    case "subscribe":
      return to({ ...now, pending: commandOf(event) });
    case "unsubscribe":
      return leave(now);
    case "joined":
      return begin(now);
    case "refused":
      return to(ended(now), failure(now, event.refusal));
    case "arrived":
      return held(now, event);
    case "volatile":
    case "lost":
    case "waited":
    case "check":
    case "read":
    case "unread":
      return to(now);
  }
}

/** The provider's events come, and the channel has no answer, or was refused for a while. */
function joined(now: HostedTopic, event: TopicEvent): TopicStep {
  switch (event.type) {
    case "subscribe":
      return begin({ ...now, pending: commandOf(event) });
    case "unsubscribe":
      return leave(now);
    case "arrived":
      return held(now, event);
    case "waited":
      return to({ ...now, waiting: false });
    case "read":
      return now.reading?.number === event.number ? caughtUp(now, event.answer) : to(now);
    case "unread":
      return now.reading?.number === event.number ? unread(now, event.refusal) : to(now);
    case "joined":
    case "refused":
    case "volatile":
    case "lost":
    case "check":
      return to(now);
  }
}

function live(now: HostedTopic, event: TopicEvent): TopicStep {
  switch (event.type) {
    case "subscribe":
      return begin({ ...now, pending: commandOf(event) });
    case "unsubscribe":
      return leave(now);
    case "arrived":
      return arrived(now, event);
    case "volatile":
      return to(now, say(event.message));
    case "lost":
      return lost(now);
    case "waited":
      return waited({ ...now, waiting: false });
    case "check":
      return now.history && !now.reading ? read(now, now.cursor) : to(now);
    case "read":
      return now.reading?.number === event.number ? compared(now, event.answer) : to(now);
    case "unread":
      return now.reading?.number === event.number ? unread(now, event.refusal) : to(now);
    case "joined":
    case "refused":
      return to(now);
  }
}

/** The provider has agreed: reads what the channel missed, or begins where there is no history. */
function begin(now: HostedTopic): TopicStep {
  const { ref = 0, position } = now.pending ?? {};
  if (now.history) return read({ ...now, state: "catching_up", cursor: undefined }, position);
  const own = ownPosition(now);
  const subscribed = { type: "subscribed", ref, topic: now.topic, position: own } as const;
  const isUnbroken = !position || isSame(position, own);
  return andThen(
    to(
      { ...now, state: "live", pending: undefined },
      say(isUnbroken ? subscribed : { ...subscribed, gap: "transport" }),
    ),
    advance,
  );
}

/** Holds an arrival whose predecessor is not known yet. */
function held(now: HostedTopic, { place, arrival }: Arrived): TopicStep {
  return to({ ...now, held: hold(now.held, place, arrival, now.cursor?.epoch) });
}

function arrived(now: HostedTopic, event: Arrived): TopicStep {
  const { place, arrival } = event;
  const { cursor } = now;
  if (place.epoch === cursor?.epoch && place.offset <= cursor.offset) return to(now);
  if (isSame(place, after(cursor)) && isDeliverable(now, arrival))
    return andThen(take(now, place.offset, arrival), advance);
  // After the jump the arrival may be the next one, or be behind the cursor.
  if (isFull(now.held) && !now.history) return andThen(jump(now), (moved) => arrived(moved, event));
  return andThen(held(now, event), advance);
}

function lost(now: HostedTopic): TopicStep {
  const shifted = { ...now, shift: now.shift + 1 };
  const position = ownPosition(shifted);
  return to(shifted, say({ type: "gap", topic: now.topic, position, reason: "transport" }));
}

function waited(now: HostedTopic): TopicStep {
  if (now.reading || now.held.arrivals.size === 0) return to(now);
  return now.history ? read(now, now.cursor) : jump(now);
}

/** The history's answer to a subscribe command. */
function caughtUp(now: HostedTopic, answer: HistoryAnswer): TopicStep {
  const { position, gap } = answer;
  const { ref = 0 } = now.pending ?? {};
  const subscribed = { type: "subscribed", ref, topic: now.topic, position, ...(gap && { gap }) } as const;
  const begun: HostedTopic = { ...now, state: "live", pending: undefined, cursor: position };
  return told(now, to(begun, say(subscribed)), answer);
}

/** The history's answer to a read that this end began. */
function compared(now: HostedTopic, answer: HistoryAnswer): TopicStep {
  const { position, gap } = answer;
  if (!gap) return told(now, to(now), answer);
  // Notifications that arrived meanwhile have closed the gap that the history reports.
  const isRefuted = gap !== "epoch" && !isSame(now.reading?.after, now.cursor);
  if (isRefuted) return advance({ ...now, reading: undefined });
  const message = { type: "gap", topic: now.topic, position, reason: gap } as const;
  return told(now, to({ ...now, cursor: position }, say(message)), answer);
}

/** Continues from `step`, which answers the channel, with the messages of the history. */
function told({ cursor: before }: HostedTopic, step: TopicStep, answer: HistoryAnswer): TopicStep {
  let all = step;
  for (const message of answer.gap ? [] : answer.messages) {
    all = andThen(all, (at) =>
      take(
        at,
        message.offset,
        message.type === "skip" ? { kind: "skip" } : { kind: "notification", message },
      ),
    );
  }
  return andThen(all, (at) =>
    advance({
      ...at,
      reading: undefined,
      // Arrivals of another epoch came before the topic was renumbered.
      held: heldAfter(at.held, at.cursor),
      patience: isSame(before, at.cursor) ? longer(at.patience) : PATIENCE,
    }),
  );
}

function unread(now: HostedTopic, refusal: Refusal): TopicStep {
  const rest = now.patience;
  const retryAfter = refusal.retryAfter ?? rest;
  const failed = { ...now, reading: undefined, patience: longer(rest) };
  const said = failure(now, { ...refusal, retryAfter });
  if (!ERRORS[refusal.code].retryable) return andThen(to(failed, said), leave);
  // The channel subscribes again, and the provider need not be asked again for that.
  if (now.pending) return to({ ...failed, state: "paused", pending: undefined }, said);
  return now.held.arrivals.size > 0 ? wait(failed, Math.max(rest, retryAfter)) : to(failed);
}

function read(now: HostedTopic, from: Position | undefined): TopicStep {
  const number = now.reads + 1;
  const reading = { number, after: from };
  return to({ ...now, reads: number, reading }, { do: "read", ...reading });
}

function failure({ pending, topic }: HostedTopic, { code, message, retryAfter }: Refusal): TopicEffect {
  const about = pending ? { ref: pending.ref } : { topic };
  const later = ERRORS[code].retryable && retryAfter !== undefined ? { retryAfter } : {};
  return say({ type: "error", ...about, code, message, ...later });
}

function leave(now: HostedTopic): TopicStep {
  return to(ended(now), { do: "leave" });
}

function ended(now: HostedTopic): HostedTopic {
  return {
    ...now,
    state: "left",
    pending: undefined,
    reading: undefined,
    cursor: undefined,
    held: heldAfter(now.held, undefined),
  };
}

function longer(patience: number): number {
  return Math.min(patience * 2, LONGEST_PATIENCE);
}
