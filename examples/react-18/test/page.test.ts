/**
 * The page in a real browser, with two people in one room. The packages' READMEs show these files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const executablePath = process.env.BELLWIRE_CHROMIUM;
const reason = executablePath ? "" : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";
const folder = fileURLToPath(new URL("../", import.meta.url));

it.each(["topics.ts", "server.ts", "app.tsx"])("%s is what README.md of @bellwire/react shows", (file) => {
  const readme = readFileSync(`${folder}../../packages/react/README.md`, "utf8");
  const blocks = Array.from(readme.matchAll(/^```tsx?\n(.*?)^```/gms), ([, code]) => code);
  expect(blocks.find((code) => code?.startsWith(`// ${file}`))).toBe(readFileSync(folder + file, "utf8"));
});

function startServer(): Promise<string> {
  const args = ["--import", "tsx", "-C", "@bellwire/source", "server.ts"];
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, PORT: "0" },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const url = /http:\/\/localhost:\d+/.exec(said)?.[0];
      if (url) resolve(url);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`server.ts ended with ${code}: ${said}`)));
  });
}

describe.skipIf(!executablePath)(`the page in Chromium${reason}`, { timeout: 60_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: ["--no-sandbox", "--disable-gpu"],
    });
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  it("rings once on every page, over one connection for each page", async () => {
    const url = await startServer();
    const sockets: string[] = [];
    const open = async (): Promise<Page> => {
      const page = await browser.newPage();
      onTestFinished(() => page.close());
      page.on("websocket", (socket) => sockets.push(socket.url()));
      await page.goto(url);
      await page.locator("output", { hasText: "connected" }).waitFor();
      return page;
    };
    const alice = await open();
    const bob = await open();
    await alice.getByRole("button", { name: "Ring" }).click();
    for (const page of [alice, bob]) {
      await page.locator("[part~=toast]", { hasText: "Alice rang" }).waitFor();
      expect(await page.locator("#app ol > li").filter({ hasText: "Alice at" }).count()).toBe(1);
      expect(await page.getByRole("button", { name: "Notifications, 1 unread" }).count()).toBe(1);
    }
    expect(sockets).toHaveLength(2);
  });
});
