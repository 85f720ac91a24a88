/** The verdict on each change, with all others in view: a report of many figures must not be wrong more often than one of few. */
import { median } from "../measure/stats.ts";
import type { Row } from "../results.ts";
import { type Change, LEAST_ROUNDS, logRatios } from "./change.ts";

/** What became of a figure. `undecided`: the runs are too short or too noisy to say more. */
export type Outcome = "regression" | "improvement" | "no change" | "undecided";

/** How often a report may call noise a change, whatever number of figures it has. */
export const FALSE_ALARMS = 0.05;

/** How far the control may be from itself before that counts as doubt about every figure of its scenario. */
const SAME = { least: 0.95, most: 1.05 };

/** A change that waits for its verdict. */
export interface Case {
  /** Undefined: too few rounds. */
  readonly change: Change | undefined;
  /** Why the figures are worth nothing. */
  readonly invalid: string | undefined;
  /** 1 where more is worse, -1 where less is. */
  readonly worse: 1 | -1;
  /** By how much, as a logarithm, every figure may be wrong. */
  readonly doubt: number;
}

/** A verdict. */
export interface Judgement {
  readonly outcome: Outcome;
  /** Corrected for the number of comparisons. */
  readonly chance: number | undefined;
  /** Why it is undecided. */
  readonly reason: string | undefined;
}

/**
 * By how much the figures of a scenario may be wrong, as a logarithm: nothing while the control, measured twice, is within
 * 5 % of itself; otherwise as much as it differed.
 */
export function doubtOf(rows: readonly Row[], metric: string): number {
  const controls = rows.filter(({ kind }) => kind === "control");
  const samples = (row: Row): Row["figures"][string]["samples"] => row.figures[metric]?.samples ?? [];
  const [again, others] = [controls.filter(isAgain), controls.filter((row) => !isAgain(row))];
  const ratios = again.flatMap((row) => logRatios(samples(row), others.map(samples)).values);
  const same = median(ratios);
  return same < Math.log(SAME.least) || same > Math.log(SAME.most) ? Math.abs(same) : 0;
}

function isAgain({ caveats }: Row): boolean {
  return caveats.includes("A/A");
}

/**
 * Judges all changes of a report. A change counts when it is at least `least` (a logarithm) and chance makes so large a one, in
 * any of the figures, in at most {@link FALSE_ALARMS} of all reports (Holm's correction).
 */
export function withHolm(cases: readonly Case[], least: number): Judgement[] {
  const chances = holm(cases.map(({ change }) => change?.chance));
  return cases.map((one, index) => judge(one, chances[index], least));
}

function judge(
  { change, invalid, worse, doubt }: Case,
  chance: number | undefined,
  least: number,
): Judgement {
  const undecided = (reason: string): Judgement => ({ outcome: "undecided", chance, reason });
  if (invalid !== undefined) return undecided(invalid);
  if (!change || chance === undefined) return undecided(`fewer than ${LEAST_ROUNDS} rounds`);
  const outcome = (estimate: number): Outcome => {
    if (Math.abs(estimate) < least) return "no change";
    return estimate * worse > 0 ? "regression" : "improvement";
  };
  const found = outcome(change.estimate);
  if (found !== outcome(change.estimate - doubt) || found !== outcome(change.estimate + doubt)) {
    return undecided(`the control was ${Math.round(Math.expm1(doubt) * 100)} % from itself`);
  }
  if (found !== "no change" && chance > FALSE_ALARMS) return undecided("the rounds differ by as much");
  // Twice the least change inside the interval: the run was too noisy for its silence to mean anything.
  if (found === "no change" && Math.max(change.high, -change.low) > 2 * least + doubt) {
    return undecided("too noisy to see a change that counts");
  }
  return { outcome: found, chance, reason: undefined };
}

/** Holm's correction: the smallest chance counts as often as there are comparisons, the next once less, and so on. */
function holm(chances: readonly (number | undefined)[]): (number | undefined)[] {
  const known = chances.flatMap((chance, index) => (chance === undefined ? [] : [{ chance, index }]));
  const corrected: (number | undefined)[] = chances.map(() => undefined);
  let least = 0;
  for (const [place, { chance, index }] of known.toSorted((a, b) => a.chance - b.chance).entries()) {
    least = Math.max(least, Math.min(1, chance * (known.length - place)));
    corrected[index] = least;
  }
  return corrected;
}
