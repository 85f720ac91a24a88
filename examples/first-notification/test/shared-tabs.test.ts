/**
 * Many tabs of a real browser over one connection, and what becomes of the others when the one that
 * has it is killed.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createHub, memoryBackplane } from "@bellwire/core/server";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { bundlePage } from "../bundle.ts";
import type { TabReport } from "../tabs-page.ts";
import { topics } from "../topics.ts";

const executablePath = process.env.BELLWIRE_CHROMIUM;
const reason = executablePath ? "" : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const TABS = 8;
const KILLS = 50;
const PUBLISHES = 5_000;
/** Milliseconds between two publishes. */
const PACE = 8;
/** Milliseconds until something must have come about. */
const PATIENCE = 20_000;

/**
 * How a tab that leads comes to its end. Headless pages are always visible, and DevTools freezes
 * none that is: a frozen tab is told so as the browser tells it, and does nothing after it. A hung
 * tab does nothing without having been told. Both go on later.
 */
type End = "close" | "crash" | "freeze" | "hang";
const ENDS: readonly End[] = ["close", "crash", "close", "crash", "freeze"];
/**
 * Milliseconds for which such a tab does nothing; a hung one longer than it takes the others to
 * give it up.
 */
const STILL = { freeze: 1_500, hang: 5_500 };

async function start() {
  const hub = createHub({
    topics,
    // A tab that hangs misses hundreds; they are all to be there.
    backplane: memoryBackplane({ history: { size: 5_000 } }),
    limits: { recovery: 5_000 },
  });
  const script = await bundlePage("tabs-page.ts");
  const server: Server = createServer((request, response) => {
    if (request.url === "/tabs.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end('<!doctype html><title>tab</title><script type="module" src="/tabs.js"></script>');
  });
  attachWebSocket(hub, server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await hub.close({ flush: 0 });
    server.close();
    server.closeAllConnections();
  });
  return { hub, url: `http://localhost:${(server.address() as AddressInfo).port}/` };
}

async function launch(): Promise<BrowserContext> {
  const browser: Browser = await chromium.launch({ executablePath: executablePath ?? "", args: FLAGS });
  onTestFinished(() => browser.close());
  return browser.newContext();
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const report = (page: Page): Promise<TabReport> =>
  page.evaluate(() => (window as unknown as { tab: () => TabReport }).tab());

/** Looks again and again until it is so. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const limit = performance.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > limit) throw new Error(`waited ${PATIENCE} ms for ${what}`);
    await pause(20);
  }
}

/**
 * Ends a page's life, for now or for good; the returned function gives back what can be given back,
 * and resolves to whether it was.
 */
async function end(page: Page, how: End): Promise<() => Promise<boolean>> {
  if (how === "close") {
    await page.close();
    return async () => false;
  }
  if (how === "crash") {
    const devtools = await page.context().newCDPSession(page);
    const crashed = page.waitForEvent("crash");
    // It is not answered: who should is gone.
    devtools.send("Page.crash").catch(() => {});
    await crashed;
    return async () => {
      await page.close();
      return false;
    };
  }
  const still = page.evaluate(
    async ([told, ms]) => {
      if (told) document.dispatchEvent(new Event("freeze"));
      // Its reaction is over.
      await new Promise((resolve) => setTimeout(resolve));
      const done = performance.now() + ms;
      while (performance.now() < done);
    },
    [how === "freeze", STILL[how]] as const,
  );
  return async () => {
    await still;
    return true;
  };
}

describe.skipIf(!executablePath)(`tabs in Chromium${reason}`, { timeout: 240_000 }, () => {
  it(`${TABS} tabs hold one connection; killing the one that has it ${KILLS} times loses and doubles nothing in any of them`, async () => {
    const { hub, url } = await start();
    const context = await launch();
    let published = 0;
    const publisher = setInterval(() => {
      published += 1;
      void hub.publish("workouts.42", "completed", { workoutId: `w${published}`, calories: published });
    }, PACE);
    onTestFinished(() => clearInterval(publisher));

    let pages = await Promise.all(Array.from({ length: TABS }, () => open(context, url)));
    const reports = (): Promise<TabReport[]> => Promise.all(pages.map(report));
    let state: TabReport[] = [];
    onTestFailed(() => console.log(JSON.stringify(state)));
    /** Everybody hears what is published, over one link. */
    const settled = () =>
      until("all tabs to be live over one link", async () => {
        state = await reports();
        const live = state.every(({ liveSince, last }) => liveSince > 0 && last >= published - 25);
        return live && hub.links === 1 ? state.findIndex(({ leads }) => leads) : undefined;
      });

    const times: Record<End, number[]> = { close: [], crash: [], freeze: [], hang: [] };
    for (let kill = 0; kill < KILLS; kill += 1) {
      const how: End = kill % 25 === 24 ? "hang" : (ENDS[kill % ENDS.length] ?? "close");
      const leader = pages[await settled()];
      if (!leader) throw new Error("nobody leads");
      pages = pages.filter((page) => page !== leader);
      const at = Date.now();
      const back = await end(leader, how);
      await until(`the others to be live again after: ${how}`, async () => {
        state = await reports();
        return state.every(({ liveSince }) => liveSince > at) || undefined;
      });
      times[how].push(...state.map(({ liveSince }) => liveSince - at));
      pages.push((await back()) ? leader : await open(context, url));
    }
    await until("the rest of the publishes", async () => published >= PUBLISHES || undefined);
    clearInterval(publisher);
    await until("all tabs to have the last one", async () => {
      state = await reports();
      return state.every(({ last }) => last === published) || undefined;
    });

    expect(state.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(hub.links).toBe(1);
    const median = (values: readonly number[]): number =>
      [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
    const figures = Object.entries(times).map(
      ([how, values]) => `${how} ${median(values)} (${Math.max(...values)})`,
    );
    const all = Object.values(times).flat();
    console.log(
      `${KILLS} kills, ${published} publishes; milliseconds until live again, median (longest): ${figures.join(", ")}; all ${median(all)}`,
    );
    expect(median(all)).toBeLessThanOrEqual(2_000);
  });
});
