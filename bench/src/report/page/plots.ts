/** Which plots a scenario has, and what is in them: everything the page's script needs to draw. */
import type { Curve, Row, ScenarioResult } from "../../results.ts";
import { nameText } from "../row-text.ts";
import type { LineStyle } from "./theme.ts";

/** One axis. */
export interface AxisSpec {
  /** The label beside it, with the unit. */
  readonly label: string;
  readonly scale: "linear" | "log";
  /** Where the ticks are and what they say; by default the page chooses round numbers. */
  readonly ticks?: readonly (readonly [at: number, text: string])[];
  /** Behind each number that is shown: ` %`. */
  readonly suffix: string;
}

/** One line. */
export interface SeriesSpec {
  readonly contender: string;
  /** The contender with what has to stand beside its name. */
  readonly label: string;
  readonly style: LineStyle;
  /** x grows; each x is there once. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One plot, as it is embedded in the page. */
export interface PlotSpec {
  /** The id of the element that it is drawn into. */
  readonly id: string;
  readonly title: string;
  /** How to read it, in one or two sentences. */
  readonly caption: string;
  /** `steps` holds each value until the next; `marks` shows where was measured. */
  readonly shape: "line" | "steps" | "marks";
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly series: readonly SeriesSpec[];
}

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

type Tick = readonly [at: number, text: string];

/** The plots of a scenario, in the order of the page; none where no valid row has a curve. */
export function plotsOf(scenario: ScenarioResult, styles: ReadonlyMap<string, LineStyle>): PlotSpec[] {
  return MAKERS.flatMap(({ kind, make }) => {
    const series = scenario.rows.flatMap((row) => seriesOf(row, kind, styles));
    return series.length === 0 ? [] : make(scenario.name, series);
  });
}

/** The row's first curve of that kind, in order; undefined where it has none or is invalid. */
export function curveOf(row: Row, kind: Curve["kind"]): readonly Point[] | undefined {
  if (row.invalid !== undefined) return undefined;
  const points = row.curves.find((curve) => curve.kind === kind)?.points;
  return points === undefined || points.length === 0 ? undefined : ordered(points);
}

function seriesOf(row: Row, kind: Curve["kind"], styles: ReadonlyMap<string, LineStyle>): SeriesSpec[] {
  const points = curveOf(row, kind);
  const style = styles.get(row.contender);
  return points && style ? [{ contender: row.contender, label: nameText(row), style, points }] : [];
}

/**
 * Where a percentile lies on an axis that shows rare things: 90, 99, 99.9 and 99.99 are equally far
 * apart. Infinite for 100.
 */
export function nines(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}

function percentilePlots(scenario: string, series: readonly SeriesSpec[]): PlotSpec[] {
  const all = series.flatMap(({ points }) => points);
  const last = Math.max(1, ...all.map(([x]) => nines(x)).filter(Number.isFinite));
  const end = Math.ceil(last) + 1;
  const hasEnd = all.some(([x]) => x >= 100);
  const ticks: Tick[] = [
    [nines(50), "50 %"],
    ...[90, 99, 99.9, 99.99, 99.999, 99.9999]
      .filter((percentile) => nines(percentile) <= last + 0.01)
      .map((percentile): Tick => [nines(percentile), `${percentile} %`]),
    ...(hasEnd ? [[end, "max"] as Tick] : []),
  ];
  const latency: AxisSpec = { label: "latency in ms", scale: "log", suffix: " ms" };
  return [
    {
      id: `${slug(scenario)}-percentiles`,
      title: "Latency by percentile",
      caption:
        "At each percentile, the line shows the latency that this share of the deliveries stayed below. Lower is better. " +
        "Each step to the right covers a tenth of the deliveries of the step before.",
      shape: "line",
      x: { label: "percentile of the deliveries", scale: "linear", ticks, suffix: " %" },
      y: latency,
      series: series.map(({ points, ...rest }) => ({
        ...rest,
        points: points.map(([x, y]): Point => [x >= 100 ? end : rounded(nines(x)), rounded(y)]),
      })),
    },
    {
      id: `${slug(scenario)}-cdf`,
      title: "Share delivered within a time",
      caption: "The share of the deliveries that had arrived by then. Further to the left is better.",
      shape: "line",
      x: latency,
      y: { label: "% of the deliveries", scale: "linear", suffix: " %" },
      series: series.map(({ points, ...rest }) => ({
        ...rest,
        points: ordered(points.map(([x, y]): Point => [rounded(y), rounded(x)])),
      })),
    },
  ];
}

function kneePlots(scenario: string, series: readonly SeriesSpec[]): PlotSpec[] {
  const rates = series.flatMap(({ points }) => points.map(([x]) => x)).filter((rate) => rate > 0);
  const wide = Math.max(...rates) / Math.min(...rates) > 10;
  return [
    {
      id: `${slug(scenario)}-knee`,
      title: "Where queueing begins",
      caption:
        "Each mark is a rate that was offered. Where a line turns upwards, the contender has reached its limit: " +
        "further to the right is better.",
      shape: "marks",
      x: { label: "offered per second", scale: wide ? "log" : "linear", suffix: "/s" },
      y: { label: "p99 in ms", scale: "log", suffix: " ms" },
      series,
    },
  ];
}

function recoveryPlots(scenario: string, series: readonly SeriesSpec[]): PlotSpec[] {
  const end = Math.max(...series.flatMap(({ points }) => points.map(([x]) => x)));
  return [
    {
      id: `${slug(scenario)}-recovery`,
      title: "Clients that are whole again",
      caption:
        "The share of the clients that were whole again, over the time since the cut. A line that reaches 100 % further " +
        "to the left is better; a line that ends below 100 % has clients that never recovered.",
      shape: "steps",
      x: { label: "ms since the cut", scale: "linear", suffix: " ms" },
      y: { label: "% of the clients", scale: "linear", suffix: " %" },
      series: series.map(({ points, ...rest }) => ({
        ...rest,
        // A client that is whole stays so until the last of all is.
        points: ordered([...points, [end, points.at(-1)?.[1] ?? 0]]).map(
          ([x, y]): Point => [rounded(x), rounded(y * 100)],
        ),
      })),
    },
  ];
}

const MAKERS: readonly {
  readonly kind: Curve["kind"];
  readonly make: (scenario: string, series: readonly SeriesSpec[]) => PlotSpec[];
}[] = [
  { kind: "percentiles", make: percentilePlots },
  { kind: "knee", make: kneePlots },
  { kind: "recovery", make: recoveryPlots },
];

/** By x; of several points at one x the last counts. Points that are not numbers are left out. */
function ordered(points: readonly Point[]): Point[] {
  const finite = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  return [...new Map(finite.toSorted(([a, b], [c, d]) => a - c || b - d)).entries()];
}

/** Six digits that count: a plot shows no more, and the page stays small. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** A part of an id. */
export function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, "-");
}
