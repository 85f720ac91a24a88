/**
 * Opens the element in a real Chromium, on a page on loopback with a bundle of the test's script.
 */
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";

export const executablePath: string | undefined = process.env.BELLWIRE_CHROMIUM;
/** The reason that tests are skipped, for the name of their describe block. */
export const reason: string = executablePath
  ? ""
  : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";
/** Ignored by git. */
export const screenshots: string = join(import.meta.dirname, "../.screenshots/");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens pages that run one of this folder's files. */
export interface Pages {
  /** `query` is added to the page's URL. */
  open(options?: BrowserContextOptions, query?: string): Promise<Page>;
}

/**
 * Serves `html` and the bundle of `script`, a file of this folder, for the tests of a describe
 * block. `alias` replaces packages.
 */
export function servePages(
  script: string,
  html: string,
  alias: Readonly<Record<string, string>> = {},
): Pages {
  let browser: Browser;
  let url = "";
  const server = createServer();

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, script)],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      conditions: ["@bellwire/source"],
      alias,
      define: { "process.env.NODE_ENV": '"development"' },
    });
    const code = outputFiles[0]?.text ?? "";
    server.on("request", ({ url: path }, response) => {
      const isScript = path === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
      // The policy allows nothing inline, and the element's own styles must work under it.
      response.setHeader(
        "content-security-policy",
        "default-src 'self' ws:; require-trusted-types-for 'script'",
      );
      response.end(isScript ? code : html);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: FLAGS });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
  }, 60_000);

  return {
    async open(options = {}, query = "") {
      const context = await browser.newContext({ viewport: { width: 900, height: 640 }, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      const wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(error.message));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !message.text().includes("favicon"))
          wrong.push(message.text());
      });
      onTestFinished(async () => {
        await context.close();
        expect(wrong).toEqual([]);
      });
      await page.clock.install();
      await page.goto(url + query);
      return page;
    },
  };
}
