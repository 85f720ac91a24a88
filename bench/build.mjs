/**
 * Builds the package. File by file, unlike the other packages: child processes load halves and
 * contenders by their address beside the module that names them, and a bundler would put both
 * elsewhere.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

rmSync(at("dist"), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [at("../node_modules/@typescript/native/bin/tsc"), "-b", at("tsconfig.build.json")],
  {
    stdio: "inherit",
  },
);
// Files that modules read from beside them: the report's page, the decision's tables.
cpSync(at("src"), at("dist"), {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || !path.endsWith(".ts"),
});
rmSync(at("dist/.tsbuildinfo"), { force: true });
chmodSync(at("dist/cli.js"), 0o755);
