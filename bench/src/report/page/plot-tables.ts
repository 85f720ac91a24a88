/** The figures of a scenario's plots, for people who cannot see them or want to quote one. */
import type { Curve, Row, ScenarioResult } from "../../results.ts";
import { number } from "../row-text.ts";
import { curveOf, type Point } from "./plots.ts";

/** A table that says in figures what the plots of a kind show. */
export interface PlotTable {
  readonly kind: Curve["kind"];
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly row: Row; readonly cells: readonly string[] }[];
}

/** The tables beside the plots of a scenario. */
export function plotTables(scenario: ScenarioResult): PlotTable[] {
  return KINDS.flatMap((kind) => {
    const drawn = scenario.rows.flatMap((row) => {
      const points = curveOf(row, kind);
      return points ? [{ row, points }] : [];
    });
    if (drawn.length === 0) return [];
    const { caption, columns } = TABLES[kind](drawn.map(({ points }) => points));
    return [
      {
        kind,
        caption,
        head: columns.map(({ head }) => head),
        rows: drawn.map(({ row, points }) => ({ row, cells: columns.map(({ cell }) => cell(points)) })),
      },
    ];
  });
}

const KINDS = ["percentiles", "knee", "recovery"] as const satisfies readonly Curve["kind"][];

interface TableMaker {
  readonly caption: string;
  readonly columns: readonly { readonly head: string; readonly cell: (points: readonly Point[]) => string }[];
}

const TABLES: Readonly<Record<Curve["kind"], (all: readonly (readonly Point[])[]) => TableMaker>> = {
  percentiles: () => ({
    caption: "Latency in ms at some percentiles",
    columns: [50, 90, 95, 99, 99.9, 99.99, 100].map((percentile) => ({
      head: percentile === 100 ? "max" : `p${percentile}`,
      cell: (points) => number(points.find(([x]) => x >= percentile - 1e-9)?.[1] ?? Number.NaN, 2),
    })),
  }),
  knee: (all) => ({
    caption: "p99 in ms at each offered rate",
    columns: [...new Set(all.flatMap((points) => points.map(([x]) => x)))]
      .toSorted((a, b) => a - b)
      .map((rate) => ({
        head: `${number(rate)}/s`,
        cell: (points) => number(points.find(([x]) => x === rate)?.[1] ?? Number.NaN, 2),
      })),
  }),
  recovery: () => ({
    caption: "Milliseconds from the cut until this share of the clients was whole",
    columns: [0.5, 0.9, 0.99, 1].map((share) => ({
      head: `${number(share * 100)} %`,
      cell: (points) => number(points.find(([, y]) => y >= share - 1e-9)?.[0] ?? Number.NaN),
    })),
  }),
};
