/**
 * `bench compare a.json b.json`: whether the second run is worse than the first, for people and for
 * CI.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Comparison, compareResults } from "./compare.ts";
import { readResults } from "./read-results.ts";
import { comparisonMarkdown, comparisonText } from "./report.ts";

export const COMPARE_USAGE = `npm run bench -- compare a.json b.json [options]
  Compares the run b with the earlier run a, figure by figure, each as a ratio to the control of its own round.
  Exit code: 0 no regression, 1 a regression, 2 wrong use or runs that cannot be compared.
  --threshold percent the smallest change that counts; default: 10
  --json file         writes the comparison
  --markdown file     writes a short report, for a pull request
  --help`;

/** A comparison as asked for. */
interface Order {
  readonly files: readonly [a: string, b: string] | undefined;
  readonly threshold: number;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

/**
 * Runs the command with what stands after `compare`. Resolves to the exit code; never rejects for
 * what the user did.
 */
export async function compareCommand(args: readonly string[]): Promise<number> {
  try {
    const { files, threshold, json, markdown } = readOrder(args);
    if (!files) {
      console.log(COMPARE_USAGE);
      return 0;
    }
    const [a, b] = files;
    const comparison = compareResults(readResults(a), readResults(b), { threshold });
    console.log(comparisonText(comparison));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(comparison, null, 2)}\n`);
    if (markdown !== undefined) writeFileSync(markdown, comparisonMarkdown(comparison));
    return exitCode(comparison);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${COMPARE_USAGE}`);
    return 2;
  }
}

/** An undecided figure fails nothing: noise must not stop anybody. */
function exitCode({ outcome }: Comparison): number {
  return outcome === "regression" ? 1 : 0;
}

function readOrder(args: readonly string[]): Order {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      threshold: { type: "string", default: "10" },
      json: { type: "string" },
      markdown: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [a, b, ...more] = positionals;
  const { json, markdown } = values;
  const order = { threshold: Number(values.threshold) / 100, json, markdown };
  if (values.help) return { ...order, files: undefined };
  if (a === undefined || b === undefined || more.length > 0) {
    throw new RangeError("give two files: a.json b.json");
  }
  if (!(order.threshold > 0 && order.threshold < 10)) {
    throw new RangeError("--threshold: must be a percentage above 0 and below 1000");
  }
  return { ...order, files: [a, b] };
}
