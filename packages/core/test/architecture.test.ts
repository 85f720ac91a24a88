/**
 * The rules of ARCHITECTURE.md on imports, held for every source file of the repository. A rule
 * that breaks here is a design change, not a test to adjust.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const packages = readdirSync(join(root, "packages"));
const adapters = packages.filter((name) => name.startsWith("adapter-"));

interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** Module specifiers as written: static, dynamic, re-exported and type-only ones. */
  readonly specifiers: readonly string[];
}

function sourcesIn(folder: string): Source[] {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[cm]?tsx?$/.test(name) && !/(^|[\\/])(node_modules|dist|\.tsbuild)[\\/]/.test(name))
    .map((name) => {
      const text = readFileSync(join(start, name), "utf8");
      return {
        path: `${folder}/${name.split(sep).join("/")}`,
        lines: text.split("\n").length - 1,
        specifiers: ts.preProcessFile(text, true, true).importedFiles.map((found) => found.fileName),
      };
    });
}

const packageSources = new Map(packages.map((name) => [name, sourcesIn(`packages/${name}/src`)]));
const coreSources = packageSources.get("core") ?? [];
const users = [...sourcesIn("bench"), ...sourcesIn("examples")];

/** Every subpath that a package publishes, as an importer writes it: `@bellwire/core/client`. */
const published = new Set(
  [...packages.map((name) => `packages/${name}`), "bench"].flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return Object.keys(exports).map((subpath) => `${name}${subpath.slice(1)}`);
  }),
);

/** The file of a relative specifier, from the repository's root; undefined for a package. */
function target(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, join(root, dirname(source.path), specifier))
    .split(sep)
    .join("/");
}

/** One line for each import that `allowed` refuses; a test shows them all. */
function refused(
  sources: readonly Source[],
  allowed: (specifier: string, source: Source) => boolean,
): string[] {
  return sources.flatMap((source) =>
    source.specifiers
      .filter((specifier) => !allowed(specifier, source))
      .map((specifier) => `${source.path} imports ${specifier}`),
  );
}

/** Words that a file of core shares with a provider's name and means otherwise. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  // The grammar of names reserves `pusher`, so that every topic and event is legal everywhere.
  "packages/core/src/contract.ts": ["pusher"],
  "packages/core/src/protocol/names.ts": ["pusher"],
  "packages/core/src/protocol/unknown-topic.ts": ["pusher"],
  // A value of `X-Forwarded-Proto`.
  "packages/core/src/server/http/origins.ts": ["ws"],
};

/** The words of a file's identifiers, texts and regular expressions, in lower case; no comments. */
function wordsIn(path: string): string[] {
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isLiteralExpression(node))
      words.push(...wordsOf(node.text));
    else if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node))
      words.push(...wordsOf(node.text));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest));
  return words;
}

/** `attachSocketIo` as `attach`, `socketio`; `wss` as `ws`. */
function wordsOf(text: string): string[] {
  return text
    .replace(/socket\W?io/gi, " socketio ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/\bwss\b/g, "ws")
    .split(/[^a-z]+/);
}

describe("the scan sees the repository", () => {
  it.each(packages)("finds sources and their imports in %s", (name) => {
    const sources = packageSources.get(name) ?? [];
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap((source) => source.specifiers).length).toBeGreaterThan(0);
  });

  it("finds the sources of bench and examples", () => {
    expect(users.filter((source) => source.path.startsWith("bench/")).length).toBeGreaterThan(0);
    expect(users.filter((source) => source.path.startsWith("examples/")).length).toBeGreaterThan(0);
  });
});

describe("inside core", () => {
  /** The room of a core file: its folder, or `shared` for the words that lie directly in src. */
  const room = (path: string): string => /^packages\/core\/src\/([^/]+)\//.exec(path)?.[1] ?? "shared";
  const mayImport: Readonly<Record<string, readonly string[]>> = {
    shared: ["shared", "protocol"],
    protocol: ["shared", "protocol"],
    client: ["shared", "protocol", "client"],
    canary: ["shared", "protocol", "client", "canary"],
    server: ["shared", "protocol", "server"],
    adapter: ["shared", "protocol", "server"],
    memory: ["shared", "protocol", "client", "server", "memory"],
    conformance: ["shared", "protocol", "client", "server", "memory", "conformance"],
  };

  it("has only rooms that this test knows", () => {
    expect(Object.keys(mayImport)).toEqual(
      expect.arrayContaining([...new Set(coreSources.map((source) => room(source.path)))]),
    );
  });

  it("the client and the server never import each other, and shared words import neither", () => {
    expect(
      refused(coreSources, (specifier, source) => {
        const file = target(source, specifier);
        return file === undefined || (mayImport[room(source.path)]?.includes(room(file)) ?? false);
      }),
    ).toEqual([]);
  });

  it("never names an adapter", () => {
    const naming = coreSources.filter((source) =>
      /@bellwire\/adapter-|adapter-(ws|sse|socketio|pusher)/.test(
        readFileSync(join(root, source.path), "utf8"),
      ),
    );
    expect(naming.map((source) => source.path)).toEqual([]);
  });

  it("names no provider in an identifier or a text, so that an adapter touches no file of core", () => {
    const providers = adapters.map((name) => name.slice("adapter-".length));
    const schema = wordsOf(readFileSync(join(root, "packages/core/config.schema.json"), "utf8"));
    expect(schema.filter((word) => providers.includes(word))).toEqual([]);
    expect(
      coreSources.flatMap(({ path }) =>
        wordsIn(path)
          .filter((word) => providers.includes(word) && !RESERVED[path]?.includes(word))
          .map((word) => `${path} names ${word}`),
      ),
    ).toEqual([]);
  });

  it("depends on the types of Standard Schema, and in the server on eventemitter3", () => {
    expect(
      refused(
        coreSources,
        (specifier, source) =>
          specifier.startsWith(".") ||
          isBuiltin(specifier) ||
          specifier === "@standard-schema/spec" ||
          (specifier === "eventemitter3" && room(source.path) === "server"),
      ),
    ).toEqual([]);
  });

  it("uses Node's modules in the server and the conformance kit only", () => {
    const portable = coreSources.filter((source) => !["server", "conformance"].includes(room(source.path)));
    expect(refused(portable, (specifier) => !isBuiltin(specifier))).toEqual([]);
  });
});

