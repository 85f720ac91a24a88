/**
 * Checks the packages as a user gets them: packs each one, checks the tarballs, installs them into
 * an empty project, loads every entry both ways, compiles against their types, and runs the program
 * of README.md.
 */
import { execFile, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "bellwire-pack-"));
const project = join(scratch, "project");
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
const exec = promisify(execFile);
const run = (cwd, command, ...args) => exec(command, args, { cwd, env, maxBuffer: 1 << 26 });

let failed = 0;

/** One check; its failure is printed and does not stop the next one. */
async function check(name, body) {
  const start = performance.now();
  try {
    await body();
    console.log(`  ok ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    failed += 1;
    const text = [error.message, error.stdout, error.stderr].filter(Boolean).join("\n").trim();
    console.error(`  FAILED ${name}\n${text.replace(/^/gm, "    ")}`);
    return false;
  }
}

const packages = [...readdirSync(join(root, "packages")).map((name) => join("packages", name)), "bench"]
  .map((folder) => join(root, folder))
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
  .filter((manifest) => !manifest.private);

/** Every entry that a user can import, without `./package.json`. */
const entries = packages.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((subpath) => !subpath.endsWith(".json"))
    .map((subpath) => `${name}${subpath.slice(1)}`),
);

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
const locked = (name) => `${name}@${lock[`node_modules/${name}`].version}`;

async function installTarballs() {
  const tarballs = packages.map(({ tarball }) => tarball);
  mkdirSync(project, { recursive: true });
  const manifest = { name: "user", private: true, type: "module" };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  // Dependencies come in the versions of the lock file; the README's contract uses zod.
  const theirs = packages.flatMap(({ dependencies = {}, peerDependencies = {} }) =>
    Object.keys({ ...dependencies, ...peerDependencies }),
  );
  const outside = [...new Set([...theirs, "zod", "@types/node", "@types/react"])].filter(
    (name) => !name.startsWith("@bellwire/"),
  );
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run(project, "npm", "install", ...flags, ...tarballs, ...outside.map(locked));
}

/** Every file that `exports` and `imports` name, under any condition, is in the tarball. */
function namedFilesExist() {
  const files = (node) => (typeof node === "string" ? [node] : Object.values(node).flatMap(files));
  const missing = packages.flatMap(({ name, exports, imports = {} }) =>
    files({ exports, imports })
      .filter((file) => !existsSync(join(project, "node_modules", name, file)))
      .map((file) => `${name} names ${file}, which is not packed`),
  );
  if (missing.length > 0) throw new Error(missing.join("\n"));
}

async function loadEntries() {
  const imports = entries.map(
    (entry) =>
      `if (Object.keys(await import("${entry}")).length === 0) throw new Error("${entry} exports nothing");`,
  );
  writeFileSync(join(project, "load.mjs"), imports.join("\n"));
  const requires = entries.map(
    (entry) =>
      `if (Object.keys(require("${entry}")).length === 0) throw new Error("${entry} exports nothing");`,
  );
  writeFileSync(join(project, "load.cjs"), requires.join("\n"));
  await run(project, process.execPath, "load.mjs");
  await run(project, process.execPath, "load.cjs");
}

async function compileAgainstTypes() {
  const isClient = (entry) => /^@bellwire\/(core|react|toaster(\/react)?|[^/]+\/client)$/.test(entry);
  const everything = entries.map((entry, i) => `export * as e${i} from "${entry}";`).join("\n");
  writeFileSync(join(project, "all.mts"), everything);
  writeFileSync(join(project, "all.cts"), everything);
  const client = entries.filter(isClient).map((entry, i) => `export * as e${i} from "${entry}";`);
  writeFileSync(join(project, "browser.mts"), client.join("\n"));
  const strict = [
    "--strict",
    "--exactOptionalPropertyTypes",
    "--noEmit",
    "--skipLibCheck",
    "false",
    "--target",
    "es2022",
  ];
  const node = [...strict, "--lib", "es2023,dom", "--types", "node"];
  await run(project, "tsc", ...node, "--module", "nodenext", "all.mts", "all.cts");
  await run(project, "tsc", ...node, "--module", "esnext", "--moduleResolution", "bundler", "all.mts");
  // A browser project has no Node types.
  const browser = [...strict, "--lib", "es2022,dom,dom.iterable", "--types", ""];
  await run(project, "tsc", ...browser, "--module", "esnext", "--moduleResolution", "bundler", "browser.mts");
}

/**
 * Bundles the ws client for a platform that has a WebSocket of its own: neither `ws` nor a module
 * of Node may be in it.
 */
async function bundleFor(platform) {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    stdin: { contents: `export * from "@bellwire/adapter-ws/client";`, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    logLevel: "silent",
    ...platform,
  });
  const ws = Object.keys(metafile.inputs).filter((path) => path.includes("node_modules/ws/"));
  if (ws.length > 0) throw new Error(`the bundle contains ${ws.join(", ")}`);
}

/**
 * The README's files by name: the code that follows a line such as `// server.ts`, up to the next
 * such line or the block's end.
 */
function readmeProgram() {
  if (!existsSync(join(root, "README.md"))) throw new Error("README.md does not exist");
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const files = {};
  for (const [, code] of readme.matchAll(/^```(?:ts|typescript)[^\n]*\n(.*?)^```/gms)) {
    let name;
    for (const line of code.split("\n")) {
      name = /^\/\/ (topics|server|client)\.ts\b/.exec(line)?.[1] ?? name;
      if (name) files[name] = `${files[name] ?? ""}${line}\n`;
    }
  }
  const missing = ["topics", "server", "client"].filter((name) => !files[name]);
  if (missing.length > 0)
    throw new Error(`README.md has no code block for ${missing.map((n) => `// ${n}.ts`).join(", ")}`);
  return files;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a file of the project and waits until `ready(stdout)` holds. Fails when the file ends
 * first, or after 20 s.
 */
async function start(file, running, ready) {
  const loader = pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href;
  const stdio = ["ignore", "pipe", "pipe"];
  const child = spawn(process.execPath, ["--import", loader, file], { cwd: project, stdio });
  running.push(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const deadline = performance.now() + 20_000;
  while (!(await ready(out))) {
    const ended = child.exitCode ?? child.signalCode;
    if (ended === null && performance.now() < deadline) await sleep(50);
    else if (!(await ready(out))) {
      const why = ended === null ? "is not there after 20 s" : `ended with ${ended}`;
      throw new Error(`${file} ${why}\nstdout: ${out}\nstderr: ${err}`);
    }
  }
  return out;
}

function listening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function runReadme() {
  const files = readmeProgram();
  // The README says 8080; here any free port, so that a busy machine does not fail the check.
  const port = await freePort();
  for (const [name, code] of Object.entries(files)) {
    writeFileSync(join(project, `${name}.ts`), code.replaceAll("8080", String(port)));
  }
  const flags = [
    "--strict",
    "--noEmit",
    "--allowImportingTsExtensions",
    "--target",
    "es2023",
    "--types",
    "node",
  ];
  await run(project, "tsc", ...flags, "--module", "nodenext", "server.ts", "client.ts");
  const running = [];
  try {
    await start("server.ts", running, () => listening(port));
    const said = await start("client.ts", running, (out) => out.includes("\n"));
    console.log(`  README's client says: ${said.trim()}`);
  } finally {
    for (const child of running) child.kill("SIGKILL");
  }
}

/** Runs the benchmark from JavaScript: one transport, its control, and the reports that remain. */
async function runBenchmark() {
  const config = [
    `import { defineBenchmark } from "@bellwire/bench";`,
    `export default defineBenchmark({ scenarios: ["latency"], wires: ["ws"], rounds: 1 satisfies number });`,
  ];
  writeFileSync(join(project, "bellwire-bench.config.ts"), config.join("\n"));
  const { stdout } = await run(project, "npx", "--no", "bellwire-bench");
  if (!/^Bellwire ws .* ([\d,]+)\/\1 /m.test(stdout))
    throw new Error(`it did not measure Bellwire ws:\n${stdout}`);
  const missing = ["results.json", "report.html", "report.md"].filter(
    (file) => !existsSync(join(project, "bench-results", file)),
  );
  if (missing.length > 0) throw new Error(`it did not write ${missing.join(", ")}`);
}

const folders = packages.flatMap(({ name }) => ["-w", name]);
const built = await check("build", () =>
  Promise.all(packages.map(({ folder }) => run(folder, "npm", "run", "build", "--silent"))),
);
const packed =
  built &&
  (await check("pack", async () => {
    const { stdout } = await run(root, "npm", "pack", "--json", "--pack-destination", scratch, ...folders);
    // Older npm prints an array, newer npm an object by name.
    const reports = Object.values(JSON.parse(stdout));
    for (const manifest of packages) {
      const { filename } = reports.find(({ name }) => name === manifest.name);
      manifest.tarball = join(scratch, filename.replace("@", "").replace("/", "-"));
    }
  }));
if (packed) {
  for (const { name, tarball } of packages) {
    await check(`publint ${name}`, () => run(root, "publint", "run", tarball, "--strict"));
    // The benchmark has ES modules only, which every supported version of Node can also require.
    const profile = name === "@bellwire/bench" ? "esm-only" : "node16";
    await check(`types of ${name}`, () => run(root, "attw", tarball, "--profile", profile));
  }
  if (await check("install", installTarballs)) {
    await check("named files", namedFilesExist);
    await check("import and require", loadEntries);
    await check("compile", compileAgainstTypes);
    await check("browser bundle", () => bundleFor({ platform: "browser" }));
    // As Metro does: it asserts this condition, and `import` or `require`.
    for (const format of ["import", "require"]) {
      const conditions = ["react-native", format];
      await check(`React Native bundle by ${format}`, () => bundleFor({ platform: "neutral", conditions }));
    }
    await check("README program", runReadme);
    await check("benchmark", runBenchmark);
  }
}
rmSync(scratch, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
