#!/usr/bin/env node
/** `bellwire-bench`: measures, compares, decides. */
import { killChildren } from "./process/child.ts";
import { runCommand } from "./run-command.ts";

/** Resolves to the exit code. */
async function main([name = "run", ...rest]: readonly string[]): Promise<number> {
  if (name === "compare") return (await import("./compare/cli.ts")).compareCommand(rest);
  if (name === "decide") return (await import("./decide/cli.ts")).decideCommand(rest);
  return runCommand(name === "run" ? rest : [name, ...rest]);
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    killChildren();
    process.exit(code);
  });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    killChildren();
    console.error(error);
    process.exit(1);
  },
);
