/**
 * The report's page in a real browser, as it lies on a disk: by mouse and keyboard, on a desk and
 * on a phone, in light and dark.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { AxeResults, RunOptions } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { writeReports } from "../src/report/write.ts";
import { exampleResults, HOSTILE_NAME } from "./fixtures/results.ts";

const executablePath = process.env.BELLWIRE_CHROMIUM;
const reason = executablePath ? "" : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";
const screenshots = fileURLToPath(new URL("./.screenshots/", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;
const LOOKS = (["desk", "phone"] as const).flatMap((size) =>
  (["light", "dark"] as const).map((colorScheme) => ({ size, colorScheme })),
);

/** The folders of one run, and how its page behaved since it was opened. */
interface Open {
  readonly page: Page;
  /** Errors and warnings, and everything that was asked of the network but the page itself. */
  readonly faults: string[];
}

describe.runIf(executablePath)(`the page of a report${reason}`, { timeout: 60_000 }, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bellwire-page-"));
    mkdirSync(screenshots, { recursive: true });
    writeReports(folder, exampleResults());
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: BrowserContextOptions = {}): Promise<Open> {
    const context = await browser.newContext({ viewport: SIZES.desk, colorScheme: "light", ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const address = pathToFileURL(join(folder, "report.html")).href;
    const faults: string[] = [];
    page.on("console", (message) => faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (request.url() !== address && request.url() !== "data:,") faults.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    await page.locator("#theme").waitFor();
    return { page, faults };
  }

  /** How many pixels of a plot have about the colour that the theme has under this name. */
  function painted(page: Page, plot: string, variable: string): Promise<number> {
    return page.evaluate(
      ([id, name]) => {
        const canvas = document.querySelector(`#${id} canvas`);
        if (!(canvas instanceof HTMLCanvasElement)) return -1;
        const colour = getComputedStyle(document.documentElement)
          .getPropertyValue(name ?? "")
          .trim();
        const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
        const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
        let count = 0;
        for (let at = 0; data && at < data.length; at += 4)
          if (
            (data[at + 3] ?? 0) > 200 &&
            wanted.every((value, part) => Math.abs((data[at + part] ?? 0) - value) < 12)
          )
            count += 1;
        return count;
      },
      [plot, variable],
    );
  }

  const PLOTS = ["latency-percentiles", "latency-cdf", "throughput-knee", "reconnect-recovery"];

  describe.each(LOOKS)("on a $size, in $colorScheme", ({ size, colorScheme }) => {
    const look: BrowserContextOptions = { viewport: SIZES[size], colorScheme };

    it("draws every plot, asks nothing of the network and reports no error", async () => {
      const { page, faults } = await open(look);
      for (const plot of PLOTS)
        await expect.poll(() => painted(page, plot, "--hue-0"), { timeout: 10_000 }).toBeGreaterThan(100);
      await page.screenshot({ path: join(screenshots, `report-${size}-${colorScheme}.png`), fullPage: true });
      expect(faults).toEqual([]);
    });

    it("never scrolls sideways; on a phone its tables do, each in its own box", async () => {
      const { page } = await open(look);
      for (const details of await page.locator("summary").all()) await details.click();
      const widths = await page.evaluate(() => {
        scrollTo(1_000, 0);
        return {
          moved: scrollX,
          page: document.documentElement.scrollWidth - innerWidth,
          beyond: [...document.querySelectorAll("body *")].filter(
            (element) =>
              !element.closest(".scroll > table, .unseen") &&
              element.getBoundingClientRect().right > innerWidth,
          ).length,
          tables: [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth)
            .length,
        };
      });
      expect(widths).toMatchObject({ moved: 0, page: 0, beyond: 0 });
      expect(widths.tables > 0).toBe(size === "phone");
    });

    it("has nothing that a check for accessibility finds serious", async () => {
      const { page } = await open(look);
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run: (options: RunOptions) => Promise<AxeResults> } }).axe.run({}),
      );
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
      expect(passes.map(({ id }) => id)).toContain("color-contrast");
    });
  });

  it("changes the theme by keyboard, and the plots with it", async () => {
    const { page } = await open();
    await painted(page, "latency-percentiles", "--hue-0");
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    const button = page.locator("#theme");
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await button.getAttribute("aria-pressed")).toBe("true");
    expect(await paper()).not.toBe(light);
    expect(
      await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--hue-0")),
    ).toBe("#18acf5");
    await expect.poll(() => painted(page, "latency-percentiles", "--hue-0")).toBeGreaterThan(100);
    await page.keyboard.press("Space");
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    expect(await paper()).toBe(light);
  });

  it("follows the system's theme until the reader has chosen one", async () => {
    const { page } = await open({ colorScheme: "dark" });
    const pressed = () => page.locator("#theme").getAttribute("aria-pressed");
    expect(await pressed()).toBe("true");
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(pressed).toBe("false");
    await page.locator("#theme").click();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("#theme").click();
    expect(await pressed()).toBe("false");
  });

  it("takes a contender's lines out of a scenario's plots by keyboard, and brings them back", async () => {
    const { page } = await open();
    const button = page.locator("#latency .legend button", { hasText: "Bellwire ws" });
    const plots = ["latency-percentiles", "latency-cdf"];
    for (const plot of plots) await expect.poll(() => painted(page, plot, "--hue-0")).toBeGreaterThan(100);
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    for (const plot of plots) await expect.poll(() => painted(page, plot, "--hue-0")).toBe(0);
    expect(await painted(page, "throughput-knee", "--hue-0")).toBeGreaterThan(100);
    await page.keyboard.press("Enter");
    for (const plot of plots) await expect.poll(() => painted(page, plot, "--hue-0")).toBeGreaterThan(100);
  });

  it("leads a keyboard past the navigation, shows where it is, and into the tables", async () => {
    const { page } = await open({ viewport: SIZES.phone });
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement?.className ?? "");
    expect(await focused()).toBe("skip");
    expect(await page.locator(".skip").evaluate((link) => getComputedStyle(link).outlineStyle)).toBe("solid");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("scroll");
    await page.keyboard.press("ArrowRight");
    const scrolled = () => page.evaluate(() => document.activeElement?.scrollLeft ?? 0);
    await expect.poll(scrolled).toBeGreaterThan(0);
  });

  it("shows the figures under the pointer, with the caveats", async () => {
    const { page, faults } = await open();
    const plot = page.locator("#latency-percentiles .u-over");
    await plot.scrollIntoViewIfNeeded();
    await plot.hover({ position: { x: 150, y: 100 } });
    const tip = page.locator("#latency-percentiles .tip");
    await tip.waitFor();
    expect(await tip.locator("b").textContent()).toMatch(/^9\d(\.\d+)? %$/);
    const lines = await tip.locator("p").allTextContents();
    expect(lines).toContainEqual(
      expect.stringMatching(/^Bellwire pusher \[emulator, loopback\]\d+\.\d+ ms$/),
    );
    expect(faults).toEqual([]);
  });

  it("draws each plot as wide as the window lets it be", async () => {
    const { page } = await open();
    const width = () => page.locator("#throughput-knee .uplot").evaluate((plot) => plot.clientWidth);
    const wide = await width();
    await page.setViewportSize(SIZES.phone);
    await expect.poll(width).toBeLessThan(Math.min(wide, SIZES.phone.width));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(SIZES.phone.width);
  });

  it("can be read without scripts: words, tables and bars are in the page itself", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(folder, "report.html")).href);
    expect(await page.locator("table").count()).toBeGreaterThan(exampleResults().scenarios.length);
    expect(
      await page
        .locator(".bar")
        .first()
        .evaluate((bar) => bar.clientWidth),
    ).toBeGreaterThan(20);
    expect(await page.locator(".legend:visible, #theme:visible").count()).toBe(0);
  });

  it("is light on paper and unfolds everything, and is as before afterwards", async () => {
    const { page } = await open({ colorScheme: "dark" });
    const state = () =>
      page.evaluate(() => ({
        theme: document.documentElement.dataset.theme,
        open: document.querySelectorAll("details[open]").length,
        width: document.querySelector(".uplot")?.clientWidth,
      }));
    const before = await state();
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    expect(await state()).toMatchObject({ theme: "light", open: 3 });
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    expect(await state()).toEqual(before);
    expect((await page.pdf({ format: "A4", printBackground: true })).subarray(0, 5).toString()).toBe("%PDF-");
  });

  it("shows a hostile name as it is", async () => {
    const { page, faults } = await open();
    const names = await page.locator("#fan-out tbody .name").allTextContents();
    expect(names).toContain(HOSTILE_NAME);
    expect(faults).toEqual([]);
  });
});
