/**
 * Decides what a channel's connection does; performs nothing.
 *
 *            connect            token              open            welcome
 *   idle ──────────▶ connecting ─────▶ connecting ─────▶ connecting ──────▶ connected
 *                    (token)           (link)            (welcome)            │
 *                       ▲ retry, wake     │ closed, late    │ closed, late    │ closed, silent
 *                       └──────────── waiting ◀─────────────┴─────────────────┘
 *
 *   a terminal cause leads to `failed`, the application's close to `closed`; nothing leads out of either.
 *   `suspended` is `waiting` after so long a time that continuity is to be taken as lost.
 */
import { ERRORS } from "../errors.ts";
import type { CloseCause } from "../link.ts";
import { type BackoffOptions, backoff } from "./backoff.ts";

/** What an application sees of the connection. */
export type ChannelState =
  | "idle"
  | "connecting"
  | "connected"
  | "waiting"
  | "suspended"
  | "closed"
  | "failed";

export type Connection =
  | { readonly state: "idle" | "closed" }
  | {
      readonly state: "connecting";
      readonly phase: "token" | "link" | "welcome";
      readonly attempt: number;
      readonly suspended: boolean;
    }
  | { readonly state: "connected"; readonly attempt: number }
  | { readonly state: "waiting" | "suspended"; readonly attempt: number }
  | { readonly state: "failed"; readonly cause: CloseCause };

export type ConnectionEvent =
  | { readonly type: "connect" }
  | { readonly type: "token" }
  | { readonly type: "open" }
  | { readonly type: "welcome" }
  /** The link ended, or the token could not be had. */
  | { readonly type: "closed"; readonly cause: CloseCause }
  /** The attempt took too long, or nothing was heard for too long. */
  | { readonly type: "late" }
  /** The retry timer fired. */
  | { readonly type: "retry" }
  /** The network, the page or the machine came back. */
  | { readonly type: "wake" }
  /** Connected for long enough to forget earlier failures. */
  | { readonly type: "stable" }
  /** Not connected for so long that continuity is to be taken as lost. */
  | { readonly type: "suspend" }
  | { readonly type: "close" };

export type ConnectionEffect =
  | { readonly do: "ask_token" | "dial" | "greet" | "probe" }
  | { readonly do: "hang_up"; readonly cause: CloseCause }
  | { readonly do: "retry"; readonly after: number };

export interface Step {
  readonly next: Connection;
  readonly effects: readonly ConnectionEffect[];
}

const NORMAL: CloseCause = { code: "normal" };
const LATE: CloseCause = { code: "timeout", reason: "no sign of life" };

/** The next state and what to do. An event that means nothing in a state changes nothing. `random` is from [0, 1). */
export function step(now: Connection, event: ConnectionEvent, random: number, options: BackoffOptions): Step {
  if (now.state === "closed" || now.state === "failed") return stay(now);
  if (event.type === "close")
    return { next: { state: "closed" }, effects: [{ do: "hang_up", cause: NORMAL }] };
  switch (now.state) {
    case "idle":
      return event.type === "connect" ? begin(0, false) : stay(now);
    case "waiting":
    case "suspended":
      if (event.type === "retry" || event.type === "wake" || event.type === "connect") {
        return begin(event.type === "wake" ? 0 : now.attempt, now.state === "suspended");
      }
      return event.type === "suspend" ? { next: { ...now, state: "suspended" }, effects: [] } : stay(now);
    case "connecting":
      return connecting(now, event, random, options);
    case "connected":
      return connected(now, event, random, options);
  }
}

function connecting(
  now: Extract<Connection, { state: "connecting" }>,
  event: ConnectionEvent,
  random: number,
  options: BackoffOptions,
): Step {
  switch (event.type) {
    case "token":
      return now.phase === "token"
        ? { next: { ...now, phase: "link" }, effects: [{ do: "dial" }] }
        : stay(now);
    case "open":
      return now.phase === "link"
        ? { next: { ...now, phase: "welcome" }, effects: [{ do: "greet" }] }
        : stay(now);
    case "welcome":
      return now.phase === "welcome"
        ? { next: { state: "connected", attempt: now.attempt }, effects: [] }
        : stay(now);
    case "closed":
      return lost(event.cause, now.attempt, now.suspended, random, options);
    case "late":
      return hungUp(lost(LATE, now.attempt, now.suspended, random, options));
    case "suspend":
      return { next: { ...now, suspended: true }, effects: [] };
    default:
      return stay(now);
  }
}

function connected(
  now: Extract<Connection, { state: "connected" }>,
  event: ConnectionEvent,
  random: number,
  options: BackoffOptions,
): Step {
  switch (event.type) {
    case "closed": {
      // An expired token is worth another try with a fresh one; it is asked for before every attempt.
      const { cause } = event;
      return lost(
        cause.code === "unauthorized" ? { ...cause, code: "link_lost" } : cause,
        now.attempt,
        false,
        random,
        options,
      );
    }
    case "late":
      return hungUp(lost(LATE, now.attempt, false, random, options));
    case "wake":
      return { next: now, effects: [{ do: "probe" }] };
    case "stable":
      return { next: { ...now, attempt: 0 }, effects: [] };
    default:
      return stay(now);
  }
}

function stay(now: Connection): Step {
  return { next: now, effects: [] };
}

function begin(attempt: number, suspended: boolean): Step {
  return {
    next: { state: "connecting", phase: "token", attempt, suspended },
    effects: [{ do: "ask_token" }],
  };
}

function hungUp({ next, effects }: Step): Step {
  return { next, effects: [{ do: "hang_up", cause: LATE }, ...effects] };
}

function lost(
  cause: CloseCause,
  attempt: number,
  suspended: boolean,
  random: number,
  options: BackoffOptions,
): Step {
  // A peer's `normal` is not ours: proxies and servers that stop say it too.
  if (cause.code !== "normal" && !ERRORS[cause.code].retryable)
    return { next: { state: "failed", cause }, effects: [] };
  const after = cause.retryAfter ?? backoff(attempt, random, options);
  return {
    next: { state: suspended ? "suspended" : "waiting", attempt: attempt + 1 },
    effects: [{ do: "retry", after }],
  };
}
