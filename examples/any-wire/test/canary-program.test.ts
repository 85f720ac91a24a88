/**
 * The program of docs/canary.md, as it stands there: a server that adds up reports, and a client
 * that is chosen or not.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

/** A file of this example that runs. */
class Program {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, ["--import", "tsx", "--conditions=@bellwire/source", file], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (!this.child.stdout) throw new Error("no output");
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("it has ended");
    return value;
  }

  /** Asks it to end, and gives its exit code once nothing of it is left. */
  async end(): Promise<unknown> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const [code] = await ended;
    return code;
  }
}

let server: Program;
let host = "";
beforeAll(async () => {
  server = new Program("canary-server.ts", { PORT: "0" });
  const line = await server.line();
  expect(line).toMatch(/^listening on \d+$/);
  host = line.replace("listening on ", "localhost:");
});
afterAll(() => void server.child.kill());

it("the chosen client's report comes when it ends, which it does by itself once its channel is closed", async () => {
  const client = new Program("canary-client.ts", { HOST: host, SHARE: "1" });
  for (let n = 0; n < 4; n++) expect(await client.line()).toBe("320 kcal over ws");
  const ended = client.end();
  expect(await server.line()).toMatch(
    /^1 clients compared [2-9]: sse -?[\d.]+ ms later \(99 %: -?[\d.]+ ms\)$/,
  );
  expect(await server.line()).toBe("  ws: 0 lost, 0 late, 0 connections lost, 0 not made");
  expect(await server.line()).toBe("  sse: 0 lost, 0 late, 0 connections lost, 0 not made");
  expect(await ended).toBe(0);
});

it("a client that is not chosen makes no second link, and the server refuses a malformed report", async () => {
  const client = new Program("canary-client.ts", { HOST: host, SHARE: "0" });
  expect(await client.line()).toBe("320 kcal over ws");
  expect(await client.end()).toBe(0);
  const post = async (body: string): Promise<number> =>
    (await fetch(`http://${host}/canary`, { method: "POST", body })).status;
  expect(await Promise.all(["{}", "{", "x".repeat(70_000)].map(post))).toEqual([400, 400, 413]);
});

it.each(["canary-server.ts", "canary-client.ts"])("%s is what docs/canary.md shows", (file) => {
  const document = readFileSync(new URL("../../../docs/canary.md", import.meta.url), "utf8");
  expect(document).toContain(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"));
});
