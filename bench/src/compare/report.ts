/** A comparison as text: a table for the terminal and a short page in markdown. */
import { decimal, table } from "../report/table.ts";
import { LEAST_ROUNDS } from "./change.ts";
import type { Comparison, ControlFigure, MetricChange, RunName } from "./compare.ts";

/** The comparison for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const { changes, controls } = comparison;
  const notes = notesOf(comparison).map((note) => `! ${note}`);
  return [
    `a: ${runText(comparison.a)}`,
    `b: ${runText(comparison.b)}`,
    "",
    ...(changes.length > 0 ? [table(HEAD, changes.map(cells)), ""] : []),
    ...unjudgedText(comparison),
    ...(controls.length > 0 ? ["The control itself, which is not judged:"] : []),
    ...controls.map((control) => `  ${controlText(control)}`),
    ...(controls.length > 0 ? [""] : []),
    ...notes,
    ...(notes.length > 0 ? [""] : []),
    summary(comparison),
  ].join("\n");
}

/** The comparison for a pull request: what changed first, everything else folded away. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { changes, controls } = comparison;
  const notable = changes.filter(({ outcome }) => outcome !== "no change");
  const notes = notesOf(comparison);
  return [
    `**${summary(comparison)}**`,
    "",
    ...(notable.length > 0 ? [...markdownTable(notable), ""] : []),
    ...notes.map((note) => `- ${note}`),
    ...(notes.length > 0 ? [""] : []),
    "<details><summary>All figures</summary>",
    "",
    `a: ${runText(comparison.a)}<br>`,
    `b: ${runText(comparison.b)}`,
    "",
    ...(changes.length > 0 ? [...markdownTable(changes), ""] : []),
    ...unjudgedText(comparison),
    ...controls.map((control) => `- ${controlText(control)}`),
    "",
    "</details>",
    "",
  ].join("\n");
}

const HEAD = ["scenario, contender", "figure", "b to a [95 %]", "chance", "verdict"];

function cells({ scenario, contender, label, factor, chance, outcome, reason }: MetricChange): string[] {
  const times = `${decimal(factor.estimate, 2)} × [${decimal(factor.low, 2)}–${decimal(factor.high, 2)}]`;
  const verdict = reason === undefined ? outcome : `${outcome}: ${reason}`;
  return [`${scenario}, ${contender}`, label, times, chanceText(chance), verdict];
}

function chanceText(chance: number | undefined): string {
  if (chance === undefined) return "–";
  return chance < 0.001 ? "< 0.1 %" : `${decimal(chance * 100, 1)} %`;
}

function markdownTable(changes: readonly MetricChange[]): string[] {
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...changes.map((change) => line(cells(change)))];
}

/** Faults of delivery first, as they fail a run whatever it cost. */
function notesOf({ deliveries, warnings }: Comparison): string[] {
  return [
    ...deliveries.map(
      ({ scenario, contender, text, regression }) =>
        `${scenario}, ${contender}: ${text}, and not in a${regression ? ": regression" : ""}`,
    ),
    ...warnings,
  ];
}

/** Once for all contenders, and with an empty line; nothing where everything was judged. */
function unjudgedText({ unjudged }: Comparison): string[] {
  if (unjudged.length === 0) return [];
  const figures = [...new Set(unjudged.map(({ scenario, label }) => `${scenario} ${label}`))];
  return [`Not judged, as that takes ${LEAST_ROUNDS} rounds: ${figures.join(", ")}.`, ""];
}

function controlText({ scenario, contender, label, unit, digits, a, b }: ControlFigure): string {
  return `${scenario}, ${contender}, ${label}: ${decimal(a, digits)} → ${decimal(b, digits)} ${unit}`.trimEnd();
}

function runText({ startedAt, fingerprint: { commit, cpu, cores, node, load } }: RunName): string {
  return `${startedAt}, Bellwire at ${commit}, Node ${node}, ${cpu}, ${cores} cores, load ${decimal(load, 1)}`;
}

function summary({ outcome, changes, deliveries, threshold }: Comparison): string {
  const count = (of: MetricChange["outcome"]): number =>
    changes.filter((change) => change.outcome === of).length;
  const faults = deliveries.filter(({ regression }) => regression).length;
  const counts = [
    [count("regression"), "worse"],
    [count("improvement"), "better"],
    [count("undecided"), "undecided"],
    [count("no change"), "unchanged"],
    [faults, "new faults of delivery"],
  ] as const;
  const parts = counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const least = `changes from ${decimal(threshold * 100, 0)} % count`;
  return `${outcome}: ${parts.length > 0 ? parts.join(", ") : "nothing was judged"}; ${least}`;
}
