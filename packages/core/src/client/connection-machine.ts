/**
 * Decides what a channel's connection does; performs nothing.
 *
 *            connect            token              open            welcome
 *   idle ──────────▶ connecting ─────▶ connecting ─────▶ connecting ──────▶ connected
 *                    (token)           (link)            (welcome)            │
 *                       ▲ retry, wake     │ closed, late    │ closed, late    │ closed, silent
 *                       └──────────── waiting ◀─────────────┴─────────────────┘
 *
 *   A terminal cause leads to `failed`, the application's close to `closed`; both are final.
 */
import { ERRORS } from "../errors.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import { type BackoffOptions, backoff } from "./backoff.ts";
import { type Step, to } from "./step.ts";

/**
 * The state as an application sees it. `suspended` is `waiting` for so long that continuity has to
 * be taken as lost.
 */
export type ChannelState = Connection["state"] | "suspended";

export type Connection =
  | { readonly state: "idle" }
  | { readonly state: "closed" }
  | {
      readonly state: "connecting";
      readonly phase: "token" | "link" | "welcome";
      readonly attempt: number;
      readonly cause?: CloseCause | undefined;
    }
  | { readonly state: "connected"; readonly attempt: number }
  /** `cause`: why the last attempt or link ended. `after`: milliseconds until the next attempt. */
  | {
      readonly state: "waiting";
      readonly attempt: number;
      readonly cause: CloseCause;
      readonly after: number;
    }
  | { readonly state: "failed"; readonly cause: CloseCause };

/** The state of a channel and its reason. */
export interface ChannelStatus {
  readonly state: ChannelState;
  /**
   * Attempts that failed since the channel was last connected for 5 s. The attempt under way is not
   * counted.
   */
  readonly attempt?: number;
  /**
   * In the states waiting, suspended, failed, and connecting again: the cause that ended the last
   * attempt or link, with a reason for people.
   */
  readonly cause?: CloseCause | undefined;
  /**
   * In the states waiting and suspended: milliseconds from the end of the last attempt to the next.
   */
  readonly after?: number;
}

export type ConnectionEvent =
  | { readonly type: "connect" }
  | { readonly type: "token" }
  | { readonly type: "open" }
  | { readonly type: "welcome" }
  /** The link ended, or the token could not be had. */
  | { readonly type: "closed"; readonly cause: CloseCause }
  /** The attempt took too long, or no message came for too long. */
  | { readonly type: "late" }
  /** The retry timer fired. */
  | { readonly type: "retry" }
  /** The network, the page or the machine came back. */
  | { readonly type: "wake" }
  /** Connected for long enough to forget earlier failures. */
  | { readonly type: "stable" }
  /** The application closed the channel. `cause`: the cause for the hub, by default `normal`. */
  | { readonly type: "close"; readonly cause?: CloseCause };

export type ConnectionEffect =
  | { readonly do: "ask_token" | "dial" | "greet" | "probe" }
  | { readonly do: "hang_up"; readonly cause: CloseCause }
  | { readonly do: "retry"; readonly after: number };

type ConnectionStep = Step<Connection, ConnectionEffect>;

const NORMAL: CloseCause = { code: "normal" };
const LATE: CloseCause = { code: "timeout" };

/**
 * The next state and what to do. An event that means nothing in a state changes nothing. `random`
 * is from [0, 1).
 */
export function step(
  now: Connection,
  event: ConnectionEvent,
  random: number,
  options: Partial<BackoffOptions>,
): ConnectionStep {
  if (isOver(now)) return to(now);
  if (event.type === "close") return to({ state: "closed" }, { do: "hang_up", cause: event.cause ?? NORMAL });
  switch (now.state) {
    case "idle":
      return event.type === "connect" ? begin(0) : to(now);
    case "waiting":
      if (event.type === "wake") return begin(0, now.cause);
      return event.type === "retry" || event.type === "connect" ? begin(now.attempt, now.cause) : to(now);
    default:
      if (event.type === "closed") return lost(now, event.cause, random, options);
      if (event.type === "late") return lost(now, LATE, random, options, { do: "hang_up", cause: LATE });
      return now.state === "connected" ? connected(now, event) : connecting(now, event);
  }
}

function connecting(
  now: Extract<Connection, { state: "connecting" }>,
  event: ConnectionEvent,
): ConnectionStep {
  switch (`${now.phase} ${event.type}`) {
    case "token token":
      return to({ ...now, phase: "link" }, { do: "dial" });
    case "link open":
      return to({ ...now, phase: "welcome" }, { do: "greet" });
    case "welcome welcome":
      return to({ state: "connected", attempt: now.attempt });
    default:
      return to(now);
  }
}

function connected(now: Extract<Connection, { state: "connected" }>, event: ConnectionEvent): ConnectionStep {
  if (event.type === "wake") return to(now, { do: "probe" });
  return event.type === "stable" ? to({ ...now, attempt: 0 }) : to(now);
}

function begin(attempt: number, cause?: CloseCause): ConnectionStep {
  return to({ state: "connecting", phase: "token", attempt, cause }, { do: "ask_token" });
}

function lost(
  now: Extract<Connection, { state: "connecting" | "connected" }>,
  cause: CloseCause,
  random: number,
  options: Partial<BackoffOptions>,
  ...before: readonly ConnectionEffect[]
): ConnectionStep {
  const { code } = cause;
  // A peer's `normal` does not end the channel: proxies and servers that stop say it, too. A token
  // that expired while connected is worth another try, since every attempt asks for a fresh one.
  const final =
    !ERRORS[code].retryable && code !== "normal" && !(code === "unauthorized" && now.state === "connected");
  if (final) return to({ state: "failed", cause }, ...before);
  const after = cause.retryAfter ?? backoff(now.attempt, random, options);
  return to({ state: "waiting", attempt: now.attempt + 1, cause, after }, ...before, { do: "retry", after });
}

/** Whether the state is final. */
export function isOver(now: Connection): now is Extract<Connection, { state: "closed" | "failed" }> {
  return now.state === "closed" || now.state === "failed";
}
