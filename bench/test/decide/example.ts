/**
 * Parts of decisions for tests: the matrix and the prices that come with the program, and results
 * with chosen figures.
 */
import { readFileSync } from "node:fs";
import { type Matrix, readMatrix } from "../../src/decide/matrix.ts";
import { type Prices, readPrices } from "../../src/decide/prices.ts";
import { type Requirements, readRequirements } from "../../src/decide/requirements.ts";
import type { MetricDefinition, Results, Row } from "../../src/results.ts";

/** A file of `bench`, as JSON. */
export function json(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
}

export const matrix: Matrix = readMatrix(json("src/decide/matrix.json"));
export const prices: Prices = readPrices(json("src/decide/prices.json"));

/** Requirements that nothing speaks against, with some answers of one's own. */
export function needs(given: Partial<Requirements> = {}): Requirements {
  return readRequirements({ splittable: true, ...given });
}

type Unit = MetricDefinition["unit"];

/**
 * Results with the figures given as `{ "fan-out": { "server-cpu-1 µs": { "raw": 10, "Bellwire ws":
 * 8 } } }`; "raw" is the control.
 */
export function results(scenarios: Record<string, Record<string, Record<string, number>>>): Results {
  const fingerprint = {
    cpu: "a processor",
    cores: 2,
    kernel: "a kernel",
    node: "v20",
    ws: "8",
    bellwire: "0",
  };
  return {
    version: 1,
    startedAt: "2026-11-21T00:00:00Z",
    seconds: 1,
    profile: "quick",
    fingerprint: { ...fingerprint, commit: "unknown", seed: 1, load: 0 },
    scenarios: Object.entries(scenarios).map(([name, metrics]) => ({
      name,
      title: name,
      setup: "made up",
      metrics: Object.keys(metrics).map((key): MetricDefinition => {
        const [id = "", unit = ""] = key.split(" ");
        return { id, unit: unit as Unit, label: id, better: "lower", digits: 1, compared: false };
      }),
      rows: [...new Set(Object.values(metrics).flatMap(Object.keys))].map((contender) =>
        row(contender, metrics),
      ),
      verdicts: [],
      notes: [],
    })),
  };
}

function row(contender: string, metrics: Record<string, Record<string, number>>): Row {
  const figures = Object.entries(metrics).flatMap(([key, by]) => {
    const value = by[contender];
    return value === undefined ? [] : [[key.split(" ")[0] as string, { value, samples: [] }] as const];
  });
  return {
    contender,
    kind: contender.startsWith("raw") ? "control" : "wire",
    caveats: [],
    account: undefined,
    lossless: true,
    invalid: undefined,
    troubles: [],
    figures: Object.fromEntries(figures),
    curves: [],
  };
}
