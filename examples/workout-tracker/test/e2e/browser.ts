/**
 * The equipment of the end-to-end tests: the built page, a server behind a proxy, and people in
 * front of real browsers.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { buildPage } from "../../server/build-page.ts";
import type { Running, StartOptions } from "../../server/start.ts";
import { PASSWORD, start } from "../people.ts";

export const executablePath: string = process.env.BELLWIRE_CHROMIUM ?? "";
/** For the title of a suite that needs a browser. */
export const reason: string = executablePath
  ? ""
  : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";

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
 * Errors that Chromium itself writes to the console when a connection is cut, refused or closed, as
 * these tests do.
 */
const NETWORK_ERROR = /net::ERR_|^WebSocket connection to |status of 503/;

const screenshots = fileURLToPath(new URL("../../.screenshots/", import.meta.url));

/**
 * Milliseconds until what should appear must be there; beside other tests a browser gets little of
 * the machine.
 */
export const PATIENCE = 30_000;

export const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1200, height: 900 },
  colorScheme: "light",
};
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 800 },
  deviceScaleFactor: 2,
  hasTouch: true,
  colorScheme: "dark",
};

/** A browser for a whole file. The caller closes it. */
export async function launch(): Promise<Browser> {
  mkdirSync(screenshots, { recursive: true });
  return chromium.launch({ executablePath, args: FLAGS });
}

let built: Promise<string> | undefined;

/** A server with the page, and a proxy before it. The caller closes both. */
export async function serve(
  options: Partial<StartOptions> = {},
): Promise<{ readonly running: Running; readonly proxy: FaultProxy }> {
  built ??= buildPage(
    fileURLToPath(new URL(`../../.data/page-e2e-${process.env.VITEST_POOL_ID}`, import.meta.url)),
  );
  const running = await start({ pages: built, ...options });
  const proxy = await startFaultProxy({ target: running.port, random: seededRandom(1) });
  return { running, proxy };
}

/** A notice in the bell. */
export interface BellLine {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly time: number;
  readonly read: boolean;
}

/** Somebody in front of a browser. */
export class Visitor {
  readonly page: Page;
  readonly #wrong: string[];

  constructor(page: Page, wrong: string[]) {
    this.page = page;
    this.#wrong = wrong;
  }

  /** Opens the page on one wire, in a context of its own, which is closed with the test. */
  static async at(
    browser: Browser,
    port: number,
    { wire = "ws", ...options }: BrowserContextOptions & { readonly wire?: string } = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ ...DESKTOP, ...options });
    onTestFinished(() => context.close());
    await context.addInitScript((name) => {
      if (localStorage.getItem("tracker:wire") === null) localStorage.setItem("tracker:wire", name);
    }, wire);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`uncaught: ${error.message}`));
    page.on("dialog", (dialog) => {
      wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !NETWORK_ERROR.test(text)) wrong.push(text);
    });
    onTestFailed(async () => {
      console.log(`what the page complained of: ${wrong.join("; ") || "nothing"}`);
      await page.screenshot({ path: `${screenshots}failed-${Date.now()}.png` }).catch(() => {});
    });
    await page.goto(`http://localhost:${port}/`);
    return new Visitor(page, wrong);
  }

  async signIn(name: string, password: string = PASSWORD): Promise<this> {
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await this.state("Connected");
    return this;
  }

  /** Somebody else takes the seat. */
  async becomes(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.signIn(name);
  }

  async goTo(view: string): Promise<void> {
    await this.page.getByRole("link", { name: view, exact: true }).click();
    await this.page.locator("a[aria-current=page]").getByText(view, { exact: true }).waitFor();
  }

  /** Waits until the panel says so. */
  async state(name: string): Promise<void> {
    await this.page.getByTestId("state").filter({ hasText: name }).waitFor();
  }

  /** Waits until the page shows a text, somewhere. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /**
   * Waits until so many elements of the main part have exactly this text, and fails when it is
   * another number then.
   */
  async seesTimes(text: string, times: number): Promise<void> {
    const found = this.page.locator("main").getByText(text, { exact: true });
    await expect.poll(() => found.count(), { timeout: PATIENCE }).toBe(times);
  }

  /** The notices in the bell, newest first, read or not. */
  async bell(): Promise<readonly BellLine[]> {
    return this.page.evaluate(
      () =>
        document
          .querySelector("bellwire-toaster")
          ?.notices.map(({ id, title, body = "", time, read }) => ({ id, title, body, time, read })) ?? [],
    );
  }

  /** The lines of the conversation on the screen. */
  async chat(): Promise<readonly string[]> {
    return this.page.locator(".chat p:not([data-waiting]) span").allTextContents();
  }

  /** The number of toasts on the screen. */
  async toasts(): Promise<number> {
    return this.page.locator("bellwire-toaster [part~=toast]").count();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message").fill(text);
    await this.page.getByRole("button", { name: "Send" }).click();
    await this.seesTimes(text, 1);
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: `${screenshots}${name}.png` });
  }

  /** Fails when the page has written an error to the console or thrown one. */
  fine(): void {
    expect(this.#wrong).toEqual([]);
  }
}
