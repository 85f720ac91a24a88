/** The page in a real browser, on each wire, through a proxy that cuts its connections. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from "vitest";

const executablePath = process.env.BELLWIRE_CHROMIUM;
const reason = executablePath ? "" : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";
const folder = fileURLToPath(new URL("../", import.meta.url));
const screenshots = fileURLToPath(new URL("../.screenshots/", import.meta.url));

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/**
 * Errors that Chromium itself writes to the console when a connection is cut or refused, as these
 * tests do.
 */
const NETWORK_ERROR = /net::ERR_|^WebSocket connection to /;

const DESKTOP: BrowserContextOptions = { viewport: { width: 1000, height: 760 }, colorScheme: "light" };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 760 },
  deviceScaleFactor: 2,
  colorScheme: "dark",
};

/** Milliseconds until what should appear on the page must be there. */
const PATIENCE = { timeout: 30_000 };

interface Running {
  readonly port: number;
  readonly process: ChildProcess;
}

/** `npm start`, without npm in between: the process that is ended is the server. */
function startServer(): Promise<Running> {
  const args = ["--import", "tsx", "-C", "@bellwire/source", "server.ts"];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, PORT: "0" } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const port = /localhost:(\d+)/.exec(said)?.[1];
      if (port) resolve({ port: Number(port), process: child });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`server.ts ended with ${code}: ${said}`)));
  });
}

async function startProxy(port: number): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target: port, random: seededRandom(1) });
  onTestFinished(() => proxy.close());
  return proxy;
}

async function finishWorkout(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/workouts`, { method: "POST" });
  expect(response.status).toBe(200);
}

/** The rows of the page, oldest first. */
async function rows(page: Page): Promise<string[]> {
  const titles = await page.locator("#list .title").allTextContents();
  return titles.reverse();
}

const state = (page: Page, name: string) => page.locator(`#state[data-state="${name}"]`).waitFor();
const away = (page: Page) => page.locator(`#state:not([data-state="connected"])`).waitFor();

// Generous: beside the other tests, a browser and a server may get little of the machine.
describe.skipIf(!executablePath)(`the page in Chromium${reason}`, { timeout: 90_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: FLAGS });
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  async function open(url: string, options: BrowserContextOptions): Promise<{ page: Page; wrong: string[] }> {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      if (["error", "warning"].includes(message.type()) && !NETWORK_ERROR.test(text)) wrong.push(text);
    });
    onTestFailed(() => console.log(`what the page complained of: ${wrong.join("; ") || "nothing"}`));
    await page.goto(url);
    return { page, wrong };
  }

  it.each([
    { wire: "ws", options: DESKTOP },
    { wire: "sse", options: PHONE },
  ])(
    "shows what was published while its $wire link was cut, once and in order",
    async ({ wire, options }) => {
      const { port } = await startServer();
      const proxy = await startProxy(port);
      const { page, wrong } = await open(`http://localhost:${proxy.port}/?wire=${wire}`, options);
      await state(page, "connected");
      await page.screenshot({ path: `${screenshots}${wire}-1-empty.png` });

      await page.getByRole("button", { name: "Finish a workout" }).click();
      await expect.poll(() => rows(page), PATIENCE).toEqual(["Workout w1"]);

      proxy.refuse(true);
      proxy.cutAll();
      await away(page);
      for (let i = 0; i < 3; i += 1) await finishWorkout(port);
      await page.screenshot({ path: `${screenshots}${wire}-2-away.png` });
      expect(await rows(page)).toEqual(["Workout w1"]);

      proxy.refuse(false);
      await state(page, "connected");
      await finishWorkout(port);
      const all = ["w1", "w2", "w3", "w4", "w5"].map((id) => `Workout ${id}`);
      await expect.poll(() => rows(page), PATIENCE).toEqual(all);
      expect(await page.locator("#count").textContent()).toBe("5");
      await page.screenshot({ path: `${screenshots}${wire}-3-recovered.png` });
      expect(wrong).toEqual([]);
    },
  );

  it.each([
    { wire: "ws", options: { ...DESKTOP, colorScheme: "dark" } as const },
    { wire: "sse", options: { ...PHONE, colorScheme: "light" } as const },
  ])(
    "shows a gap on $wire when the server was restarted and its memory is gone",
    async ({ wire, options }) => {
      const first = await startServer();
      const proxy = await startProxy(first.port);
      const { page, wrong } = await open(`http://localhost:${proxy.port}/?wire=${wire}`, options);
      await state(page, "connected");
      await finishWorkout(first.port);
      await finishWorkout(first.port);
      await expect.poll(() => rows(page), PATIENCE).toEqual(["Workout w1", "Workout w2"]);

      proxy.refuse(true);
      first.process.kill("SIGKILL");
      await away(page);
      const second = await startServer();
      proxy.retarget(second.port);
      proxy.refuse(false);
      await expect.poll(() => rows(page), PATIENCE).toEqual(["Workout w1", "Workout w2", "Gap"]);

      await finishWorkout(second.port);
      await expect
        .poll(() => rows(page), PATIENCE)
        .toEqual(["Workout w1", "Workout w2", "Gap", "Workout w1"]);
      await page.screenshot({ path: `${screenshots}${wire}-4-gap.png` });
      expect(wrong).toEqual([]);
    },
  );
});
