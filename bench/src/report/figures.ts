/** Turns measurements into the figures and rows of the results. */
import { OVER_INTERNET } from "../contender.ts";
import type { Random } from "../measure/random.ts";
import { bootstrapMedian } from "../measure/stats.ts";
import type { Figure, Row, Sample } from "../results.ts";
import type { Entrant } from "../scenario.ts";

/**
 * The figure of one round for each column; undefined or not finite: none, as when no delivery came.
 * A round that is left out is undefined.
 */
export type Columns<Round> = Readonly<Record<string, (round: Round) => number | undefined>>;

/**
 * The columns' figures over rounds, the first of which is round 1; a column to which no round gives
 * anything has none.
 */
export function figuresOf<Round>(
  columns: Columns<Round>,
  rounds: readonly (Round | undefined)[],
  random: Random,
): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  for (const [id, column] of Object.entries(columns)) {
    const samples = rounds
      .map((round, index) => ({ round: index + 1, value: (round && column(round)) ?? Number.NaN }))
      .filter(({ value }) => Number.isFinite(value));
    if (samples.length > 0) figures[id] = figureOf(samples, random);
  }
  return figures;
}

/** The median of samples, with its interval where there are several. */
function figureOf(samples: readonly Sample[], random: Random): Figure {
  const [first] = samples;
  if (first && samples.length === 1) return { value: first.value, samples };
  const values = samples.map(({ value }) => value);
  const { median: value, low, high } = bootstrapMedian(values, random);
  return { value, low, high, samples };
}

/** Which rows were measured again, as a list of one note or none. */
export function rerunNotes(rows: readonly Row[]): string[] {
  const again = rows.flatMap(({ contender, reruns = 0, leftOut = 0 }) => {
    const times = reruns === 1 ? "once" : `${reruns} times`;
    return reruns + leftOut > 0
      ? [`${contender} ${times}${leftOut > 0 ? ` (${leftOut} left out)` : ""}`]
      : [];
  });
  return again.length === 0 ? [] : [`Run again, as the sender fell behind: ${again.join(", ")}.`];
}

/** A row with nothing in it yet. */
export function emptyRow({ contender }: Entrant): Row {
  const caveats = contender.caveats ?? [];
  return {
    contender: contender.name,
    kind: contender.kind,
    caveats: caveats.includes(OVER_INTERNET) ? caveats : ["loopback", ...caveats],
    account: undefined,
    lossless: true,
    invalid: undefined,
    troubles: [],
    figures: {},
    curves: [],
  };
}
