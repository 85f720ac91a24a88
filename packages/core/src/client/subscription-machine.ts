/**
 * Decides what a topic's stream of notifications does; performs nothing. It alone guards order,
 * duplicates and gaps: a notification is delivered only when its offset is the cursor's plus one.
 *
 *   detached ──connected──▶ joining ──subscribed──▶ live
 *      ▲                     │  ▲                    │
 *      └──────── lost ───────┴──┼── lost ────────────┤
 *                               └─ discontinuity ────┘
 *   a refusal that is not retryable leads to `ended`, which is final.
 */
import { ERRORS, type ErrorCode } from "../errors.ts";
import type {
  Failed,
  GapMessage,
  GapReason,
  Head,
  Notified,
  Position,
  Skip,
  Subscribed,
} from "../protocol/messages.ts";
import { type Step, to } from "./step.ts";

/** A break in the stream: continuity could not be proven. */
export interface Gap {
  readonly topic: string;
  /** The last position delivered. */
  readonly after: Position;
  /**
   * The position from which the stream goes on: the next notification has the offset after it.
   * Null: the stream does not go on.
   */
  readonly resumeAt: Position | null;
  readonly reason: GapReason;
}

export interface Stream {
  readonly state: "detached" | "joining" | "live" | "ended";
  /** The last position delivered, skipped or given by the hub. */
  readonly cursor: Position | undefined;
  /** The ref of the subscribe command under way. */
  readonly ref: number;
  /**
   * The newest position that the hub reported. Something is missing until the cursor reaches it or
   * a gap comes.
   */
  readonly head?: Position | undefined;
  /** Subscribes that the stream had to repeat since it last had everything. */
  readonly tries?: number;
}

export type StreamEvent =
  /** A link exists; the link is lost; the time for another try has come. */
  | { readonly type: "connected" | "lost" | "retry" }
  /**
   * The hub refused the subscription (with `ref`) or ended it (without); only for a while if the
   * code is retryable.
   */
  | Failed
  | Subscribed
  | Notified
  | Skip
  | GapMessage
  | Head;

export type StreamEffect =
  | { readonly do: "subscribe"; readonly ref: number; readonly position: Position | undefined }
  | { readonly do: "deliver"; readonly message: Notified; readonly position: Position }
  | { readonly do: "gap"; readonly gap: Omit<Gap, "topic"> }
  | { readonly do: "ready" }
  | { readonly do: "retry"; readonly after: number }
  | { readonly do: "end"; readonly code: ErrorCode; readonly message: string };

type StreamStep = Step<Stream, StreamEffect>;

/**
 * Milliseconds before a refused subscription is tried again, unless the hub says another time, and
 * before a repair that has not come is asked for again. Doubled with each try, up to 32 s.
 */
const RETRY = 1_000;

/**
 * The next state and what to do. `ref` is a fresh reference, for the case that the stream has to
 * join. An event that means nothing in a state changes nothing.
 */
export function streamStep(now: Stream, event: StreamEvent, ref: number): StreamStep {
  if (now.state === "ended") return to(now);
  switch (event.type) {
    case "connected":
      return join(now, ref);
    case "retry":
      // A live stream tries again only while it misses something, as the repair may be lost, too.
      return now.state === "joining" || (now.state === "live" && isBehind(now)) ? join(now, ref) : to(now);
    case "lost":
      return to({ ...now, state: "detached" });
    case "subscribed":
      return now.state === "joining" && event.ref === now.ref ? joined(now, event) : to(now);
    case "error":
      return refused(now, event);
    default:
      return now.state === "live" && now.cursor ? live(now, now.cursor, event, ref) : to(now);
  }
}

function live(
  now: Stream,
  cursor: Position,
  event: Notified | Skip | GapMessage | Head,
  ref: number,
): StreamStep {
  switch (event.type) {
    case "notification": {
      const position = { ...cursor, offset: event.offset };
      const deliver = { do: "deliver", message: event, position } as const;
      if (event.offset === 0) return to(now, deliver);
      if (event.offset <= cursor.offset) return to(now);
      return event.offset > cursor.offset + 1
        ? join(told(now, position), ref)
        : to({ ...now, cursor: position }, deliver);
    }
    case "skip":
      if (event.offset <= cursor.offset) return to(now);
      return to({ ...now, cursor: { ...cursor, offset: event.offset } });
    case "gap":
      return gapped(now, cursor, event.position, event.reason);
    case "head": {
      const { epoch, offset } = event.position;
      return epoch === cursor.epoch && offset <= cursor.offset
        ? to(now)
        : join(told(now, event.position), ref);
    }
  }
}

function joined(now: Stream, { position, gap }: Subscribed): StreamStep {
  const { cursor } = now;
  const live: Stream = { ...now, state: "live" };
  const ready = { do: "ready" } as const;
  const within = position.epoch === cursor?.epoch;
  // A hub that goes on from another position without a gap has proven nothing.
  const reason = gap ?? (within ? "transport" : "epoch");
  const proven = !cursor || (within && position.offset === cursor.offset && !gap);
  const step = proven
    ? to({ ...live, cursor: position }, ready)
    : gapped(live, cursor, position, reason, ready);
  return isBehind(step.next) ? again(step) : to({ ...step.next, tries: 0 }, ...step.effects);
}

function refused(now: Stream, { ref, code, message, retryAfter }: Failed): StreamStep {
  if (ref !== undefined && (now.state !== "joining" || ref !== now.ref)) return to(now);
  // Answers to earlier subscribes no longer count.
  if (ERRORS[code].retryable)
    return now.state === "detached" ? to(now) : again(to({ ...now, state: "joining", ref: 0 }), retryAfter);
  const gaps = now.cursor ? [gapAfter(now.cursor, null, "authorization")] : [];
  return to({ ...now, state: "ended" }, ...gaps, { do: "end", code, message });
}

/** Adds another try after a while to the step. */
function again({ next, effects }: StreamStep, after?: number): StreamStep {
  const { tries = 0 } = next;
  const retry = { do: "retry", after: after ?? RETRY * 2 ** Math.min(tries, 5) } as const;
  return to({ ...next, tries: tries + 1 }, ...effects, retry);
}

/**
 * Goes on from `position` with a gap before it; or from the cursor if `position` lies behind it,
 * since then nothing is missing.
 */
function gapped(
  now: Stream,
  cursor: Position,
  position: Position,
  reason: GapReason,
  ...effects: readonly StreamEffect[]
): StreamStep {
  // Only the reason `epoch` may move a cursor back, since the cursor was never valid then.
  if (reason !== "epoch" && position.epoch === cursor.epoch && position.offset < cursor.offset)
    return to(now, ...effects);
  return to({ ...now, cursor: position, head: undefined }, gapAfter(cursor, position, reason), ...effects);
}

function gapAfter(after: Position, resumeAt: Position | null, reason: GapReason): StreamEffect {
  return { do: "gap", gap: { after, resumeAt, reason } };
}

/** Remembers the highest position that the hub reported. */
function told(now: Stream, head: Position): Stream {
  return isBehind({ ...now, cursor: head }) ? now : { ...now, head };
}

function isBehind({ head, cursor }: Stream): boolean {
  return head?.epoch === cursor?.epoch && (head?.offset ?? 0) > (cursor?.offset ?? 0);
}

function join(now: Stream, ref: number): StreamStep {
  return to({ ...now, state: "joining", ref }, { do: "subscribe", ref, position: now.cursor });
}
