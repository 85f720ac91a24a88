/** The bell and the chat after a reload and after a restart: as they were before. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readConfiguration } from "../../server/configuration.ts";
import { type BellLine, executablePath, launch, PATIENCE, PHONE, reason, serve, Visitor } from "./browser.ts";

describe.skipIf(!executablePath)(`the tracker, left and returned to${reason}`, { timeout: 180_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close(), 60_000);

  async function temporaryFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "tracker-e2e-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** A proxy to nowhere: its server comes and goes. */
  async function startProxy(): Promise<FaultProxy> {
    const proxy = await startFaultProxy({ target: 9, random: seededRandom(3) });
    onTestFinished(() => proxy.close());
    return proxy;
  }

  it.each([{ wire: "ws" }, { wire: "sse" }])(
    "shows the same bell and the same chat, without gap or repetition, over $wire",
    async ({ wire }) => {
      const configuration = {
        ...(await readConfiguration()),
        database: join(await temporaryFolder(), "data"),
      };
      const proxy = await startProxy();
      const open = async () => {
        const { running, proxy: unused } = await serve({
          configuration,
          inMemory: false,
          databaseUrl: undefined,
        });
        await unused.close();
        onTestFinished(() => running.close());
        proxy.retarget(running.port);
        return running;
      };
      const first = await open();
      const mia = await (await Visitor.at(browser, proxy.port, { wire })).signIn("Mia");
      const tom = await (await Visitor.at(browser, proxy.port, { ...PHONE, wire })).signIn("Tom");
      const bellHas = (count: number): Promise<void> =>
        expect.poll(async () => (await mia.bell()).length, { timeout: PATIENCE }).toBe(count);

      // A notice of each kind; one is read, one is removed.
      await mia.page.getByRole("button", { name: "yoga", exact: true }).click();
      await mia.page.getByRole("button", { name: "Complete" }).click();
      await bellHas(1);
      await tom.goTo("Coaching");
      await tom.say("Are you there?");
      await bellHas(2);
      await mia.goTo("Coaching");
      await mia.say("I am");
      await mia.goTo("Today");
      await tom.say("Well done");
      await bellHas(3);
      await first.database.query(
        "insert into announcements (id, by_name, body) values ('a', 'Ada', 'Open'), ('b', 'Ada', 'Closed')",
      );
      await bellHas(5);
      await mia.page.evaluate(() => document.querySelector("bellwire-toaster")?.dismiss("announcement-b"));
      const before = await mia.bell();
      expect(before.map(({ title, read }) => [title, read])).toEqual([
        ["Announcement by Ada", false],
        ["Tom", false],
        ["Tom", true],
        ["Workout completed", false],
      ]);

      const asBefore = async (): Promise<void> => {
        await mia.state("Connected");
        await expect.poll(() => mia.bell(), { timeout: PATIENCE }).toEqual(before);
      };
      await mia.page.reload();
      await asBefore();
      expect(await mia.toasts()).toBe(0);

      await first.close();
      await mia.sees("The connection was lost.");
      const second = await open();
      await asBefore();
      await tom.state("Connected");
      expect(await mia.toasts()).toBe(0);
      expect(await mia.page.getByTestId("gaps").textContent()).toBe("0");

      // A new message comes once, and stays.
      await tom.say("Here again");
      await bellHas(5);
      expect(await mia.toasts()).toBe(1);
      await mia.goTo("Coaching");
      const lines = ["Are you there?", "I am", "Well done", "Here again"];
      await expect.poll(() => mia.chat(), { timeout: PATIENCE }).toEqual(lines);
      await mia.page.reload();
      await expect.poll(() => mia.chat(), { timeout: PATIENCE }).toEqual(lines);
      await bellHas(5);
      expect((await mia.bell()).filter(({ read }) => !read).map(({ title }) => title)).toEqual([
        "Announcement by Ada",
        "Workout completed",
      ]);
      const said = await second.database.query("select id from messages");
      expect(said).toHaveLength(lines.length);
      mia.fine();
      tom.fine();
    },
  );

  it("npm run demo has the history of its earlier run, whether that was stopped or killed", async () => {
    const folder = await temporaryFolder();
    const config = join(folder, "tracker.json");
    await writeFile(config, await readFile(new URL("../../tracker.json", import.meta.url)));
    const proxy = await startProxy();
    let demo = await startDemo(config, proxy);
    const visitor = await Visitor.at(browser, proxy.port);
    await visitor.state("Connected");
    await visitor.goTo("Coaching");
    await visitor.sees("Hello! I am Noor");
    await visitor.say("Good morning");
    await visitor.sees("Good. Keep it easy today.");
    await visitor.goTo("Today");
    await visitor.page.getByRole("button", { name: "row", exact: true }).click();
    await visitor.page.getByRole("button", { name: "Complete" }).click();
    const completed = async (): Promise<number> =>
      (await visitor.bell()).filter(
        ({ title, body }) => title === "Workout completed" && body.startsWith("row"),
      ).length;
    await expect.poll(completed, { timeout: PATIENCE }).toBe(1);

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const before = await visitor.bell();
      await visitor.goTo("Coaching");
      const lines = await visitor.chat();
      await visitor.goTo("Today");
      demo.kill(signal);
      await once(demo, "exit");
      await visitor.sees("The connection was lost.");
      demo = await startDemo(config, proxy);
      await visitor.state("Connected");
      for (const again of ["resumed", "reloaded"]) {
        if (again === "reloaded") await visitor.page.reload();
        await visitor.state("Connected");
        // The simulated people go on, so that more may have come.
        await expect
          .poll(async () => known(await visitor.bell(), before), { timeout: PATIENCE, message: again })
          .toEqual(known(before, before));
        await visitor.goTo("Coaching");
        await expect
          .poll(async () => (await visitor.chat()).slice(0, lines.length), { timeout: PATIENCE })
          .toEqual(lines);
        await visitor.goTo("Today");
      }
      expect(await completed()).toBe(1);
    }
    // The trainer answers those from before, too.
    await visitor.goTo("Coaching");
    await visitor.say("Still there?");
    await visitor.sees("Good. Keep it easy today.");
    visitor.fine();
  }, 300_000);
});

/** The lines that were there before. Messages count as read when they have been looked at since. */
function known(now: readonly BellLine[], before: readonly BellLine[]): readonly Omit<BellLine, "read">[] {
  const ids = new Set(before.map(({ id }) => id));
  return now.filter(({ id }) => ids.has(id)).map(({ id, title, body, time }) => ({ id, title, body, time }));
}

/** Resolves when it serves, through the proxy. Killed with the test. */
async function startDemo(config: string, proxy: FaultProxy): Promise<ChildProcess> {
  const main = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
  const demo = spawn(process.execPath, ["--import", "tsx/esm", "-C", "@bellwire/source", main, "--demo"], {
    env: { ...process.env, PORT: "0", BELLWIRE_CONFIG: config, DATABASE_URL: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (demo.exitCode !== null || demo.signalCode !== null) return;
    demo.kill("SIGKILL");
    await once(demo, "exit");
  });
  for await (const line of createInterface({ input: demo.stdout })) {
    const port = /http:\/\/localhost:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    demo.stdout.resume();
    proxy.retarget(Number(port));
    return demo;
  }
  throw new Error("the demonstration ended before it served");
}
