/**
 * Decides what a topic's stream of notifications does; performs nothing. It alone guards order, duplicates and gaps: a notification is
 * delivered only when its offset is the cursor's plus one.
 *
 *   detached ──connected──▶ joining ──subscribed──▶ live
 *      ▲                     │  ▲                    │
 *      └──────── lost ───────┴──┼── lost ────────────┤
 *                               └─ discontinuity ────┘
 *   a refusal that is not retryable leads to `ended`; nothing leads out of it.
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

/** Continuity that could not be proven. */
export interface Gap {
  readonly topic: string;
  /** The last position delivered. */
  readonly after: Position;
  /** Where the stream goes on: the next notification has the offset after this one. Null: it does not go on. */
  readonly resumeAt: Position | null;
  readonly reason: GapReason;
}

export interface Stream {
  readonly state: "detached" | "joining" | "live" | "ended";
  /** The last position delivered, skipped or given by the hub. */
  readonly cursor: Position | undefined;
  /** Of the subscribe command under way. */
  readonly ref: number;
  /** The newest position that the hub spoke of. Until the cursor has reached it, or a gap came, something is still missing. */
  readonly head?: Position | undefined;
  /** The cursor's offset when the stream last asked for what is missing, or looked whether it comes. */
  readonly seen?: number | undefined;
  /** Refusals that were not final since the last answer. */
  readonly refusals?: number;
}

export type StreamEvent =
  /** There is a link; it is gone; the time to try again has come. */
  | { readonly type: "connected" | "lost" | "retry" }
  /** The hub refused the subscription (`ref`), or ended it (no `ref`); for now, where the code is retryable. */
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
 * Milliseconds before a refused subscription is tried again, when the hub does not say; doubled with each further refusal, up to 32 s.
 * Also those in which some of a repair must have come, or it is asked for again.
 */
const RETRY = 1_000;
const WATCH: StreamEffect = { do: "retry", after: RETRY };

/**
 * The next state and what to do. `ref` is a fresh reference, for the case that the stream has to join.
 * An event that means nothing in a state changes nothing.
 */
export function streamStep(now: Stream, event: StreamEvent, ref: number): StreamStep {
  if (now.state === "ended") return to(now);
  switch (event.type) {
    case "connected":
      return join(now, ref);
    case "retry":
      if (now.state === "live" && now.cursor && isBehind(now, now.cursor)) {
        // What still comes is under way. What does not was lost, like what it was to repair.
        const { offset } = now.cursor;
        return offset === now.seen ? join(now, ref) : to({ ...now, seen: offset }, WATCH);
      }
      return now.state === "joining" ? join(now, ref) : to(now);
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
  const live: Stream = { ...now, state: "live", refusals: 0, seen: cursor?.offset };
  const ready = { do: "ready" } as const;
  if (!cursor) return to({ ...live, cursor: position }, ready);
  // A hub that goes on from somewhere else without saying so has proven nothing.
  const reason = gap ?? (position.epoch === cursor.epoch ? "transport" : "epoch");
  const same = position.epoch === cursor.epoch && position.offset === cursor.offset;
  const effects = isBehind(now, cursor) ? [ready, WATCH] : [ready];
  return same && !gap ? to(live, ...effects) : gapped(live, cursor, position, reason, ...effects);
}

function refused(now: Stream, { ref, code, message, retryAfter }: Failed): StreamStep {
  if (ref !== undefined && (now.state !== "joining" || ref !== now.ref)) return to(now);
  if (ERRORS[code].retryable) {
    if (now.state === "detached") return to(now);
    const { refusals = 0 } = now;
    const after = retryAfter ?? RETRY * 2 ** Math.min(refusals, 5);
    // No answer to an earlier subscribe counts any more.
    return to({ ...now, state: "joining", ref: 0, refusals: refusals + 1 }, { do: "retry", after });
  }
  const gaps = now.cursor ? [gapAfter(now.cursor, null, "authorization")] : [];
  return to({ ...now, state: "ended" }, ...gaps, { do: "end", code, message });
}

/** Goes on from `position` with a gap before it; or from where it stands when that lies behind it, for then nothing is missing. */
function gapped(
  now: Stream,
  cursor: Position,
  position: Position,
  reason: GapReason,
  ...effects: readonly StreamEffect[]
): StreamStep {
  // Only `epoch` takes a cursor back, which was never valid.
  if (reason !== "epoch" && position.epoch === cursor.epoch && position.offset < cursor.offset)
    return to(now, ...effects);
  return to({ ...now, cursor: position, head: undefined }, gapAfter(cursor, position, reason), ...effects);
}

function gapAfter(after: Position, resumeAt: Position | null, reason: GapReason): StreamEffect {
  return { do: "gap", gap: { after, resumeAt, reason } };
}

/** Remembers the highest that the hub spoke of. */
function told(now: Stream, head: Position): Stream {
  return isBehind(now, head) ? now : { ...now, head };
}

function isBehind({ head }: Stream, cursor: Position): boolean {
  return head?.epoch === cursor.epoch && head.offset > cursor.offset;
}

function join(now: Stream, ref: number): StreamStep {
  return to({ ...now, state: "joining", ref }, { do: "subscribe", ref, position: now.cursor });
}
