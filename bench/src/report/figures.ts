/** Turns measurements into the figures and rows of the results. */
import { OVER_INTERNET } from "../contender.ts";
import type { Random } from "../measure/random.ts";
import { bootstrapMedian } from "../measure/stats.ts";
import type { Figure, Row, Sample } from "../results.ts";
import type { Entrant } from "../scenario.ts";

/** The median of samples, with its interval where there are several. Undefined without samples. */
export function figureOf(samples: readonly Sample[], random: Random): Figure | undefined {
  const [first] = samples;
  if (!first) return undefined;
  if (samples.length === 1) return { value: first.value, samples };
  const values = samples.map(({ value }) => value);
  const { median: value, low, high } = bootstrapMedian(values, random);
  return { value, low, high, samples };
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
