/** Whether a run was a success, and if not, why not. */
import type { ScenarioResult } from "./results.ts";

/** Everything that must fail the command, in words. */
export function faults(scenarios: readonly ScenarioResult[]): string[] {
  return scenarios.flatMap(({ name, rows }) =>
    rows.flatMap(({ contender, account, lossless, troubles }) => {
      const fault = (count: number, what: string): string[] =>
        count > 0 ? [`${name}: ${contender}: ${count} ${what}`] : [];
      return [
        ...(account && lossless ? fault(account.lost, "lost") : []),
        ...(account ? fault(account.doubled, "doubled") : []),
        ...(account ? fault(account.disordered, "out of order") : []),
        ...(account ? fault(account.stray, "delivered to a subscriber that was not due them") : []),
        ...troubles.map((what) => `${name}: ${contender}: ${what}`),
      ];
    }),
  );
}

/**
 * The bars that were missed. Noise of the machine leaves them undecided, and that is not missed.
 */
export function missedBars(scenarios: readonly ScenarioResult[]): string[] {
  return scenarios.flatMap(({ verdicts }) =>
    verdicts.filter(({ outcome }) => outcome === "missed").map(({ text }) => text),
  );
}
