/** The program in the README of each package runs as it stands there. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../", import.meta.url));
const packages = fileURLToPath(new URL("../../../packages/", import.meta.url));

const programs = readdirSync(packages).flatMap((name) => {
  const readme = join(packages, name, "README.md");
  const text = existsSync(readme) ? readFileSync(readme, "utf8") : "";
  const blocks = Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, code = ""]) => code);
  const code = blocks.find((block) => block.startsWith("// program.ts"));
  return code === undefined ? [] : [{ name, code }];
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** The first line that a program prints; its end without one is a failure. */
async function firstLine(code: string): Promise<string> {
  // Inside the example, where the program finds the packages, in a folder that git ignores.
  const ignored = join(folder, ".tsbuild");
  mkdirSync(ignored, { recursive: true });
  const scratch = mkdtempSync(join(ignored, "readme-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const port = String(await freePort());
  writeFileSync(join(scratch, "program.ts"), code.replaceAll("8080", port));
  const args = ["--import", "tsx", "-C", "@bellwire/source", "program.ts"];
  const child = spawn(process.execPath, args, { cwd: scratch });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let said = "";
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      const [line, rest] = out.split("\n", 2);
      if (rest !== undefined) resolve(line ?? "");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`ended with ${status}: ${said}`)));
  });
}

describe("the README of each package", () => {
  it("of core and of every adapter has a program", () => {
    const named = readdirSync(packages).filter((name) => name === "core" || name.startsWith("adapter-"));
    expect(programs.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
  });

  it.each(programs)(
    "shows a program that runs: $name",
    async ({ code }) => {
      expect(await firstLine(code)).toBe("320 kcal");
    },
    30_000,
  );
});
