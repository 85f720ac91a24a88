/** What the ledger finds. */

/** The ways in which a run can break a promise of GUARANTEES.md. */
export type ViolationKind =
  /** Never delivered, and no gap covers it. */
  | "lost"
  /** Delivered a second time, at its own position or under another one. */
  | "doubled"
  /** Delivered after a later one. */
  | "outOfOrder"
  /** A stretch was passed over with no gap said before the next notification, or at all. */
  | "silentGap"
  /** A gap where nothing was lost, or one that does not begin where the session stood. */
  | "falseGap"
  /** In an epoch that the session was not told of. */
  | "wrongEpoch"
  /** Something else was published at this position, or with other data. */
  | "corrupted"
  /** Never published to this topic, or delivered where no subscription stood. */
  | "phantom"
  /** Delivered to a session that was excluded or had lost the right to it. */
  | "leaked"
  /** `publish` resolved, and the log does not have it at that position. */
  | "acknowledgedLost"
  /** One id was appended, or acknowledged, at two positions of one epoch. */
  | "appendedTwice";

/** One broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  /** Absent when it is about the log and not about one session. */
  readonly session?: string;
  readonly topic: string;
  /** For people. */
  readonly detail: string;
}

/** What the ledger found. A green run is one whose `violations` is empty and whose `delivered` is not zero. */
export interface Verdict {
  /** Listener runs. */
  readonly delivered: number;
  /** What the sessions were due: everything in the log while they were subscribed, less what was excused. */
  readonly expected: number;
  /** Gaps that were reported. */
  readonly gaps: number;
  /** What the sessions were due and were told they would not get. */
  readonly reportedLost: number;
  /** How often each promise was broken; every kind is present. */
  readonly counts: Readonly<Record<ViolationKind, number>>;
  /** The first 50 violations; `counts` has them all. */
  readonly violations: readonly Violation[];
}

/** Collects what one judgement finds. */
export class Findings {
  delivered = 0;
  expected = 0;
  gaps = 0;
  reportedLost = 0;
  readonly counts: Record<ViolationKind, number> = {
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    silentGap: 0,
    falseGap: 0,
    wrongEpoch: 0,
    corrupted: 0,
    phantom: 0,
    leaked: 0,
    acknowledgedLost: 0,
    appendedTwice: 0,
  };
  readonly violations: Violation[] = [];

  /** `session` is undefined when the violation is about the log itself. */
  found(kind: ViolationKind, session: string | undefined, topic: string, detail: string): void {
    this.counts[kind]++;
    if (this.violations.length < 50) {
      this.violations.push(
        session === undefined ? { kind, topic, detail } : { kind, session, topic, detail },
      );
    }
  }
}

/** A verdict in one line of figures and one line for each of its violations. */
export function describeVerdict(verdict: Verdict): string {
  const { counts, violations } = verdict;
  const broken = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`);
  const figures = `delivered ${verdict.delivered} of ${verdict.expected}, gaps ${verdict.gaps} over ${verdict.reportedLost}`;
  return [
    `${figures}; ${broken.length === 0 ? "no promise broken" : broken.join(", ")}`,
    ...violations.map(
      ({ kind, session, topic, detail }) => `  ${kind} ${topic}${session ? ` (${session})` : ""}: ${detail}`,
    ),
  ].join("\n");
}
