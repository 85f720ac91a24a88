/**
 * Failures in front of a browser: the page explains them in words, recovers by itself, and shows
 * nothing twice.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import type { AxeResults } from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readConfiguration } from "../../server/configuration.ts";
import { createDemo } from "../../server/demo/demo.ts";
import type { Running } from "../../server/start.ts";
import { executablePath, launch, PHONE, reason, serve, Visitor } from "./browser.ts";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = ["Today", "Live", "Challenge", "Coaching", "Partners", "Plan"] as const;

describe.skipIf(!executablePath)(`the tracker in trouble${reason}`, { timeout: 180_000 }, () => {
  let browser: Browser;
  let running: Running;
  let proxy: FaultProxy;
  beforeAll(async () => {
    const configuration = { ...(await readConfiguration()), tokenMinutes: 0.1 };
    [browser, { running, proxy }] = await Promise.all([launch(), serve({ configuration })]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    await running?.close();
  }, 60_000);

  it("explains that a password is wrong, and accepts the right one", async () => {
    const mia = await Visitor.at(browser, running.port);
    await mia.page.getByLabel("Name").fill("Mia");
    await mia.page.getByLabel("Password").fill("wrong");
    await mia.page.getByRole("button", { name: "Sign in" }).click();
    await mia.sees("Name and password do not fit.");
    await mia.signIn("Mia");
  });

  it("continues beyond the life of a token, and reports when the sign-in itself has ended", async () => {
    const eve = await (await Visitor.at(browser, running.port)).signIn("Eve");
    const states = eve.page.locator(".log li[data-kind=state]");
    const before = await states.count();
    // A token lives for six seconds here.
    await eve.page.waitForResponse((response) => response.url().endsWith("/token"));
    await eve.page.waitForResponse((response) => response.url().endsWith("/token"));
    await eve.page.waitForResponse((response) => response.url().endsWith("/token"));
    expect(await states.count()).toBe(before);
    await running.database.query("delete from sign_ins where user_id = 'eve'");
    await eve.sees("Your sign-in has ended. Sign in again.");
    await eve.signIn("Eve");
    eve.fine();
  });

  it("shows script in a message as the text that it is", async () => {
    const text = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
    const mia = await (await Visitor.at(browser, running.port)).signIn("Mia");
    const tom = await (await Visitor.at(browser, running.port, PHONE)).signIn("Tom");
    await tom.goTo("Coaching");
    await tom.page.getByLabel("Message").fill(text);
    await tom.page.getByRole("button", { name: "Send" }).click();
    // As a toast, and in the conversation.
    await mia.sees(text);
    await mia.goTo("Coaching");
    await mia.seesTimes(text, 1);
    expect(await mia.page.locator("main img, main script").count()).toBe(0);
    mia.fine();
    tom.fine();
  });

  it("catches up after a sleep in which the connection died without notice", async () => {
    const mia = await (await Visitor.at(browser, proxy.port)).signIn("Mia");
    const tom = await (await Visitor.at(browser, running.port)).signIn("Tom");
    await Promise.all([mia.goTo("Coaching"), tom.goTo("Coaching")]);
    await mia.sees("online");
    proxy.freeze();
    for (const text of ["Are you asleep?", "Good night"]) {
      await tom.page.getByLabel("Message").fill(text);
      await tom.page.getByRole("button", { name: "Send" }).click();
      await tom.seesTimes(text, 1);
    }
    // The event of a browser whose lid is opened.
    await mia.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await mia.sees("The connection was lost.");
    proxy.cutAll();
    proxy.heal();
    await mia.state("Connected");
    await mia.seesTimes("Are you asleep?", 1);
    await mia.seesTimes("Good night", 1);
    mia.fine();
  });

  it("survives a restart of the server while somebody types: nothing is lost, nothing comes twice", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tracker-e2e-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const configuration = { ...(await readConfiguration()), database: folder };
    const options = { configuration, inMemory: false, databaseUrl: undefined } as const;
    const first = await serve(options);
    const proxy = await startFaultProxy({ target: first.running.port, random: seededRandom(2) });
    onTestFinished(() => proxy.close());
    const mia = await (await Visitor.at(browser, proxy.port)).signIn("Mia");
    await mia.page.getByRole("button", { name: "yoga", exact: true }).click();
    await mia.page.getByRole("button", { name: "Complete" }).click();
    await mia.sees("Workout completed");
    await mia.goTo("Coaching");
    await mia.page.getByLabel("Message").fill("Sent before");
    await mia.page.getByRole("button", { name: "Send" }).click();
    await mia.seesTimes("Sent before", 1);
    await mia.page.getByLabel("Message").pressSequentially("I am in the midd");
    await first.proxy.close();
    await first.running.close();
    await mia.sees("The connection was lost.");
    await mia.page.getByLabel("Message").pressSequentially("le of something");
    await mia.page.getByRole("button", { name: "Send" }).click();
    await mia.sees("Sending …");
    const second = await serve(options);
    onTestFinished(async () => {
      await second.proxy.close();
      await second.running.close();
    });
    proxy.retarget(second.running.port);
    await mia.state("Connected");
    await mia.seesTimes("I am in the middle of something", 1);
    await mia.seesTimes("Sent before", 1);
    const said = await second.running.database.query("select id from messages where coaching_id = 'tom-mia'");
    expect(said).toHaveLength(2);
    expect(await mia.page.getByTestId("gaps").textContent()).toBe("0");
    await mia.page.getByRole("button", { name: /Notifications/ }).click();
    expect(await mia.page.locator("bellwire-toaster [part~=notice]").count()).toBe(1);
    await mia.shot("restarted");
    mia.fine();
  });

  it.each([
    { scheme: "light", options: {} },
    { scheme: "dark", options: PHONE },
  ] as const)(
    "is accessible in every view, $scheme, and nowhere wider than the screen",
    async ({ scheme, options }) => {
      const tom = await Visitor.at(browser, running.port, { ...options, colorScheme: scheme });
      const serious = async (view: string): Promise<void> => {
        await tom.page.evaluate(AXE);
        const found = await tom.page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
          const { violations } = await axe.run();
          return violations.map(
            ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(" | ")}`,
          );
        });
        expect(found, view).toEqual([]);
        const beyond = await tom.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(beyond, view).toBeLessThanOrEqual(0);
        await tom.shot(`${view.toLowerCase()}-${scheme}`);
      };
      await tom.page.getByLabel("Name").waitFor();
      await serious("Sign-in");
      await tom.signIn("Mia");
      for (const view of VIEWS) {
        await tom.goTo(view);
        await tom.page.locator("main h1").filter({ hasText: /./ }).waitFor();
        await serious(view);
      }
    },
  );

  it("shows a visitor of the demonstration something within five seconds", async () => {
    const demo = createDemo();
    const failures: unknown[] = [];
    const failed = (error: unknown): void => void failures.push(error);
    const shown = await serve({ seed: demo.seed, failed });
    onTestFinished(async () => {
      demo.end();
      await shown.proxy.close();
      await shown.running.close();
    });
    demo.begin(shown.running, failed);
    const began = performance.now();
    const visitor = await Visitor.at(browser, shown.running.port);
    // Not what was there before, but what comes.
    await visitor.page.getByTestId("received").filter({ hasText: /[1-9]/ }).waitFor();
    expect(performance.now() - began).toBeLessThan(5_000);
    await visitor.goTo("Live");
    await visitor.page.getByRole("button", { name: /^Join Evening run/ }).click();
    await visitor.page.getByRole("list", { name: "Progress" }).getByText("Lena").waitFor();
    await visitor.goTo("Plan");
    await visitor.sees(/writing$/);
    await visitor.goTo("Coaching");
    await visitor.page.getByLabel("Message").fill("Hello Noor");
    await visitor.page.getByRole("button", { name: "Send" }).click();
    await visitor.sees("Good. Keep it easy today.");
    await visitor.shot("demo-coaching");
    visitor.fine();
    expect(failures).toEqual([]);
  });
});
