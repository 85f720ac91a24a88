/**
 * The README's pictures: `npm run picture` starts the demonstration on a free port with a database
 * of its own, opens it in Chromium as a visitor on a desktop and one on a phone, and writes
 * docs/images/workout-tracker.png and docs/images/workout-tracker-phone.png. Chromium is
 * `BELLWIRE_CHROMIUM`, or /usr/bin/chromium.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

const root = fileURLToPath(new URL("../", import.meta.url));
const images = join(root, "docs/images");

/** Bytes that a picture may have: it is loaded by everybody who opens the README. */
const MOST_BYTES = 300_000;
/** Milliseconds until the demonstration must have said where it is. */
const START = 120_000;

await mkdir(images, { recursive: true });
const scratch = await mkdtemp(join(tmpdir(), "bellwire-picture-"));
let demo: ChildProcess | undefined;
let browser: Browser | undefined;
try {
  demo = await startDemo();
  const address = await addressOf(demo);
  browser = await chromium.launch({
    executablePath: process.env.BELLWIRE_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  await check(await onDesktop(browser, address));
  await check(await onPhone(browser, address));
} finally {
  await browser?.close();
  if (demo?.exitCode === null) {
    demo.kill("SIGINT");
    await once(demo, "exit");
  }
  await rm(scratch, { recursive: true, force: true });
}

/** The demonstration of `npm run demo`, with nobody's data but its own. */
async function startDemo(): Promise<ChildProcess> {
  const config = join(scratch, "tracker.json");
  await writeFile(config, await readFile(join(root, "examples/workout-tracker/tracker.json")));
  const program = ["--import", "tsx", "-C", "@bellwire/source", "examples/workout-tracker/server/main.ts"];
  return spawn(process.execPath, [...program, "--demo"], {
    cwd: root,
    env: { ...process.env, PORT: "0", BELLWIRE_CONFIG: config, DATABASE_URL: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("the demonstration has no output");
  const late = setTimeout(() => stdout.destroy(new Error(`no address within ${START} ms`)), START);
  try {
    for await (const line of createInterface({ input: stdout })) {
      const address = /http:\S+/.exec(line)?.[0];
      if (address !== undefined) return address;
    }
  } finally {
    clearTimeout(late);
    stdout.resume();
  }
  throw new Error("the demonstration ended before it said where it is");
}

/** A live workout among others, after a move to another wire, with a notification on its way. */
async function onDesktop(chrome: Browser, address: string): Promise<string> {
  const page = await chrome.newPage({
    viewport: { width: 1180, height: 760 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
  });
  await page.goto(`${address}/#live`);
  await page.getByTestId("state").filter({ hasText: "Connected" }).waitFor();
  await page
    .getByRole("button", { name: /^Join / })
    .first()
    .click();
  await page.getByRole("button", { name: "Move" }).click();
  await page.getByRole("button", { name: "SSE", exact: true }).click();
  await page.getByText("switch: moved to SSE").waitFor();
  const progress = page.getByRole("list", { name: "Progress" });
  await progress.getByText("You", { exact: true }).waitFor();
  await progress.getByRole("listitem").nth(4).waitFor();
  await page
    .getByTestId("latency")
    .filter({ hasText: /\d ms$/ })
    .waitFor();
  await page.locator("bellwire-toaster [part~=toasts] > li").first().waitFor();
  const name = "workout-tracker.png";
  await page.screenshot({ path: join(images, name) });
  return name;
}

/** The leaderboard on a phone at night. */
async function onPhone(chrome: Browser, address: string): Promise<string> {
  const page = await chrome.newPage({
    viewport: { width: 390, height: 760 },
    deviceScaleFactor: 1.5,
    colorScheme: "dark",
  });
  await page.goto(`${address}/#challenge`);
  await page.getByTestId("state").filter({ hasText: "Connected" }).waitFor();
  await page.getByRole("list", { name: "Leaderboard" }).getByRole("listitem").nth(5).waitFor();
  await page
    .getByTestId("latency")
    .filter({ hasText: /\d ms$/ })
    .waitFor();
  const name = "workout-tracker-phone.png";
  await page.screenshot({ path: join(images, name) });
  return name;
}

async function check(name: string): Promise<void> {
  const { size } = await stat(join(images, name));
  console.log(`docs/images/${name}: ${Math.round(size / 1_000)} kB`);
  if (size > MOST_BYTES) throw new Error(`docs/images/${name} has more than ${MOST_BYTES} bytes`);
}
