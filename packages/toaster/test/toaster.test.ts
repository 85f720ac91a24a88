/** `<bellwire-toaster>` in a real browser: display, announcements and use by keyboard. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Toast } from "@bellwire/toaster";
import type axeCore from "axe-core";
import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { executablePath, reason, screenshots, servePages } from "./browser.ts";
import type {} from "./page.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Toaster</title>
<meta name="color-scheme" content="light dark"></head><body><main><h1>Workouts</h1><button id="before">Before</button>
<bellwire-toaster desktop></bellwire-toaster><button id="after">After</button></main>
<script type="module" src="/page.js"></script></body></html>`;

const EVIL = `<img src=x onerror="window.pwned=1"><b>bold</b>`;

const show = (page: Page, ...toasts: readonly Toast[]): Promise<void> =>
  page.evaluate((given) => {
    for (const toast of given) window.toaster.show(toast);
  }, toasts);

/** A toast with an action, which cannot be serialized for the page and is made there. */
const showUndo = (page: Page, title: string): Promise<void> =>
  page.evaluate((text) => {
    window.toaster.show({ title: text, actions: [{ label: "Undo", run: () => window.ran.push(text) }] });
  }, title);

const bell = (page: Page): Locator => page.getByRole("button", { name: /^Notifications/ });
const panel = (page: Page): Locator => page.getByRole("dialog", { name: "Notifications" });
const toasts = (page: Page): Promise<string[]> =>
  page.locator("[part~=toast] [part=title]").allTextContents();
const rows = (page: Page): Promise<string[]> => page.locator("[part~=notice] [part=title]").allTextContents();
const said = (page: Page, role: "status" | "alert"): Promise<string[]> =>
  page.getByRole(role).locator("p").allTextContents();

