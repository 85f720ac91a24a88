/** The React wrapper in a real browser on both Reacts, connected to a real hub. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createHub, type Hub, memoryBackplane } from "@bellwire/core/server";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { executablePath, reason, servePages } from "./browser.ts";
import { topics } from "./topics.ts";

const HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Coach</title></head><body>
<script type="module" src="/page.js"></script></body></html>`;

const older = join(import.meta.dirname, "../../../examples/react-18/node_modules");
const REACTS = [
  { react: "19", alias: {} },
  { react: "18", alias: { react: join(older, "react"), "react-dom": join(older, "react-dom") } },
];

async function startHub(): Promise<{ hub: Hub<typeof topics.map>; port: number; cut: () => void }> {
  const hub = createHub({ topics, backplane: memoryBackplane({ history: { size: 2 } }) });
  const server = createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  attachWebSocket(hub, server, { allowedOrigins: "*" });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    await hub.close({ flush: 0 });
    server.closeAllConnections();
    server.close();
  });
  return {
    hub,
    port: (server.address() as AddressInfo).port,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const toasts = (page: Page): Promise<string[]> =>
  page.locator("[part~=toast] [part=title]").allTextContents();
const shown = (page: Page, expected: readonly string[]): Promise<void> =>
  expect.poll(() => toasts(page), { timeout: 10_000 }).toEqual(expected);

describe.each(REACTS)(`the toaster on React $react${reason}`, ({ react, alias }) => {
  describe.skipIf(!executablePath)("in Chromium", { timeout: 60_000 }, () => {
    const pages = servePages("react-page.tsx", HTML, alias);

    it("shows each notification of a subscription once under StrictMode, and gaps", async () => {
      const { hub, port, cut } = await startHub();
      const page = await pages.open({}, `?port=${port}`);
      await page.locator("body[data-ready]").waitFor();
      await shown(page, [`React ${react}`]);
      await hub.publish("workouts.42", "progress", { done: 1 });
      await hub.publish("workouts.42", "completed", { calories: 320 }, { id: "w1" });
      await shown(page, [`React ${react}`, "320 kcal"]);
      // The same publish once more appends nothing; another one that the page missed comes after a
      // gap.
      await hub.publish("workouts.42", "completed", { calories: 320 }, { id: "w1" });
      expect(await page.locator("output").textContent()).toBe("2");
      await page.context().setOffline(true);
      cut();
      for (const calories of [1, 2, 3]) await hub.publish("workouts.42", "completed", { calories });
      await page.context().setOffline(false);
      await shown(page, [`React ${react}`, "320 kcal", "Some are missing: evicted"]);
      await page.getByRole("button", { name: "Meldungen, 3 unread" }).click();
      expect(await page.locator("bellwire-toaster").getAttribute("class")).toBe("bell");
    });

    it("leaves nothing behind after it is unmounted", async () => {
      const { hub, port } = await startHub();
      const page = await pages.open({}, `?port=${port}`);
      await page.locator("body[data-ready]").waitFor();
      await page.evaluate(() => (window as unknown as { unmount(): void }).unmount());
      expect(await page.locator("bellwire-toaster").count()).toBe(0);
      await hub.publish("workouts.42", "completed", { calories: 320 });
      expect(await page.locator("bellwire-toaster").count()).toBe(0);
    });
  });
});
