/** The ledger's findings. */

/** The ways in which a run can break a promise of GUARANTEES.md. */
export type ViolationKind =
  /** Never delivered, and no gap covers it. */
  | "lost"
  /** Delivered a second time, at its own position or under another one. */
  | "doubled"
  /** Delivered after a later one. */
  | "outOfOrder"
  /** Offsets were passed over without a gap before the next notification, or without any. */
  | "silentGap"
  /** A gap where nothing was lost, or that does not begin at the session's position. */
  | "falseGap"
  /** Delivered in an epoch that was not announced to the session. */
  | "wrongEpoch"
  /** Another notification, or other data, was published at this position. */
  | "corrupted"
  /** Never published to this topic, or delivered without a subscription. */
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
  /** Absent when the log itself is wrong. */
  readonly session?: string;
  readonly topic: string;
  /** A text for people. */
  readonly detail: string;
}

/** The result of a run. It passes when `violations` is empty and `delivered` is not zero. */
export interface Verdict {
  /** Listener runs. */
  readonly delivered: number;
  /** Notifications in the logs while sessions were subscribed, without those excused. */
  readonly expected: number;
  /** Gaps that were reported. */
  readonly gaps: number;
  /** Expected notifications that gaps reported as lost. */
  readonly reportedLost: number;
  /** The number of violations of each kind; every kind is present. */
  readonly counts: Readonly<Record<ViolationKind, number>>;
  /** The first 50 violations; `counts` has them all. */
  readonly violations: readonly Violation[];
}

/** Collects the violations and figures of one judgement. */
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
