/** A scenario for a terminal: its table, and below it what has to be said about the figures. */
import pc from "picocolors";
import type { Row, ScenarioResult, Verdict } from "../results.ts";
import {
  ACCOUNT_HEADS,
  accountCells,
  failsTheRun,
  figureText,
  hasAccount,
  nameText,
  OUTCOME_SIGNS,
  rowInvalid,
  rowTroubles,
  validFigure,
  verdictText,
} from "./row-text.ts";
import { table } from "./table.ts";

/** How the terminal is. */
export interface TerminalOptions {
  /** Whether it shows colours. They repeat what the text says and say nothing else. */
  readonly color: boolean;
  /**
   * Columns. A table that is wider goes on below itself, with the names again; `Infinity` for a
   * file.
   */
  readonly width: number;
}

type Paint = ReturnType<typeof pc.createColors>;

/** Between the columns of {@link table}. */
const BETWEEN = 2;

/**
 * The scenario's title, setup, table, verdicts, notes and troubles. Names that users gave are shown
 * without control characters, so that none can move the cursor.
 */
export function scenarioText(scenario: ScenarioResult, { color, width }: TerminalOptions): string {
  const paint = pc.createColors(color);
  const columns = columnsOf(scenario);
  const [names = []] = columns;
  const tables = inBlocks(columns, width).map((block) => {
    const [head = [], ...body] = rowsOf(block);
    const [title = "", rule = "", ...lines] = table(head, body).split("\n");
    const rows = lines.map((line, index) => rowPaint(paint, scenario.rows[index])(line));
    return [paint.bold(title), paint.dim(rule), ...rows].join("\n");
  });
  const bars = scenario.verdicts.map((verdict) =>
    verdictPaint(
      paint,
      verdict,
    )(wrapped(`  ${OUTCOME_SIGNS[verdict.outcome]} ${printable(verdictText(verdict))}`, width, 4)),
  );
  const troubles = scenario.rows.flatMap((row) =>
    [...rowInvalid(row), ...rowTroubles(row)].map((what) =>
      rowPaint(paint, row)(wrapped(`! ${printable(what)}`, width)),
    ),
  );
  const notes = scenario.notes.map((note) => wrapped(`* ${printable(note)}`, width));
  return [
    paint.bold(printable(scenario.title)),
    wrapped(printable(scenario.setup), width, 0),
    ...(names.length > 1 ? ["", tables.join("\n\n")] : []),
    ...(bars.length > 0 ? ["", "Bars:", ...bars] : []),
    ...(notes.length + troubles.length > 0 ? ["", ...notes, ...troubles] : []),
  ].join("\n");
}

/** Columns with their heads; the first one has the names. */
function columnsOf(scenario: ScenarioResult): string[][] {
  const { rows, metrics, name } = scenario;
  const account = rows.map(accountCells);
  return [
    [printable(name), ...rows.map((row) => printable(nameText(row)))],
    ...(hasAccount(scenario)
      ? ACCOUNT_HEADS.map((head, index) => [head, ...account.map((cells) => cells[index] ?? "")])
      : []),
    ...metrics.map((metric) => [
      printable(metric.label),
      ...rows.map((row) =>
        row.invalid === undefined ? figureText(validFigure(row, metric), metric) : "invalid",
      ),
    ]),
  ];
}

/**
 * Groups of columns that fit into the width, each beginning with the names. One that fits nowhere
 * stands alone.
 */
function inBlocks(columns: readonly string[][], width: number): string[][][] {
  const [names = [], ...others] = columns;
  const blocks: string[][][] = [];
  let left = 0;
  for (const column of others) {
    const needed = widest(column) + BETWEEN;
    const current = blocks.at(-1);
    if (current && needed <= left) {
      current.push(column);
      left -= needed;
    } else {
      blocks.push([names, column]);
      left = width - widest(names) - needed;
    }
  }
  return blocks;
}

function rowsOf(columns: readonly string[][]): string[][] {
  return (columns[0] ?? []).map((_, row) => columns.map((column) => column[row] ?? ""));
}

function widest(cells: readonly string[]): number {
  return Math.max(0, ...cells.map(({ length }) => length));
}

function rowPaint(paint: Paint, row: Row | undefined): (line: string) => string {
  if (!row) return String;
  if (failsTheRun(row)) return paint.red;
  if (row.invalid !== undefined) return paint.yellow;
  return row.kind === "wire" ? String : paint.dim;
}

function verdictPaint(paint: Paint, { outcome }: Verdict): (line: string) => string {
  return { holds: paint.green, missed: paint.red, undecided: paint.yellow }[outcome];
}

/** Words in lines of at most that many columns; the lines after the first are indented. */
function wrapped(text: string, width: number, indent = 2): string {
  if (text.length <= width) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${" ".repeat(indent)}${word}`;
    } else {
      line = line === "" && lines.length === 0 && word !== "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this takes out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