describe("between packages", () => {
  it("no relative import leaves its package", () => {
    const sources = packages.flatMap((name) => [
      ...(packageSources.get(name) ?? []),
      ...sourcesIn(`packages/${name}/test`),
    ]);
    const home = (path: string) => path.split("/").slice(0, 2).join("/");
    expect(
      refused(sources, (specifier, source) => {
        const file = target(source, specifier);
        return file === undefined || home(file) === home(source.path);
      }),
    ).toEqual([]);
  });

  it.each(adapters)("%s imports core through published subpaths only, and no other adapter", (name) => {
    expect(
      refused(
        packageSources.get(name) ?? [],
        (specifier) =>
          !specifier.startsWith("@bellwire/") ||
          (/^@bellwire\/core(\/|$)/.test(specifier) && published.has(specifier)),
      ),
    ).toEqual([]);
  });

  it.each(adapters)("the client of %s, and all that it reaches, imports no Node module", (name) => {
    const sources = new Map((packageSources.get(name) ?? []).map((source) => [source.path, source]));
    const client = sources.get(`packages/${name}/src/client.ts`);
    const reached = new Set<Source>();
    const visit = (source: Source | undefined) => {
      if (!source || reached.has(source)) return;
      reached.add(source);
      for (const specifier of source.specifiers) visit(sources.get(target(source, specifier) ?? ""));
    };
    visit(client);
    expect(reached.size).toBeGreaterThan(0);
    expect(refused([...reached], (specifier) => !isBuiltin(specifier) && specifier !== "ws")).toEqual([]);
  });

  it.each(adapters)("%s publishes its part of the configuration's schema", (name) => {
    const { $defs } = JSON.parse(readFileSync(join(root, `packages/${name}/config.schema.json`), "utf8"));
    expect(Object.keys($defs)).toEqual(expect.arrayContaining(["transport", "server"]));
    expect(published).toContain(`@bellwire/${name}/config.schema.json`);
  });

  it("bench and examples use only what a user can import", () => {
    expect(
      refused(users, (specifier, source) => {
        const file = target(source, specifier);
        if (file !== undefined) return !file.startsWith("packages/") && !file.startsWith("..");
        return !specifier.startsWith("@bellwire/") || published.has(specifier);
      }),
    ).toEqual([]);
  });
});

describe("files", () => {
  it("pure files compile without DOM and Node types", () => {
    const project = join(root, "packages/core/tsconfig.pure.json");
    const tsc = join(root, "node_modules/@typescript/native/bin/tsc");
    const compiled = run(tsc, "-p", project, "--listFilesOnly").filter((file) =>
      file.includes("/packages/core/src/"),
    );
    expect(compiled.length).toBeGreaterThan(0);
    expect(run(tsc, "-p", project, "--incremental", "false", "--tsBuildInfoFile", "null")).toEqual([]);
  });

  it("none under packages/*/src is longer than 320 lines", () => {
    const long = [...packageSources.values()].flat().filter((source) => source.lines > 320);
    expect(long.map((source) => `${source.path}: ${source.lines} lines`)).toEqual([]);
  });

  it("of core are 100 lines or less, by the median", () => {
    const lines = coreSources.map((source) => source.lines).sort((one, other) => one - other);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(100);
  });
});

describe("the lock file", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string; resolved?: string }>;
  };

  // Below these versions each library has a known remote crash or memory exhaustion.
  it.each([
    ["ws", "8.23.0"],
    ["socket.io", "4.8.4"],
    ["socket.io-parser", "4.2.7"],
    ["engine.io", "6.6.12"],
  ])("has no %s older than %s", (name, floor) => {
    const found = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    if (name === "ws") expect(found.length).toBeGreaterThan(0);
    const older = found.filter(
      ([, { version = "0" }]) => version.localeCompare(floor, "en", { numeric: true }) < 0,
    );
    expect(older.map(([path, { version }]) => `${path} ${version}`)).toEqual([]);
  });

  it("names no registry", () => {
    const urls = Object.values(lock.packages).filter(({ resolved }) => resolved?.includes("://"));
    expect(urls).toEqual([]);
  });
});

/** The lines that a Node program prints, on success or failure. */
function run(program: string, ...args: string[]): string[] {
  let output: string;
  try {
    output = execFileSync(process.execPath, [program, ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
    if (output.trim() === "") throw error;
  }
  return output.split("\n").filter((line) => line.trim() !== "");
}