/** The accessible name or the text of the focused element, also inside the shadow tree. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    const title = active?.querySelector("[part=title]")?.textContent;
    return active?.getAttribute("aria-label") ?? title ?? active?.textContent ?? "";
  });

describe.skipIf(!executablePath)(`<bellwire-toaster> in Chromium${reason}`, { timeout: 60_000 }, () => {
  const pages = servePages("page.ts", HTML);

  describe("toasts", () => {
    it("are shown, announced politely, and kept in the centre as unread", async () => {
      const page = await pages.open();
      await show(page, { title: "Workout done", body: "320 kcal" }, { title: "Saved", tone: "success" });
      expect(await toasts(page)).toEqual(["Workout done", "Saved"]);
      expect(await said(page, "status")).toEqual(["Workout done. 320 kcal", "Saved"]);
      expect(await said(page, "alert")).toEqual([]);
      await page.getByRole("button", { name: "Notifications, 2 unread" }).click();
      expect(await rows(page)).toEqual(["Saved", "Workout done"]);
    });

    it("interrupt a screen reader for warnings and errors only, and announcements are removed", async () => {
      const page = await pages.open();
      await show(
        page,
        { title: "Late", tone: "warning" },
        { title: "Lost", tone: "error" },
        { title: "Info" },
      );
      expect(await said(page, "alert")).toEqual(["Late", "Lost"]);
      expect(await said(page, "status")).toEqual(["Info"]);
      await page.clock.runFor(10_000);
      expect([...(await said(page, "alert")), ...(await said(page, "status"))]).toEqual([]);
    });

    it("show their texts as text, never as markup", async () => {
      const page = await pages.open();
      await show(page, { id: "evil", title: EVIL, body: EVIL, tone: "error" });
      await bell(page).click();
      expect([await toasts(page), await rows(page)]).toEqual([[EVIL], [EVIL]]);
      expect(await page.locator("bellwire-toaster").locator("img, b").count()).toBe(0);
      expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    });

    it("disappear after their time, except errors and toasts with actions", async () => {
      const page = await pages.open();
      await show(
        page,
        { title: "usual" },
        { title: "short", timeout: 1_000 },
        { title: "error", tone: "error" },
      );
      await showUndo(page, "action");
      expect(await toasts(page)).toEqual(["usual", "short", "error", "action"]);
      await page.clock.runFor(1_250);
      expect(await toasts(page)).toEqual(["usual", "error", "action"]);
      await page.clock.runFor(5_000);
      expect(await toasts(page)).toEqual(["error", "action"]);
      await page.clock.runFor(600_000);
      expect(await toasts(page)).toEqual(["error", "action"]);
    });

    it("stop their time while the pointer or the focus is on one of them", async () => {
      const page = await pages.open();
      await show(page, { title: "one" });
      await page.clock.runFor(4_000);
      await page.locator("[part~=toast]").hover();
      await page.clock.runFor(60_000);
      expect(await toasts(page)).toEqual(["one"]);
      await page.mouse.move(1, 1);
      await page.getByRole("button", { name: "Dismiss: one" }).focus();
      await page.clock.runFor(60_000);
      expect(await toasts(page)).toEqual(["one"]);
      await page.locator("#before").focus();
      await page.clock.runFor(1_000);
      expect(await toasts(page)).toEqual(["one"]);
      await page.clock.runFor(1_500);
      expect(await toasts(page)).toEqual([]);
    });

    it("stop their time while the page is hidden", async () => {
      const page = await pages.open();
      await show(page, { title: "one" });
      await hide(page, true);
      await page.clock.runFor(60_000);
      await hide(page, false);
      expect(await toasts(page)).toEqual(["one"]);
      await page.clock.runFor(6_250);
      expect(await toasts(page)).toEqual([]);
    });

    it("with the same id are shown once, with the newest text, and never again after a dismissal", async () => {
      const page = await pages.open();
      await show(page, { id: "a", title: "10 %" }, { id: "a", title: "20 %" }, { id: "b", title: "other" });
      expect(await toasts(page)).toEqual(["20 %", "other"]);
      expect(await said(page, "status")).toEqual(["10 %", "other"]);
      await page.evaluate(() => window.toaster.dismiss("a"));
      await show(page, { id: "a", title: "30 %" });
      expect(await toasts(page)).toEqual(["other"]);
      expect(await page.evaluate(() => window.toaster.notices.map(({ id }) => id))).toEqual(["b"]);
    });

    it("are at most four on the screen and as many as the limit in the centre", async () => {
      const page = await pages.open();
      await page.evaluate(() => window.toaster.setAttribute("limit", "6"));
      await show(page, ...Array.from({ length: 9 }, (_, n) => ({ title: `n${n}` })));
      expect(await toasts(page)).toEqual(["n5", "n6", "n7", "n8"]);
      await bell(page).click();
      expect(await rows(page)).toEqual(["n8", "n7", "n6", "n5", "n4", "n3"]);
    });

    it("move the focus when they are closed: to the next toast, then back to where it was", async () => {
      const page = await pages.open();
      await show(page, { title: "one", tone: "error" }, { title: "two", tone: "error" });
      await page.locator("#after").focus();
      await page.getByRole("button", { name: "Dismiss: one" }).focus();
      await page.keyboard.press("Enter");
      expect(await focused(page)).toBe("Dismiss: two");
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("After");
      expect(await toasts(page)).toEqual([]);
      // Closing a notice counts as reading it.
      expect(await page.evaluate(() => window.toaster.unread)).toBe(0);
    });

    it("keep the focus when they change", async () => {
      const page = await pages.open();
      await show(page, { id: "a", title: "10 %", tone: "error" });
      await page.getByRole("button", { name: "Dismiss: 10 %" }).focus();
      await show(page, { id: "a", title: "20 %", tone: "error" });
      expect(await focused(page)).toBe("Dismiss: 20 %");
    });

    it("run an action once, and are read afterwards", async () => {
      const page = await pages.open();
      await showUndo(page, "Deleted");
      await page.getByRole("button", { name: "Undo" }).click();
      expect(await page.evaluate(() => window.ran)).toEqual(["Deleted"]);
      expect(await toasts(page)).toEqual([]);
      expect(await page.evaluate(() => window.toaster.unread)).toBe(0);
    });

    it("do not move when the person prefers reduced motion", async () => {
      const animation = async (reducedMotion: "reduce" | "no-preference"): Promise<string> => {
        const page = await pages.open({ reducedMotion });
        await show(page, { title: "one" });
        return page.locator("[part~=toast]").evaluate((toast) => getComputedStyle(toast).animationName);
      };
      expect(await animation("no-preference")).toBe("in");
      expect(await animation("reduce")).toBe("none");
    });
  });

  describe("the centre", () => {
    it("can be used by keyboard alone, and returns the focus to the bell", async () => {
      const page = await pages.open();
      await show(page, { title: "one" }, { title: "two" }, { title: "three" });
      await page.locator("#before").focus();
      await page.keyboard.press("Tab");
      expect(await focused(page)).toBe("Notifications, 3 unread");
      expect(await bell(page).getAttribute("aria-expanded")).toBe("false");
      await page.keyboard.press("Enter");
      expect(await bell(page).getAttribute("aria-expanded")).toBe("true");
      const walk: string[] = [await focused(page)];
      for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "End", "Tab"]) {
        await page.keyboard.press(key);
        walk.push(await focused(page));
      }
      expect(walk).toEqual(["three", "two", "one", "three", "one", "three", "one", "Dismiss: one"]);
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
      expect(await focused(page)).toBe("one");
      expect(await bell(page).getAttribute("aria-label")).toBe("Notifications, 2 unread");
      await page.keyboard.press("Delete");
      expect([await rows(page), await focused(page)]).toEqual([["three", "two"], "two"]);
      await page.keyboard.press("Escape");
      expect(await panel(page).count()).toBe(0);
      expect(await focused(page)).toBe("Notifications, 2 unread");
      expect(await bell(page).getAttribute("aria-expanded")).toBe("false");
    });

    it("keeps the focus where it is while notices come in", async () => {
      const page = await pages.open();
      await show(page, { title: "one" }, { title: "two" });
      await bell(page).click();
      await page.keyboard.press("ArrowDown");
      await show(page, { title: "three" });
      expect([await rows(page), await focused(page)]).toEqual([["three", "two", "one"], "one"]);
    });

    it("marks one or all notices as read, and shows the number of unread ones", async () => {
      const page = await pages.open();
      await show(page, { title: "one" }, { title: "two" }, { title: "three" });
      await bell(page).click();
      await page.getByRole("button", { name: /^Unread: two/ }).click();
      expect(await page.locator("[part~=unread] [part=title]").allTextContents()).toEqual(["three", "one"]);
      expect(await toasts(page)).toEqual(["one", "three"]);
      await page.getByRole("button", { name: "Mark all as read" }).click();
      expect(await page.locator("[part~=unread]").count()).toBe(0);
      expect([await toasts(page), await focused(page)]).toEqual([[], "three"]);
      expect(await bell(page).getAttribute("aria-label")).toBe("Notifications");
      expect(await page.locator("[part=badge]").isVisible()).toBe(false);
      expect(await page.evaluate(() => window.changes)).toBe(5);
    });

    it("says when it is empty, and closes on a click elsewhere", async () => {
      const page = await pages.open();
      await bell(page).click();
      expect(await panel(page).textContent()).toContain("Nothing yet");
      expect(await focused(page)).toBe("Notifications");
      await page.getByRole("heading", { name: "Workouts" }).click();
      expect(await panel(page).count()).toBe(0);
    });

    it("remembers on the next page which notices were read or dismissed, and shows no toast for them", async () => {
      const page = await pages.open();
      await show(
        page,
        { id: "r", title: "read" },
        { id: "d", title: "dismissed" },
        { id: "u", title: "unread" },
      );
      await page.evaluate(() => {
        window.toaster.read("r");
        window.toaster.dismiss("d");
      });
      await page.reload();
      await show(
        page,
        { id: "r", title: "read" },
        { id: "d", title: "dismissed" },
        { id: "u", title: "unread" },
      );
      expect(await toasts(page)).toEqual(["unread"]);
      expect(await page.evaluate(() => window.toaster.unread)).toBe(1);
    });

    it("can be given texts in another language", async () => {
      const page = await pages.open();
      await page.evaluate(() => {
        window.toaster.labels = { notifications: "Meldungen", unread: (count) => `${count} ungelesen` };
        window.toaster.show({ title: "eins" });
      });
      await page.getByRole("button", { name: "Meldungen, 1 ungelesen" }).click();
      expect(await page.getByRole("dialog", { name: "Meldungen" }).count()).toBe(1);
    });
  });

  it.each([
    { place: "at the left", options: {}, float: "left" },
    { place: "at the right", options: {}, float: "right" },
    {
      place: "on a phone",
      options: { viewport: { width: 390, height: 700 }, deviceScaleFactor: 2 },
      float: "none",
    },
  ])("stays inside the window $place", async ({ place, options, float }) => {
    const page = await pages.open(options);
    await page.evaluate((side) => window.toaster.style.setProperty("float", side), float);
    await show(page, {
      title: "A title that is as long as titles become, and longer",
      body: "x".repeat(200),
    });
    await bell(page).click();
    const boxes = await Promise.all(
      [panel(page), page.locator("[part~=toast]"), bell(page)].map((one) => one.boundingBox()),
    );
    const { width } = page.viewportSize() ?? { width: 0 };
    for (const box of boxes) {
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
    await page.screenshot({ path: `${screenshots}${place.replaceAll(" ", "-")}.png` });
  });

  describe.each([
    { look: "light", options: { colorScheme: "light" } },
    { look: "dark", options: { colorScheme: "dark" } },
    { look: "forced", options: { colorScheme: "dark", forcedColors: "active" } },
  ] as const)("in a page of $look colours", ({ look, options }) => {
    it("has no accessibility violation that axe finds", async () => {
      const page = await pages.open({ ...options, reducedMotion: "reduce" });
      await show(
        page,
        { title: "Workout completed", body: "Morning run: 320 kcal, 5.2 km", tone: "info" },
        { title: "Saved", tone: "success" },
        { title: "Connection is slow", body: "Trying another wire", tone: "warning" },
      );
      await page.evaluate(() => window.toaster.read(window.toaster.notices[1]?.id ?? ""));
      await showUndo(page, "Workout deleted");
      await show(page, { title: "Some notifications are missing", body: "Reload to see all", tone: "error" });
      await bell(page).click();
      await page.locator("[part=close]").first().hover();
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: typeof axeCore }).axe.run();
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => [id, html, failureSummary]),
        );
      });
      await page.screenshot({ path: `${screenshots}${look}.png` });
      expect(found).toEqual([]);
    });
  });

  it("can be themed by custom properties and parts", async () => {
    const page = await pages.open();
    await show(page, { title: "one" });
    const styles = await page.locator("[part~=toast]").evaluate((toast) => {
      window.toaster.style.setProperty("--bellwire-surface", "rgb(1, 2, 3)");
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("bellwire-toaster::part(title) { letter-spacing: 3px }");
      document.adoptedStyleSheets = [sheet];
      const title = toast.querySelector("[part=title]") as Element;
      return [getComputedStyle(toast).backgroundColor, getComputedStyle(title).letterSpacing];
    });
    expect(styles).toEqual(["rgb(1, 2, 3)", "3px"]);
  });

  it("stops its timers and listeners when it leaves the page, and goes on when it comes back", async () => {
    const page = await pages.open();
    await show(page, { title: "one" });
    await page.evaluate(() => window.toaster.remove());
    await page.clock.runFor(60_000);
    await page.evaluate(() => document.body.append(window.toaster));
    expect(await toasts(page)).toEqual(["one"]);
    await page.clock.runFor(6_250);
    expect(await toasts(page)).toEqual([]);
  });

  describe("on the desktop", () => {
    it("asks for permission on a click only, and shows notifications while the page is hidden", async () => {
      const page = await pages.open();
      await watchDesktop(page, "default");
      await hide(page, true);
      await show(page, { title: "not asked yet" });
      await hide(page, false);
      expect(await desktop(page)).toEqual([]);
      await bell(page).click();
      await page.getByRole("button", { name: "Notify me on the desktop, too" }).click();
      expect(await desktop(page)).toEqual(["asked"]);
      expect(await page.getByRole("button", { name: "Notify me on the desktop, too" }).count()).toBe(0);
      await show(page, { title: "seen" });
      await hide(page, true);
      await show(page, { id: "h", title: EVIL, body: "hidden" });
      expect(await desktop(page)).toEqual(["asked", `${EVIL} hidden`]);
      await hide(page, false);
      expect(await desktop(page)).toEqual(["asked", `${EVIL} hidden`, "closed"]);
    });

    it("shows nothing without the attribute or without permission", async () => {
      const page = await pages.open();
      await watchDesktop(page, "denied");
      await hide(page, true);
      await show(page, { title: "refused" });
      await page.evaluate(() => window.toaster.removeAttribute("desktop"));
      await watchDesktop(page, "granted");
      await show(page, { title: "not wanted" });
      expect(await desktop(page)).toEqual([]);
    });
  });
});

/**
 * Replaces the desktop's notifications and the page's visibility, which a headless browser does not
 * have.
 */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((now) => {
    Object.defineProperty(document, "hidden", { value: now, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

async function watchDesktop(page: Page, permission: NotificationPermission): Promise<void> {
  await page.evaluate((first) => {
    const log: string[] = [];
    Object.assign(window, {
      desktopLog: log,
      Notification: class {
        static permission = first;
        static async requestPermission(): Promise<NotificationPermission> {
          log.push(navigator.userActivation.isActive ? "asked" : "asked without a click");
          this.permission = "granted";
          return this.permission;
        }
        constructor(title: string, { body }: NotificationOptions) {
          log.push(`${title} ${body}`);
        }
        close(): void {
          log.push("closed");
        }
      },
    });
  }, permission);
}

function desktop(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { desktopLog: string[] }).desktopLog);
}
