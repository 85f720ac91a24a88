/**
 * A decision as `decision.md`. Every sentence and every cell carries the numbers of what it rests
 * on, as links.
 */
import { choiceOf, dissentOf } from "./argument.ts";
import { contextOf, count, excludedOf, optionsOf } from "./context.ts";
import type { Decision } from "./decision.ts";
import { measurementOf } from "./evidence.ts";
import { CRITERIA, type CriterionId, CURATED, MEASURED, type OptionId } from "./matrix.ts";
import { changesText, costText, reviewText, sensitivityText } from "./outlook.ts";
import type { Value } from "./score.ts";
import { distinct, matrixRef, type Ref, refKey, type Statement, sourceRefs, statement } from "./statement.ts";

/** Where the files are, seen from the folder of `decision.md`. */
export interface Places {
  /** The root of the repository, with a slash at its end unless it is empty. */
  readonly root: string;
  readonly answers: string;
  readonly matrix: string;
  readonly prices: string;
  readonly results: string;
}

/** Writes a decision. */
export function decisionMarkdown(decision: Decision, places: Places): string {
  const notes = new Notes(places);
  const head = notes.sentence(headline(decision));
  const bullets = (statements: readonly Statement[]): string =>
    statements.map((one) => `- ${notes.sentence(one)}`).join("\n");
  const sections: (readonly [string, string])[] = [
    ["Context", bullets(contextOf(decision))],
    ["Options", bullets(optionsOf(decision))],
    ["Excluded", bullets(excludedOf(decision))],
    ["Evidence", evidence(decision, notes)],
    ["Choice", bullets(choiceOf(decision))],
    ["Dissent", bullets(dissentOf(decision))],
    ["What would change the choice", bullets(changesText(decision))],
    ["Cost", bullets(costText(decision))],
    ["Sensitivity", bullets(sensitivityText(decision))],
    ["When to look again", bullets(reviewText(decision))],
  ];
  const body = sections.map(([title, text]) => `## ${title}\n\n${text}`).join("\n\n");
  return `# Decision: ${decision.needs.name}\n\n${head}\n\n${body}\n\n## Sources\n\n${notes.list()}\n`;
}

function headline({ choice, matrix, date }: Decision): Statement {
  return choice === undefined
    ? statement(`**Undecided** on ${date}: every option is excluded`, [matrixRef("limits")])
    : statement(`**${matrix.options[choice].name}**, decided on ${date}`, [matrixRef(`options/${choice}`)]);
}

function evidence(decision: Decision, notes: Notes): string {
  const { ranking, matrix } = decision;
  const options = ranking.map(({ option }) => option);
  if (options.length === 0)
    return `- ${notes.sentence(statement("Nothing is left to be weighed", [matrixRef("limits")]))}`;
  const head = ["", "weight", ...options.map((id) => matrix.options[id].name)];
  const reasons = CURATED.flatMap((criterion) =>
    options.flatMap((id): Statement[] => {
      const cell = matrix.cells[id][criterion];
      if (!cell) return [];
      const text = `${matrix.criteria[criterion].name}, ${matrix.options[id].name}: ${cell.says}`;
      return [statement(text, sourceRefs(cell.sources))];
    }),
  );
  return [
    notes.sentence(
      statement("Values from 0 to 4, the best first; a range where something is unknown", [
        matrixRef("note"),
      ]),
    ),
    table(head, valueRows(decision, options, notes)),
    "### Measured",
    table(["", ...options.map((id) => matrix.options[id].name)], figureRows(decision, options, notes)),
    "### Judged",
    reasons.map((one) => `- ${notes.sentence(one)}`).join("\n"),
  ].join("\n\n");
}

function valueRows(
  { matrix, values, weights, ranking }: Decision,
  options: readonly OptionId[],
  notes: Notes,
): string[][] {
  const short = (id: OptionId, criterion: CriterionId): readonly Ref[] =>
    values[id][criterion].refs.filter(({ kind }) => kind !== "source");
  const rows = CRITERIA.map((criterion) => [
    matrix.criteria[criterion].name,
    notes.cell(
      count(weights[criterion].value),
      weights[criterion].refs.length > 0 ? weights[criterion].refs : [matrixRef(`criteria/${criterion}`)],
    ),
    ...options.map((id) => notes.cell(range(values[id][criterion]), short(id, criterion))),
  ]);
  const total = [
    "**Score**",
    "",
    ...ranking.map(({ option, score }) =>
      notes.cell(`**${score.toFixed(2)}**`, [matrixRef(`cells/${option}`)]),
    ),
  ];
  return [...rows, total];
}

