/** The page in a real browser: its hub is killed by the button, and the page says what followed. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BrowserContextOptions, chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { startCluster } from "./running.ts";

const executablePath = process.env.BELLWIRE_CHROMIUM ?? "";
const possible = Boolean(executablePath && process.env.BELLWIRE_REDIS_SERVER);
const reason = possible ? "" : " (skipped: no Chromium or no Redis; npm test finds both)";
const screenshots = fileURLToPath(new URL("../.screenshots/", import.meta.url));

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const PATIENCE = { timeout: 30_000 };

const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 800 }, colorScheme: "dark" };

describe.skipIf(!possible)(`the page${reason}`, { timeout: 120_000 }, () => {
  it.each([
    ["ws", DESKTOP],
    ["sse", PHONE],
    ["socketio", DESKTOP],
  ] as const)("goes on at the other hub with nothing missing (%s)", async (wire, options) => {
    const { url } = await startCluster();
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    onTestFinished(() => browser.close());
    const page = await browser.newPage(options);
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(String(error)));
    const text = (selector: string): Promise<string> => page.locator(selector).first().innerText(PATIENCE);
    await page.goto(`${url}/?wire=${wire}`);
    await expect.poll(() => text("#hub"), PATIENCE).toMatch(/^Hub [AB]$/);
    await expect.poll(async () => Number(await text("#received")), PATIENCE).toBeGreaterThan(3);

    const [before, process] = [await text("#hub"), await text("#process")];
    await page.click("#kill");
    const moved = page.locator("li.moved").first();
    await moved.waitFor({ state: "visible", ...PATIENCE });
    const after = await text("#hub");
    expect(await text("#process")).not.toBe(process);
    expect(await moved.locator(".title").innerText()).toBe(
      `${before} was killed; ${after.replace("H", "h")} goes on`,
    );
    expect(await moved.locator(".value").innerText()).toBe("nothing missing");
    const away = /away for ([\d.]+) s/.exec(await moved.locator(".detail").innerText())?.[1];
    expect(Number(away)).toBeLessThan(5);

    const received = Number(await text("#received"));
    await expect.poll(async () => Number(await text("#received")), PATIENCE).toBeGreaterThan(received + 3);
    for (const figure of ["#missing", "#repeated", "#gaps"]) expect(await text(figure)).toBe("0");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(broken).toEqual([]);
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: `${screenshots}${wire}.png` });
  });
});
