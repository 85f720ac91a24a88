/**
 * The program of docs/configuration.md, as it stands there: one server, and one client that is told
 * its wire by a URL.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const children: ChildProcess[] = [];

/**
 * Starts a file of this example; resolves with the first line that it prints, or with how it ended.
 */
function start(file: string, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@bellwire/source", file], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    let out = "";
    let complaints = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes("\n")) resolve(out.split("\n", 1)[0] ?? "");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.on("close", () => resolve(complaints));
  });
}

let port = "";
beforeAll(async () => {
  port = (await start("server.ts", { PORT: "0" })).replace("listening on ", "");
  expect(port).toMatch(/^\d+$/);
});
afterAll(() => {
  for (const child of children) child.kill();
});

describe("the client", () => {
  it.each([
    ["ws", "ws://localhost:PORT/bellwire"],
    ["sse", "sse+http://localhost:PORT/bellwire/sse"],
    ["socketio", "socketio+http://localhost:PORT"],
    ["pusher", "pusher+ws://app-key@localhost:PORT"],
  ])("hears its workouts over %s when it is given %s", async (name, url) => {
    const line = await start("client.ts", { BELLWIRE_URL: url.replace("PORT", port) });
    expect(line).toBe(`320 kcal over ${name}`);
  });

  it.each([
    { provider: "ws", url: "ws://localhost:PORT/bellwire" },
    { provider: "sse", url: "http://localhost:PORT/bellwire/sse" },
    { provider: "socketio", url: "http://localhost:PORT" },
    { provider: "pusher", key: "app-key", url: "ws://localhost:PORT" },
  ])("starts on $provider by editing its configuration file, and nothing else", async (config) => {
    const folder = await mkdtemp(join(tmpdir(), "bellwire-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "client.json");
    await writeFile(file, JSON.stringify({ ...config, url: config.url.replace("PORT", port) }));
    expect(await start("client.ts", { BELLWIRE_CONFIG: file })).toBe(`320 kcal over ${config.provider}`);
  });

  it("names the fault of a URL without quoting it", async () => {
    const said = await start("client.ts", { BELLWIRE_URL: "wss//user:hush@example.com" });
    expect(said).toContain('config: must be a URL for "ws" or "sse"');
    expect(said).not.toContain("hush");
  });
});

const blocksOf = (document: string): string[] =>
  Array.from(
    readFileSync(new URL(`../../../${document}`, import.meta.url), "utf8").matchAll(
      /^```(?:ts|json)\n(.*?)^```/gms,
    ),
    ([, code = ""]) => code,
  );
const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

it.each(["bellwire.json", "server.ts", "client.ts"])("%s is what docs/configuration.md shows", (file) => {
  expect(blocksOf("docs/configuration.md")).toContain(read(file));
});

it("README.md shows lines of it", () => {
  const shown = blocksOf("README.md").filter((block) => block.includes("transportFrom"));
  expect(shown).toHaveLength(1);
  for (const block of shown) expect(read("client.ts")).toContain(block);
});
