/** A short form of the campaign of reloads; `scripts/reloads.ts` runs the long one. */
import { freshSeed } from "@bellwire/core/conformance";
import { expect, it } from "vitest";
import { runReloads } from "./reloads.ts";

const RELOADS = 40;

/** The seed that is the same in every run. */
const SEED = 20_261_128;

it.each(
  (["text", "keyed"] as const).flatMap((store) =>
    [1, 3].flatMap((tabs) => [false, true].map((signedIn) => ({ store, tabs, signedIn }))),
  ),
)("loses and doubles nothing over reloads at random points: %o", async (options) => {
  for (const seed of [SEED, freshSeed()]) {
    const report = await runReloads({ ...options, seed, reloads: RELOADS });
    expect({ seed, broken: report.broken }).toEqual({ seed, broken: [] });
    expect(report.leftovers).toBeGreaterThan(0);
  }
});
