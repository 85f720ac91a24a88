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
import type { GapReason, Notified, Position } from "../protocol/messages.ts";

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
}

export type StreamEvent =
  | { readonly type: "connected"; readonly ref: number }
  | { readonly type: "lost" }
  | {
      readonly type: "subscribed";
      readonly ref: number;
      readonly position: Position;
      readonly gap: GapReason | undefined;
    }
  | { readonly type: "notification"; readonly message: Notified; readonly ref: number }
  | { readonly type: "skip"; readonly offset: number }
  | { readonly type: "gap"; readonly position: Position; readonly reason: GapReason }
  | { readonly type: "head"; readonly position: Position; readonly ref: number }
  /** The hub refused the subscription (`ref`), or ended it (no `ref`). */
  | {
      readonly type: "refused";
      readonly ref: number | undefined;
      readonly code: ErrorCode;
      readonly retryAfter: number | undefined;
    }
  /** The time to try again has come. */
  | { readonly type: "retry"; readonly ref: number };

export type StreamEffect =
  | { readonly do: "subscribe"; readonly ref: number; readonly position: Position | undefined }
  | { readonly do: "deliver"; readonly message: Notified; readonly position: Position }
  | { readonly do: "gap"; readonly gap: Omit<Gap, "topic"> }
  | { readonly do: "ready" }
  | { readonly do: "retry"; readonly after: number }
  | { readonly do: "end"; readonly code: ErrorCode };

export interface StreamStep {
  readonly next: Stream;
  readonly effects: readonly StreamEffect[];
}

/** Milliseconds before a refused subscription is tried again, when the hub does not say. */
const RETRY = 1_000;

/**
 * The next state and what to do. `ref` on a notification or head is the reference to use if the stream has to join again.
 * An event that means nothing in a state changes nothing.
 */
export function streamStep(now: Stream, event: StreamEvent): StreamStep {
  if (now.state === "ended") return stay(now);
  switch (event.type) {
    case "connected":
      return join(now, event.ref);
    case "retry":
      // Without a link, and once live, there is nothing to retry.
      return now.state === "joining" ? join(now, event.ref) : stay(now);
    case "lost":
      return { next: { ...now, state: "detached" }, effects: [] };
    case "subscribed":
      return now.state === "joining" && event.ref === now.ref
        ? joined(now, event.position, event.gap)
        : stay(now);
    case "refused":
      return refused(now, event);
    default:
      return now.state === "live" && now.cursor ? live(now, now.cursor, event) : stay(now);
  }
}

function live(
  now: Stream,
  cursor: Position,
  event: Extract<StreamEvent, { type: "notification" | "skip" | "gap" | "head" }>,
): StreamStep {
  switch (event.type) {
    case "notification": {
      const { message } = event;
      const position = { epoch: cursor.epoch, offset: message.offset };
      if (message.offset === 0) return { next: now, effects: [{ do: "deliver", message, position }] };
      if (message.offset <= cursor.offset) return stay(now);
      if (message.offset > cursor.offset + 1) return join(now, event.ref);
      return { next: { ...now, cursor: position }, effects: [{ do: "deliver", message, position }] };
    }
    case "skip":
      if (event.offset <= cursor.offset) return stay(now);
      return { next: { ...now, cursor: { epoch: cursor.epoch, offset: event.offset } }, effects: [] };
    case "gap":
      return isBefore(event, cursor) ? stay(now) : gapped(now, cursor, event.position, event.reason);
    case "head": {
      const { epoch, offset } = event.position;
      return epoch === cursor.epoch && offset <= cursor.offset ? stay(now) : join(now, event.ref);
    }
  }
}

/** Whether a gap ends where the stream has been already: nothing is missing. Only `epoch` takes a cursor back, which was never valid. */
function isBefore(
  { position, reason }: { position: Position; reason: GapReason },
  cursor: Position,
): boolean {
  return reason !== "epoch" && position.epoch === cursor.epoch && position.offset < cursor.offset;
}

function joined(now: Stream, position: Position, gap: GapReason | undefined): StreamStep {
  const live: Stream = { ...now, state: "live" };
  const { cursor } = now;
  const ready = { do: "ready" } as const;
  if (!cursor) return { next: { ...live, cursor: position }, effects: [ready] };
  if (gap && !isBefore({ position, reason: gap }, cursor))
    return after(gapped(live, cursor, position, gap), ready);
  // A hub that goes on from somewhere else without saying so has proven nothing.
  if (position.epoch !== cursor.epoch) return after(gapped(live, cursor, position, "epoch"), ready);
  if (position.offset > cursor.offset) return after(gapped(live, cursor, position, "transport"), ready);
  return { next: live, effects: [ready] };
}

function refused(
  now: Stream,
  { ref, code, retryAfter }: Extract<StreamEvent, { type: "refused" }>,
): StreamStep {
  if (ref !== undefined && (now.state !== "joining" || ref !== now.ref)) return stay(now);
  if (ref !== undefined && ERRORS[code].retryable)
    return { next: now, effects: [{ do: "retry", after: retryAfter ?? RETRY }] };
  const gap = { after: now.cursor as Position, resumeAt: null, reason: "authorization" } as const;
  const end = { do: "end", code } as const;
  return { next: { ...now, state: "ended" }, effects: now.cursor ? [{ do: "gap", gap }, end] : [end] };
}

function gapped(now: Stream, cursor: Position, position: Position, reason: GapReason): StreamStep {
  return {
    next: { ...now, cursor: position },
    effects: [{ do: "gap", gap: { after: cursor, resumeAt: position, reason } }],
  };
}

function join(now: Stream, ref: number): StreamStep {
  return {
    next: { ...now, state: "joining", ref },
    effects: [{ do: "subscribe", ref, position: now.cursor }],
  };
}

function after(step: StreamStep, effect: StreamEffect): StreamStep {
  return { next: step.next, effects: [...step.effects, effect] };
}

function stay(now: Stream): StreamStep {
  return { next: now, effects: [] };
}
