/**
 * By how much a slowed contender is slower: measured, as burning CPU changes what the rest costs,
 * too.
 */
import type { Row } from "../../results.ts";
import type { Entrant } from "../../scenario.ts";
import { levelOf, logRatios } from "../change.ts";
import type { SmallRun } from "./small-run.ts";

/** A contender and its slowed twin. */
export interface Twins {
  readonly plain: Entrant;
  readonly slowed: Entrant;
}

/**
 * By what share a delivery of the slowed twins costs more than of the plain ones in the same
 * rounds; the mean over all figures.
 */
export function growthIn(run: SmallRun, twins: readonly Twins[]): number {
  const logs = twins.flatMap(({ plain, slowed }) => growthsOf(rowOf(run, plain), rowOf(run, slowed)));
  return Math.expm1(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

function rowOf(run: SmallRun, entrant: Entrant): Row {
  const row = run.of([entrant]).scenarios[0]?.rows[0];
  if (!row) throw new Error(`${entrant.contender.name} took no part`);
  return row;
}

/** As logarithms. */
function growthsOf(plain: Row, slowed: Row): number[] {
  return Object.keys(plain.figures).flatMap((id) => {
    if (!id.startsWith("server-cpu-")) return [];
    const samples = (row: Row): Row["figures"][string]["samples"] => row.figures[id]?.samples ?? [];
    return levelOf(logRatios(samples(slowed), [samples(plain)]))?.estimate ?? [];
  });
}
