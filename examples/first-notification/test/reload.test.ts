/** Pages of a real browser that are reloaded and killed while their publishes wait. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundlePage } from "../bundle.ts";
import type { PageReport } from "../reload-page.ts";
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

const RELOADS = 12;

type Store = "localStorage" | "indexedDB";

/** The program of the page, under `window.page`. */
interface Shown {
  readonly page: { report(): PageReport; publish(workoutId: string): void };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve) => server.listen(port, "localhost", resolve));
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A hub whose wire is down until `connect` is called, and the pages' server. */
async function start(store: Store) {
  const hub = createHub({ topics, authorize: () => true });
  const wire = createServer();
  await listen(wire, 0);
  const wirePort = portOf(wire);
  const down = (): Promise<unknown> => new Promise((resolve) => wire.close(resolve));
  await down();
  const script = await bundlePage("reload-page.ts");
  const site = createServer((request, response) => {
    if (request.url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end('<!doctype html><title>page</title><script type="module" src="/page.js"></script>');
  });
  await listen(site, 0);
  attachWebSocket(hub, wire, { allowedOrigins: [`http://localhost:${portOf(site)}`] });
  /** Workouts in the hub's log. */
  const log: string[] = [];
  const observer = createChannel({ topics, transport: memoryTransport(hub) });
  observer.subscribe("workouts.42").on("completed", ({ data }) => log.push(data.workoutId));
  const browser = await chromium.launch({ executablePath: executablePath ?? "", args: FLAGS });
  onTestFinished(async () => {
    await browser.close();
    observer.close();
    await hub.close({ flush: 0 });
    for (const server of [wire, site]) {
      server.close();
      server.closeAllConnections();
    }
  });
  return {
    log,
    context: await browser.newContext(),
    url: `http://localhost:${portOf(site)}/?wire=${wirePort}&store=${store}`,
    connect: () => listen(wire, wirePort),
  };
}

async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const report = (page: Page): Promise<PageReport> =>
  page.evaluate(() => (window as unknown as Shown).page.report());
const publish = (page: Page, ...workouts: readonly string[]): Promise<void> =>
  page.evaluate((ids) => {
    for (const id of ids) (window as unknown as Shown).page.publish(id);
  }, workouts);

/** Time enough for IndexedDB to have what was published; localStorage has it at once. */
const stored = (store: Store): Promise<unknown> => pause(store === "indexedDB" ? 300 : 0);

describe.skipIf(!executablePath).each(["localStorage", "indexedDB"] as const)(
  `pages in Chromium with %s${reason}`,
  { timeout: 120_000 },
  (store) => {
    it("appends once and in order what was published without a link before a reload, and then the rest", async () => {
      const { log, context, url, connect } = await start(store);
      const page = await open(context, url);
      await publish(page, "a", "b", "c");
      await stored(store);
      await page.reload();
      await publish(page, "d");
      await stored(store);
      await page.reload();
      await publish(page, "e");
      await connect();
      await expect.poll(() => log, { timeout: 30_000 }).toEqual(["a", "b", "c", "d", "e"]);
      await expect
        .poll(async () => report(page), { timeout: 30_000 })
        .toMatchObject({
          leftovers: [
            ["a", 1],
            ["b", 2],
            ["c", 3],
            ["d", 4],
          ],
          wrong: [],
        });
      await page.reload();
      await pause(1_000);
      expect(log).toHaveLength(5);
      expect((await report(page)).leftovers).toEqual([]);
    });

    it("has the publishes of a tab that crashed appended once, by the tab that is left", async () => {
      const { log, context, url, connect } = await start(store);
      const [gone, left] = [await open(context, url), await open(context, url)];
      await publish(gone, "a", "b");
      await publish(left, "x", "y");
      await stored(store);
      const devtools = await context.newCDPSession(gone);
      const crashed = gone.waitForEvent("crash");
      devtools.send("Page.crash").catch(() => {});
      await crashed;
      const third = await open(context, url);
      await connect();
      await expect.poll(() => log.length, { timeout: 40_000 }).toBe(4);
      expect(log.filter((id) => id < "m")).toEqual(["a", "b"]);
      expect(log.filter((id) => id > "m")).toEqual(["x", "y"]);
      const leftovers = (await Promise.all([report(left), report(third)])).flatMap(
        (found) => found.leftovers,
      );
      expect(leftovers.map(([id]) => id)).toEqual(["a", "b"]);
    });

    it("loses and doubles nothing over reloads of two tabs that publish and listen", async () => {
      const { log, context, url, connect } = await start(store);
      await connect();
      const tabs = [await open(context, url), await open(context, url)] as const;
      const published: string[][] = [[], []];
      const wrong: string[] = [];
      for (let reload = 0; reload < RELOADS; reload++) {
        const at = reload % 2;
        const tab = tabs[at] as Page;
        const ids = [0, 1, 2].map((n) => `${at ? "two" : "one"} ${String(reload * 3 + n).padStart(3, "0")}`);
        published[at]?.push(...ids);
        await publish(tab, ...ids);
        // Without this the reload may come before an IndexedDB's write: then nothing was accepted.
        await stored(store);
        if (store === "localStorage") await pause((reload * 7) % 40);
        const found = await report(tab);
        wrong.push(...found.wrong);
        await tab.reload();
      }
      await expect.poll(() => log.length, { timeout: 30_000 }).toBe(3 * RELOADS);
      await pause(500);
      expect(wrong).toEqual([]);
      for (const [at, name] of ["one", "two"].entries())
        expect(log.filter((id) => id.startsWith(name))).toEqual(published[at]);
    });
  },
);