function figureRows(
  { matrix, results, needs }: Decision,
  options: readonly OptionId[],
  notes: Notes,
): string[][] {
  return MEASURED.flatMap((criterion) =>
    matrix.criteria[criterion].figures.flat().map((figure) => [
      `\`${figure}\``,
      ...options.map((id) => {
        const measured = measurementOf({ results, proxies: needs.proxies }, matrix.options[id], figure);
        if (!measured) return notes.cell("unknown", [matrixRef(`criteria/${criterion}`)]);
        const { value, unit, ratio, refs } = measured;
        const shown = `${Number(value.toPrecision(3)).toLocaleString("en-US")} ${unit}`;
        return notes.cell(
          ratio === undefined || unit === "×" ? shown : `${shown}, ${ratio.toFixed(2)} × control`,
          refs,
        );
      }),
    ]),
  );
}

function range({ low, high }: Value): string {
  return high - low < 0.05 ? ((low + high) / 2).toFixed(1) : `${low.toFixed(1)}–${high.toFixed(1)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const KINDS: readonly { readonly kind: Ref["kind"]; readonly title: string }[] = [
  { kind: "source", title: "Pages" },
  { kind: "figure", title: "Figures" },
  { kind: "answer", title: "Answers" },
  { kind: "price", title: "Prices and assumptions" },
  { kind: "matrix", title: "Judgements" },
];

/** Numbers references in the order of their first use. */
class Notes {
  readonly #places: Places;
  readonly #numbers = new Map<string, { readonly number: number; readonly ref: Ref }>();

  constructor(places: Places) {
    this.#places = places;
  }

  sentence({ text, refs }: Statement): string {
    return `${text} ${this.#marks(refs)}.`;
  }

  cell(text: string, refs: readonly Ref[]): string {
    return `${text} ${this.#marks(refs)}`;
  }

  /** The numbered list of everything that was referred to. */
  list(): string {
    const all = [...this.#numbers.values()];
    return KINDS.flatMap(({ kind, title }) => {
      const lines = all
        .filter(({ ref }) => ref.kind === kind)
        .map(({ number, ref }) => `- [${number}] [${titleOf(ref)}](${this.#address(ref)})${dateOf(ref)}`);
      return lines.length > 0 ? [`### ${title}\n\n${lines.join("\n")}`] : [];
    }).join("\n\n");
  }

  #marks(refs: readonly Ref[]): string {
    return distinct(refs)
      .map((ref) => `[[${this.#numberOf(ref)}]](${this.#address(ref)})`)
      .join("");
  }

  #numberOf(ref: Ref): number {
    const key = refKey(ref);
    const known = this.#numbers.get(key);
    if (known) return known.number;
    const number = this.#numbers.size + 1;
    this.#numbers.set(key, { number, ref });
    return number;
  }

  #address(ref: Ref): string {
    const { root, answers, matrix, prices, results } = this.#places;
    switch (ref.kind) {
      case "source":
        return ref.source.url.startsWith("https://") ? ref.source.url : `${root}${ref.source.url}`;
      case "figure":
        return ref.scenario === ""
          ? results
          : `${results}#${figurePath(ref).split("/").map(encoded).join("/")}`;
      case "answer":
        return `${answers}#${ref.key}`;
      case "matrix":
        return `${matrix}#${ref.path}`;
      case "price":
        return `${prices}#${ref.path}`;
    }
  }
}

function titleOf(ref: Ref): string {
  switch (ref.kind) {
    case "source":
      return ref.source.title;
    case "figure":
      return ref.scenario === "" ? "The run" : `Figure ${figurePath(ref)}`;
    case "answer":
      return `Answer ${ref.key}`;
    case "matrix":
      return `Matrix ${ref.path}`;
    case "price":
      return `Prices ${ref.path}`;
  }
}

function dateOf(ref: Ref): string {
  return ref.kind === "source" ? `, ${ref.source.date}` : "";
}

/** A part of an address inside of Markdown, where a bracket would end it. */
function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll("(", "%28").replaceAll(")", "%29");
}

function figurePath({ scenario, contender, metric }: Extract<Ref, { kind: "figure" }>): string {
  return `${scenario}/${contender}/${metric}`;
}
