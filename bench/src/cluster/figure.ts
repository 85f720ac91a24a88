/** The figures of CLUSTER.md's table, and how they are printed. */

/** A bar or a stretch goal: at most, or at least. */
export type Bound = { readonly most: number } | { readonly least: number };

/** One row of the table. */
export interface Figure {
  readonly what: string;
  /** NaN: not measured. */
  readonly value: number;
  /** The value with its unit, and what stands beside it. */
  readonly text: string;
  readonly bar: Bound;
  readonly stretch?: Bound | undefined;
  /** The unit of the bounds, such as ` ms`. */
  readonly unit: string;
  /** Every slice or sample behind it, in words. */
  readonly raw: readonly string[];
}

/** Whether a value is within a bound. */
export function holds(value: number, bound: Bound): boolean {
  return "most" in bound ? value <= bound.most : value >= bound.least;
}

/** `reached`, `reached, stretch too`, `missed` or `not measured`. */
export function outcome({ value, bar, stretch }: Figure): string {
  if (!Number.isFinite(value)) return "not measured";
  if (!holds(value, bar)) return "missed";
  return stretch && holds(value, stretch) ? "reached, stretch too" : "reached";
}

/** The table in Markdown. */
export function figureTable(figures: readonly Figure[]): string {
  return markdownTable(
    ["What", "Figure", "Bar", "Stretch", "Reached"],
    figures.map((figure) => [
      figure.what,
      figure.text,
      boundText(figure.bar, figure.unit),
      figure.stretch ? boundText(figure.stretch, figure.unit) : "",
      outcome(figure),
    ]),
  );
}

/** A table in Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function boundText(bound: Bound, unit: string): string {
  return "most" in bound ? `≤ ${bound.most}${unit}` : `≥ ${bound.least}${unit}`;
}
