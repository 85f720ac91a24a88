/** The report of a canary, and the counts behind it. */
import type { ErrorCode } from "../errors.ts";
import { Counter, type Distribution } from "./distribution.ts";

/** One of the two transports. */
export type Side = "primary" | "candidate";

/** The counts of one transport, over the whole time of the canary. */
export interface WireReport {
  /** The transport's name. */
  readonly name: string;
  /**
   * Notifications that came in turn: those that a channel delivers, or would deliver, to its
   * listeners. Volatile events are not counted.
   */
  readonly delivered: number;
  /**
   * Notifications that came over the other transport, were due on this one, too, and have not come
   * within the window.
   */
  readonly lost: number;
  /**
   * Notifications that came over this transport later than over the other by more than the window.
   * They no longer count as lost.
   */
  readonly late: number;
  /** Notifications that came again. */
  readonly doubled: number;
  /**
   * Notifications that came too early, since an earlier one was swapped or lost on the way. A
   * channel asks again from there.
   */
  readonly disorder: number;
  /** Gaps that the hub reported. */
  readonly gaps: number;
  /** Connections that the hub has welcomed. */
  readonly connected: number;
  /** Attempts to connect that failed. */
  readonly failed: number;
  /** Connections that were lost after the welcome. */
  readonly dropped: number;
  /**
   * The causes of failed attempts, lost connections and refused subscriptions: their counts by
   * code.
   */
  readonly causes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Times from dialling to the welcome, in milliseconds. */
  readonly connecting: Distribution;
}

/**
 * The findings of a canary since it began. Plain JSON. A later report of the same `id` replaces an
 * earlier one.
 */
export interface CanaryReport {
  /** A random id of one canary in one client. It identifies no user. */
  readonly id: string;
  /** Milliseconds since the canary's first link. */
  readonly elapsed: number;
  /** True: no shadow is left, and this is the last report unless the channel connects again. */
  readonly closed: boolean;
  /**
   * Milliseconds after which a notification that came over one transport only counts as lost on the
   * other.
   */
  readonly window: number;
  /** Notifications that came over both transports. */
  readonly both: number;
  /**
   * Notifications that came over one transport and count neither as lost nor as late: the other was
   * not subscribed then, had them superseded or excluded, or still has time to bring them.
   */
  readonly uncompared: number;
  /**
   * Milliseconds from a notification's arrival over the primary to its arrival over the candidate.
   * Negative: the candidate was first.
   */
  readonly lag: Distribution;
  /** `presence-` topics, which are not shadowed. */
  readonly unshadowed: number;
  readonly primary: WireReport;
  readonly candidate: WireReport;
}

/** The counts of a transport that are plain numbers. */
export const WIRE_COUNTS = [
  "delivered",
  "lost",
  "late",
  "doubled",
  "disorder",
  "gaps",
  "connected",
  "failed",
  "dropped",
] as const satisfies readonly (keyof WireReport)[];

/** The counts of one transport. */
export interface WireTally extends Record<(typeof WIRE_COUNTS)[number], number> {
  readonly causes: Partial<Record<ErrorCode, number>>;
  readonly connecting: Counter;
}

/** The counts of both transports. */
export interface Tally {
  both: number;
  unshadowed: number;
  readonly lag: Counter;
  readonly primary: WireTally;
  readonly candidate: WireTally;
}

/** Counts of zero. */
export function emptyTally(): Tally {
  return { both: 0, unshadowed: 0, lag: new Counter(), primary: emptyWire(), candidate: emptyWire() };
}

function emptyWire(): WireTally {
  return {
    delivered: 0,
    lost: 0,
    late: 0,
    doubled: 0,
    disorder: 0,
    gaps: 0,
    connected: 0,
    failed: 0,
    dropped: 0,
    causes: {},
    connecting: new Counter(),
  };
}

/** Counts a cause. */
export function blame(wire: WireTally, code: ErrorCode): void {
  wire.causes[code] = (wire.causes[code] ?? 0) + 1;
}

/**
 * The report of the counts. `overdue`: notifications that count as lost on each transport unless
 * they still come, beside those that are lost for good.
 */
export function reportOf(
  about: Pick<CanaryReport, "id" | "elapsed" | "closed" | "window">,
  names: Readonly<Record<Side, string>>,
  tally: Tally,
  overdue: Readonly<Record<Side, number>>,
): CanaryReport {
  const wire = (side: Side): WireReport => {
    const { connecting, causes, ...counts } = tally[side];
    const lost = counts.lost + overdue[side];
    return { name: names[side], ...counts, lost, causes: { ...causes }, connecting: connecting.report() };
  };
  const primary = wire("primary");
  const candidate = wire("candidate");
  const { both, unshadowed } = tally;
  // A notification that was lost on one transport came over the other.
  const uncompared = primary.delivered + candidate.delivered - 2 * both - primary.lost - candidate.lost;
  return { ...about, both, uncompared, lag: tally.lag.report(), unshadowed, primary, candidate };
}
