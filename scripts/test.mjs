/**
 * `npm test`: every gate, one after the other; a failure does not stop the next one.
 * The last line is `N passed, N failed`: vitest's tests, and one for each other stage.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const ci = process.env.CI === "true";
const scratch = mkdtempSync(join(tmpdir(), "bellwire-test-"));
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };

let passed = 0;
const failures = [];

/** Runs one stage; `count` turns its result into passed and failed, by default one of either. */
function stage(name, command, count = (ok) => ({ passed: ok ? 1 : 0, failed: ok ? [] : [name] })) {
  console.log(`\n== ${name}: ${command.join(" ")}`);
  const start = performance.now();
  const { status, error } = spawnSync(command[0], command.slice(1), { cwd: root, env, stdio: "inherit" });
  if (error) console.error(error.message);
  const result = count(status === 0);
  passed += result.passed;
  failures.push(...result.failed);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name}: ${result.failed.length === 0 ? "passed" : "FAILED"} in ${seconds} s`);
}

/** The first of some paths, or of some names on PATH, that can be run. */
function findProgram(paths, names) {
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((dir) => names.map((name) => join(dir, name)));
  return [...paths, ...onPath].find((path) => {
    try {
      accessSync(path ?? "", constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names a program to the tests by a variable; says so when it is missing. */
function find(name, variable, look) {
  const found = look(process.env[variable]);
  if (found) {
    env[variable] = found;
    return;
  }
  delete env[variable];
  console.log(`No ${name}: the tests that need it are skipped.`);
  if (ci) failures.push(`${name} is missing, which CI does not allow`);
}

/** Reads vitest's report: each test counts, and so does a file that never got to its tests. */
function countTests(ok) {
  let report;
  try {
    report = JSON.parse(readFileSync(join(scratch, "vitest.json"), "utf8"));
  } catch {
    return { passed: 0, failed: ["vitest ended without a report"] };
  }
  const failed = [];
  let succeeded = 0;
  for (const file of report.testResults) {
    const path = file.name.replace(root, "");
    if (file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed")) {
      failed.push(`${path}: ${file.message || "did not run"}`);
    }
    for (const test of file.assertionResults) {
      const name = `${path}: ${test.fullName}`;
      if (test.status === "passed") succeeded += 1;
      else if (test.status === "failed") failed.push(name);
      else {
        console.log(`skipped: ${name}`);
        if (ci) failed.push(`${name} (skipped, which CI does not allow)`);
      }
    }
  }
  if (succeeded === 0 && failed.length === 0) failed.push("vitest ran no test");
  if (!ok && failed.length === 0) failed.push("vitest reports an error outside of the tests");
  return { passed: succeeded, failed };
}

find("Chromium (CHROMIUM, /usr/bin/chromium or on PATH)", "BELLWIRE_CHROMIUM", (given) =>
  findProgram(
    [given, process.env.CHROMIUM, "/usr/bin/chromium"],
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  ),
);
find("Firefox (BELLWIRE_FIREFOX or on PATH)", "BELLWIRE_FIREFOX", (given) =>
  findProgram([given], ["firefox-esr", "firefox"]),
);
// WebKit has no window without a display.
find(
  "WebKit (WebKitWebDriver, BELLWIRE_WEBKIT or on PATH, and Xvfb on PATH)",
  "BELLWIRE_WEBKIT",
  (given) => findProgram([], ["Xvfb"]) && findProgram([given], ["WebKitWebDriver"]),
);
find("Redis (BELLWIRE_REDIS_SERVER, or redis-server on PATH)", "BELLWIRE_REDIS_SERVER", (given) =>
  findProgram([given], ["redis-server"]),
);
// Debian has a folder for each version, and puts none of them on PATH.
const DEBIAN_POSTGRES = "/usr/lib/postgresql";
find(
  `PostgreSQL (BELLWIRE_POSTGRES, the folder of its programs, or ${DEBIAN_POSTGRES})`,
  "BELLWIRE_POSTGRES",
  (given) => {
    const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
    const newest = versions.sort((one, other) => Number(other) - Number(one))[0] ?? "";
    const folders = given ? [given] : [join(DEBIAN_POSTGRES, newest, "bin")];
    const server = findProgram(
      folders.map((folder) => join(folder, "postgres")),
      [],
    );
    return server && dirname(server);
  },
);

stage("typecheck", ["tsc", "-b"]);
stage("lint", ["oxlint", "--type-aware"]);
stage("format", ["biome", "check"]);
stage("workspaces", ["sherif"]);
stage("unused", ["knip"]);
stage("repetition", ["jscpd", "--silent", "packages", "bench/src", "examples", "scripts"]);
stage("prose", [process.execPath, "scripts/prose.mjs"]);
stage(
  "tests",
  [
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${join(scratch, "vitest.json")}`,
  ],
  countTests,
);
stage("size", [process.execPath, "scripts/size.mjs"]);
stage("packages", [process.execPath, "scripts/pack-check.mjs"]);

rmSync(scratch, { recursive: true, force: true });
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join("\n")}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
