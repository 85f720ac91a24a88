/**
 * The public names of every package, entry by entry. A change shows in docs/entry-points.md:
 * `npx vitest run entries -u` writes it, and its difference belongs to the review.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Entry {
  /** As an importer writes it: `@bellwire/core/client`. */
  readonly name: string;
  /** The source that it is built from. */
  readonly source: string;
}

const entries: readonly Entry[] = readdirSync(join(root, "packages")).flatMap((folder) => {
  const home = join(root, "packages", folder);
  const { name, exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  };
  return Object.entries(exports).flatMap(([subpath, conditions]) => {
    const source = typeof conditions === "object" ? conditions["@bellwire/source"] : undefined;
    return source === undefined ? [] : [{ name: `${name}${subpath.slice(1)}`, source: join(home, source) }];
  });
});

const program = ts.createProgram(
  entries.map(({ source }) => source),
  {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ["@bellwire/source"],
    allowImportingTsExtensions: true,
    jsx: ts.JsxEmit.ReactJSX,
    noEmit: true,
    types: [],
  },
);
const checker = program.getTypeChecker();

/** The names of an entry; those that only the compiler sees carry `type`. */
function namesOf({ name, source }: Entry): readonly string[] {
  const file = program.getSourceFile(source);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${name} is not a module`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return `${symbol.name}${flags & ts.SymbolFlags.Value ? "" : " (type)"}`;
    })
    .sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1));
}

it("changes no public name unseen", async () => {
  const chapters = entries.map((entry) => {
    const names = namesOf(entry);
    const list = names.map((name) => `- ${name.replace(/^[^ ]+/, "`$&`")}`).join("\n");
    return `## ${entry.name}\n\n${list}\n`;
  });
  const text = `# Entry points\n\nEvery public name, written by \`npx vitest run entries -u\`.\n\n${chapters.join("\n")}`;
  await expect(text).toMatchFileSnapshot(join(root, "docs/entry-points.md"));
});

it("gives an application at most 35 names in the entry that both sides share", () => {
  const shared = entries.find(({ name }) => name === "@bellwire/core");
  const names = shared ? namesOf(shared) : [];
  expect(names.length).toBeGreaterThan(0);
  expect(names.length).toBeLessThanOrEqual(35);
});
