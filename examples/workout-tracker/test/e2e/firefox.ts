/** Firefox, by WebDriver BiDi. */
import puppeteer, { type Page } from "puppeteer-core";
import { PATIENCE } from "./browser.ts";
import type { OpenScreen } from "./screen.ts";

export const firefoxPath: string = process.env.BELLWIRE_FIREFOX ?? "";

/** One Firefox; the caller closes it. Each screen has a context of its own. */
export interface Firefox {
  readonly open: OpenScreen;
  close(): Promise<void>;
}

export async function launchFirefox(): Promise<Firefox> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath,
    headless: true,
    timeout: 60_000,
  });
  return {
    async open(url) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.setViewport({ width: 1_200, height: 900 });
      const wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(`uncaught: ${String(error)}`));
      page.on("console", (message) => {
        if (message.type() === "error") wrong.push(message.text());
      });
      await page.goto(url);
      return {
        evaluate: (body) => page.evaluate(`(() => { ${body} })()`),
        click: (xpath) => page.locator(`::-p-xpath(${xpath})`).click(),
        type: (xpath, text) => type(page, xpath, text),
        complaints: async () => wrong,
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

async function type(page: Page, xpath: string, text: string): Promise<void> {
  const input = page.locator(`::-p-xpath(${xpath})`);
  await input.click({ count: 3 });
  await page.keyboard.press("Delete");
  await page.keyboard.type(text);
}
