/**
 * `bellwire-bench decide`: takes requirements, figures, judgements and prices, and writes
 * `decision.md`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RESULTS_VERSION, type Results } from "../results.ts";
import { type Decision, decide } from "./decision.ts";
import { day, InvalidInput, isObject, parseJson } from "./input.ts";
import { decisionMarkdown, type Places } from "./markdown.ts";
import { CRITERIA, readMatrix } from "./matrix.ts";
import { readPrices } from "./prices.ts";
import { askRequirements, type Terminal } from "./questions.ts";
import { FIELDS, type Requirements, readRequirements } from "./requirements.ts";

export const DECIDE_USAGE = `bellwire-bench decide [options]
  --answers file      the requirements as JSON; without it they are asked for in the terminal
  --results file      figures of a run, for what can be measured and for the cost of own servers
  --prices file       prices in place of those that come with the program
  --matrix file       judgements in place of those that come with the program
  --out file          where the decision goes; default: decision.md
  --date day          the day of the decision; default: today
  --seed n            the seed of the draws of weights; default: 1
  --save file         writes the answers, to be given with --answers the next time`;

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MATRIX = fileURLToPath(new URL("./matrix.json", import.meta.url));
const PRICES = fileURLToPath(new URL("./prices.json", import.meta.url));

/** Streams of the terminal; others than the process's own in tests. */
export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly error: NodeJS.WritableStream;
}

/**
 * Runs the command with its arguments, without the word `decide`. Resolves to the exit code: 0 when
 * there is a choice, 1 when every option is excluded (the decision is written all the same), 2 when
 * something given is wrong.
 */
export async function decideCommand(
  args: readonly string[],
  { input, output, error }: Streams = { input: process.stdin, output: process.stdout, error: process.stderr },
): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      output.write(`${DECIDE_USAGE}\n\n${answersText()}\n`);
      return 0;
    }
    const decision = await decisionOf(options, { input, output });
    const { out } = options;
    writeFileSync(out, decisionMarkdown(decision, placesOf(options)));
    output.write(`${summary(decision)}\n${out}\n`);
    return decision.choice === undefined ? 1 : 0;
  } catch (thrown) {
    error.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${DECIDE_USAGE}\n`);
    return 2;
  }
}

/** Every answer that a file may have. */
function answersText(): string {
  const lines = FIELDS.map(
    ({ key, question, rule, fallback }) =>
      `  ${key.padEnd(18)}${question}: ${rule.allowed}; default ${JSON.stringify(fallback)}`,
  );
  const weights = `  ${"weights".padEnd(18)}Weights in place of those that follow, for one or more of ${CRITERIA.join(", ")}`;
  return ["Answers, as JSON; an absent answer takes its default:", ...lines, weights].join("\n");
}

interface DecideOptions {
  readonly answers: string | undefined;
  readonly results: string | undefined;
  readonly prices: string;
  readonly matrix: string;
  readonly out: string;
  readonly date: string;
  readonly seed: number;
  readonly save: string | undefined;
  readonly help: boolean;
}

function readOptions(args: readonly string[]): DecideOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      answers: text,
      results: text,
      prices: { ...text, default: PRICES },
      matrix: { ...text, default: MATRIX },
      out: { ...text, default: "decision.md" },
      date: { ...text, default: new Date().toISOString().slice(0, 10) },
      seed: { ...text, default: "1" },
      save: text,
      help: { type: "boolean", default: false },
    },
  });
  if (!day.test(values.date)) throw new InvalidInput("--date", day.allowed);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 1) throw new InvalidInput("--seed", "a whole number from 1");
  return { ...values, answers: values.answers, results: values.results, save: values.save, seed };
}

async function decisionOf(
  options: DecideOptions,
  streams: Pick<Streams, "input" | "output">,
): Promise<Decision> {
  const matrix = readMatrix(readJson(options.matrix, "--matrix"), "matrix");
  const prices = readPrices(readJson(options.prices, "--prices"), "prices");
  const results = options.results === undefined ? undefined : readResults(options.results);
  const needs =
    options.answers === undefined
      ? await askIn(streams)
      : readRequirements(readJson(options.answers, "--answers"), "answers");
  if (options.save !== undefined) writeFileSync(options.save, `${JSON.stringify(needs, null, 2)}\n`);
  return decide({ needs, matrix, prices, results, date: options.date, seed: options.seed });
}

async function askIn({ input, output }: Pick<Streams, "input" | "output">): Promise<Requirements> {
  const lines = createInterface({ input, output });
  const ended = new Promise<undefined>((settle) => lines.once("close", () => settle(undefined)));
  const waiting: string[] = [];
  let next: ((line: string) => void) | undefined;
  lines.on("line", (line) => {
    if (next) next(line);
    else waiting.push(line);
    next = undefined;
  });
  const terminal: Terminal = {
    ask(question) {
      output.write(question);
      const line = waiting.shift();
      if (line !== undefined) return Promise.resolve(line);
      return Promise.race([new Promise<string>((settle) => (next = settle)), ended]);
    },
    say: (text) => void output.write(`${text}\n`),
  };
  try {
    return await askRequirements(terminal);
  } finally {
    lines.close();
  }
}

function readJson(file: string, option: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new InvalidInput(option, "a file that can be read");
  }
  return parseJson(option, text);
}

function readResults(file: string): Results {
  const value = readJson(file, "--results");
  if (!isObject(value) || value.version !== RESULTS_VERSION || !Array.isArray(value.scenarios))
    throw new InvalidInput("--results", `results of version ${RESULTS_VERSION}`);
  return value as unknown as Results;
}

function placesOf({ out, answers, results, matrix, prices, save }: DecideOptions): Places {
  const from = dirname(resolve(out));
  const to = (file: string): string => relative(from, resolve(file)).split("\\").join("/");
  const root = to(ROOT);
  return {
    root: root === "" ? "" : `${root}/`,
    answers: to(answers ?? save ?? "answers.json"),
    matrix: to(matrix),
    prices: to(prices),
    results: to(results ?? "results.json"),
  };
}

function summary({ choice, matrix, ranking, sensitivity }: Decision): string {
  if (choice === undefined) return "Undecided: every option is excluded.";
  const scores = ranking.map(({ option, score }) => `${matrix.options[option].name} ${score.toFixed(2)}`);
  const share = Math.round((sensitivity.wins[choice] ?? 0) * 100);
  return `${matrix.options[choice].name} (${scores.join(", ")}; first in ${share} % of draws)`;
}
