/** What a canary says, and how it is counted. */
import type { ErrorCode } from "../errors.ts";
import { Counter, type Distribution } from "./distribution.ts";

/** Which of the two wires. */
export type Side = "primary" | "candidate";

/** One wire, over the whole time of the canary. */
export interface WireReport {
  /** The transport's name. */
  readonly name: string;
  /** Notifications that came when it was their turn: what a channel hands, or would hand, to its listeners. Volatile events are not counted. */
  readonly delivered: number;
  /** Came over the other wire, were due on this one, too, and have not come within the window. */
  readonly lost: number;
  /** Came over this wire after the other one by more than the window; no longer among the lost. */
  readonly late: number;
  /** Came again after they had come. */
  readonly doubled: number;
  /** Came before one that had to come first, which was swapped or lost on the way. A channel asks again from there. */
  readonly disorder: number;
  /** How often the hub said that continuity was lost. */
  readonly gaps: number;
  /** Connections that the hub has welcomed. */
  readonly connected: number;
  /** Attempts to connect that came to nothing. */
  readonly failed: number;
  /** Connections that were lost after the welcome. */
  readonly dropped: number;
  /** Why attempts failed, connections were lost and subscriptions were refused: how often, by code. */
  readonly causes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** From dialling to the welcome, in milliseconds. */
  readonly connecting: Distribution;
}

/** What a canary has seen since it began. Plain JSON. A later report of the same `id` takes the place of an earlier one. */
export interface CanaryReport {
  /** Random; names one canary in one client, and nobody. */
  readonly id: string;
  /** Milliseconds since the canary's first link. */
  readonly elapsed: number;
  /** True: nothing is shadowed any more, and this is the last report unless the channel connects again. */
  readonly closed: boolean;
  /** Milliseconds after which what came over one wire only counts as lost on the other. */
  readonly window: number;
  /** Notifications that came over both wires. */
  readonly both: number;
  /**
   * Notifications that came over one wire and count for nothing: the other was not subscribed then, had them superseded or excluded,
   * or still has time to bring them.
   */
  readonly uncompared: number;
  /** Milliseconds from a notification's coming over the primary to its coming over the candidate; negative: the candidate was first. */
  readonly lag: Distribution;
  /** `presence-` topics, which are not shadowed. */
  readonly unshadowed: number;
  readonly primary: WireReport;
  readonly candidate: WireReport;
}

/** What is counted of a wire by a plain number. */
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

/** Counts for one wire. */
export interface WireTally extends Record<(typeof WIRE_COUNTS)[number], number> {
  readonly causes: Partial<Record<ErrorCode, number>>;
  readonly connecting: Counter;
}

/** Counts for both wires. */
export interface Tally {
  both: number;
  unshadowed: number;
  readonly lag: Counter;
  readonly primary: WireTally;
  readonly candidate: WireTally;
}

/** Nothing has been counted. */
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

/** What is said of the counts. `overdue`: what counts as lost on either wire as things stand, beside what is lost for good. */
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
  // Whatever was lost on one came over the other.
  const uncompared = primary.delivered + candidate.delivered - 2 * both - primary.lost - candidate.lost;
  return { ...about, both, uncompared, lag: tally.lag.report(), unshadowed, primary, candidate };
}
