/**
 * Deliveries that failed in the second run and not in the first. There are no statistics here: a
 * count that must be nought is nought or is not.
 */
import type { Account } from "../measure/ledger.ts";
import type { Row, ScenarioResult } from "../results.ts";

/** A fault that is new. */
export interface DeliveryFault {
  readonly scenario: string;
  readonly contender: string;
  /** In words: `12 of 4,000 lost`. */
  readonly text: string;
  /**
   * Whether it fails the comparison: not where a bare library that promises no recovery loses what
   * it always may.
   */
  readonly regression: boolean;
}

const FAULTS = {
  lost: "lost",
  doubled: "doubled",
  disordered: "out of order",
  stray: "delivered to a subscriber that was not due them",
} as const satisfies Partial<Record<keyof Account, string>>;

/** The faults that only the second run has. */
export function deliveryFaults(a: ScenarioResult, b: ScenarioResult): DeliveryFault[] {
  return b.rows.flatMap((row) => {
    const before = a.rows.find(({ contender }) => contender === row.contender);
    if (!before) return [];
    const place = { scenario: b.name, contender: row.contender };
    return [
      ...newCounts(before, row).map((text) => ({ ...place, text, regression: row.lossless })),
      ...(before.troubles.length > 0 ? [] : row.troubles).map((text) => ({
        ...place,
        text,
        regression: true,
      })),
    ];
  });
}

function newCounts({ account: before }: Row, { account: after }: Row): string[] {
  if (!before || !after) return [];
  return (Object.keys(FAULTS) as (keyof typeof FAULTS)[])
    .filter((fault) => before[fault] === 0 && after[fault] > 0)
    .map(
      (fault) =>
        `${after[fault].toLocaleString("en-US")} of ${after.expected.toLocaleString("en-US")} ${FAULTS[fault]}`,
    );
}
