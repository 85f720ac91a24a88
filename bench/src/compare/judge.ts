/**
 * The verdict on each change, with all others in view: a report of many figures must not be wrong
 * more often than one of few.
 */
import type { Row } from "../results.ts";
import { type Change, levelOf, logRatios } from "./change.ts";

/** The outcome for a figure. `undecided`: the runs are too short or too noisy to say more. */
export type Outcome = "regression" | "improvement" | "no change" | "undecided";

/** How often a report may call noise a change, whatever number of figures it has. */
export const FALSE_ALARMS = 0.05;

/**
 * How far the control may be from itself before that counts as doubt about every figure of its
 * scenario.
 */
const SAME = { least: 0.95, most: 1.05 };

/** A change that waits for its verdict. */
export interface Case {
  readonly change: Change;
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
  /** Corrected for the number of comparisons; undefined where the figures are worth nothing. */
  readonly chance: number | undefined;
  /** Why it is undecided. */
  readonly reason: string | undefined;
}

/**
 * By how much the figures of a scenario may be wrong, as a logarithm: nothing while the control,
 * measured twice, is within 5 % of itself; otherwise as much as it differed. A difference that its
 * own interval explains is no doubt: the interval of every change is as wide already.
 */
export function doubtOf(rows: readonly Row[], metric: string): number {
  const controls = rows.filter(({ kind }) => kind === "control");
  const samples = (row: Row): Row["figures"][string]["samples"] => row.figures[metric]?.samples ?? [];
  const [again, others] = [controls.filter(isAgain), controls.filter((row) => !isAgain(row))];
  return Math.max(
    0,
    ...again.map((row) => {
      const same = levelOf(logRatios(samples(row), others.map(samples)));
      if (!same || (same.low <= 0 && same.high >= 0)) return 0;
      const within = same.estimate >= Math.log(SAME.least) && same.estimate <= Math.log(SAME.most);
      return within ? 0 : Math.abs(same.estimate);
    }),
  );
}

function isAgain({ caveats }: Row): boolean {
  return caveats.includes("A/A");
}

/**
 * Judges all changes of a report. A change counts when it is at least `least` (a logarithm) and
 * chance makes so large a one, in any of the figures, in at most {@link FALSE_ALARMS} of all
 * reports (Holm's correction).
 */
export function withHolm(cases: readonly Case[], least: number): Judgement[] {
  const chances = holm(
    cases.map(({ change, invalid }) => (invalid === undefined ? change.chance : undefined)),
  );
  return cases.map((one, index) => judge(one, chances[index], least));
}

function judge(
  { change, invalid, worse, doubt }: Case,
  chance: number | undefined,
  least: number,
): Judgement {
  const undecided = (reason: string | undefined): Judgement => ({ outcome: "undecided", chance, reason });
  if (chance === undefined) return undecided(invalid);
  const outcome = (estimate: number): Outcome => {
    if (Math.abs(estimate) < least) return "no change";
    return estimate * worse > 0 ? "regression" : "improvement";
  };
  const found = outcome(change.estimate);
  if (found !== outcome(change.estimate - doubt) || found !== outcome(change.estimate + doubt)) {
    return undecided(`the control was ${Math.round(Math.expm1(doubt) * 100)} % away from itself`);
  }
  if (found !== "no change" && chance > FALSE_ALARMS) return undecided("the rounds differ by as much");
  // An interval that reaches to twice the least change and farther: the silence of such a run means
  // nothing.
  if (found === "no change" && change.high - change.estimate > 2 * least) {
    return undecided("too noisy to see a change that counts");
  }
  return { outcome: found, chance, reason: undefined };
}

/**
 * Holm's correction: the smallest chance counts as often as there are comparisons, the next once
 * less, and so on.
 */
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
