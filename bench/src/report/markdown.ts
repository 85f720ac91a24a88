/**
 * The run for a pull request: the sentences first, the tables below, where it was measured folded
 * away.
 */
import type { Results, ScenarioResult } from "../results.ts";
import { fingerprintText } from "./fingerprint.ts";
import { type Lead, leads } from "./leads.ts";
import {
  ACCOUNT_HEADS,
  accountCells,
  figureText,
  hasAccount,
  NOTHING,
  nameText,
  number,
  OUTCOME_SIGNS,
  rowInvalid,
  rowTroubles,
  validFigure,
  verdictText,
} from "./row-text.ts";
import { sentences } from "./summary.ts";

/**
 * GitHub's Markdown. Everything that users named is escaped: it makes no markup, no table cell and
 * mentions nobody.
 */
export function reportMarkdown(results: Results): string {
  return [
    "## Bellwire benchmark",
    sentences(results)
      .map(({ tone, text }) => `- ${TONE_SIGNS[tone]}${escaped(text)}`)
      .join("\n"),
    ...leadTable(leads(results)),
    ...results.scenarios.flatMap(scenarioParts),
    details("Where and how this was measured", [
      `${results.startedAt}, ${results.profile}, ${number(results.seconds)} s`,
      fingerprintText(results.fingerprint),
    ]),
  ]
    .join("\n\n")
    .concat("\n");
}

const TONE_SIGNS = { good: "✅ ", bad: "❌ ", unsure: "⚠️ ", plain: "" } as const;

function leadTable(all: readonly Lead[]): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ scenario, metric, leaders, even, figure, control }) => [
    scenario.name,
    metric.label,
    even ? NOTHING : leaders.map(nameText).join(" = "),
    figure,
    control?.figure ?? NOTHING,
  ]);
  return [
    "### Leaders among the wires",
    markdownTable(["scenario", "figure", "leads", "its figure", "control's"], rows, 3),
    "`=` joins those whose intervals overlap: they cannot be told apart. `–`: no wire can be told from the others.",
  ];
}

function scenarioParts(scenario: ScenarioResult): string[] {
  const { rows, metrics, verdicts, notes } = scenario;
  const account = hasAccount(scenario);
  const head = [scenario.name, ...(account ? ACCOUNT_HEADS : []), ...metrics.map(({ label }) => label)];
  const body = rows.map((row) => [
    nameText(row),
    ...(account ? accountCells(row) : []),
    ...metrics.map((metric) =>
      row.invalid === undefined ? figureText(validFigure(row, metric), metric) : "invalid",
    ),
  ]);
  const judged = verdicts.map(
    (verdict) => `- ${OUTCOME_SIGNS[verdict.outcome]} ${escaped(verdictText(verdict))}`,
  );
  const said = [...notes, ...rows.flatMap(rowInvalid), ...rows.flatMap(rowTroubles)].map(
    (text) => `- ${escaped(text)}`,
  );
  return [
    `### ${escaped(scenario.title)}`,
    escaped(scenario.setup),
    ...(rows.length > 0 ? [markdownTable(head, body, 1)] : []),
    ...(judged.length > 0 ? [`The project's bars:\n\n${judged.join("\n")}`] : []),
    ...(said.length > 0 ? [said.join("\n")] : []),
  ];
}

/**
 * A table whose first columns, so many, are words; the others are figures, which need no escaping.
 */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], words: number): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column < words ? escaped(cell) : cell)).join(" | ")} |`;
  const rule = `|${head.map((_, column) => (column < words ? "---" : "---:")).join("|")}|`;
  return [`| ${head.map(escaped).join(" | ")} |`, rule, ...rows.map(line)].join("\n");
}

function details(title: string, lines: readonly string[]): string {
  return `<details><summary>${title}</summary>\n\n${lines
    .flatMap((text) => text.split("\n"))
    .map((text) => `- ${escaped(text)}`)
    .join("\n")}\n\n</details>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * Text that stays text, on one line. An `@` is kept from mentioning anybody by a character without
 * width.
 */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[\\|*_`~[\]#]/g, "\\$&")
    .replaceAll("@", "@&#8203;");
}
