/** Every program beside this folder, run as its first line says. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("../", import.meta.url));
const executablePath = process.env.BELLWIRE_CHROMIUM;
const reason = executablePath ? "" : " (skipped: no Chromium; npm test finds it, or set BELLWIRE_CHROMIUM)";

function start(file: string, env: Record<string, string> = {}): ChildProcess {
  const args = ["--import", "tsx", "-C", "@bellwire/source", file];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** The output of a program until it ends by itself. */
function output(file: string, env?: Record<string, string>): Promise<string[]> {
  const child = start(file, env);
  let said = "";
  child.stdout?.on("data", (chunk) => (said += chunk));
  child.stderr?.on("data", (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.once("close", (code) => {
      if (code === 0) resolve(said.trim().split("\n"));
      else reject(new Error(`${file} ended with ${code}: ${said}`));
    });
  });
}

// Generous: beside the other tests a program may get little of the machine.
describe("the small examples", { timeout: 60_000 }, () => {
  it("are under 80 lines each", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    expect(files.length).toBeGreaterThanOrEqual(7);
    for (const file of files)
      expect(readFileSync(folder + file, "utf8").split("\n").length, file).toBeLessThan(80);
  });

  it("live-notifications.ts replays notifications of the time when the device was off", async () => {
    expect(await output("live-notifications.ts")).toEqual([
      "device on",
      "parcel 1 at 1",
      "device off",
      "device on",
      "parcel 2 at 2",
      "parcel 3 at 3",
      "device off",
    ]);
  });

  it("joining-late.ts shows the newest notifications first, older pages, and a snapshot with what follows", async () => {
    expect(await output("joining-late.ts")).toEqual([
      "bell: 7 tea",
      "bell: 6 tea",
      "bell: 5 tea",
      "list: 7 6 5",
      "list: 9 8 7 6 5",
      'table: {"tea":5}',
      "table: coffee is now 3",
    ]);
  });

  it("chat.ts shows messages, typing and members, with no echo for the author", async () => {
    const lines = await output("chat.ts");
    expect(lines).toContain("anna meets ben");
    expect(lines).toContain("ben meets anna");
    expect(lines).toContain("ben sees that anna is typing");
    expect(lines).toContain(`ben reads "How was your run?" from anna`);
    expect(lines).toContain(`anna reads "Wet." from ben`);
    expect(lines.filter((line) => /^(anna|ben) .* (from|that) \1/.test(line))).toEqual([]);
  });

  it("leaderboard.ts gives a slow consumer the newest score of each player", async () => {
    expect(await output("leaderboard.ts")).toEqual([
      "published 100000, the slow consumer got far fewer",
      "player 0: 100000",
      "player 1: 99996",
      "player 2: 99997",
      "player 3: 99998",
      "player 4: 99999",
    ]);
  });

  it.each(["ws", "sse", "socketio", "pusher"])("swap-by-configuration.ts runs on %s", async (wire) => {
    expect(await output("swap-by-configuration.ts", { BELLWIRE: wire })).toEqual([`320 kcal over ${wire}`]);
  });

  it("own-backplane.ts delivers through one hub what another publishes", async () => {
    expect(await output("own-backplane.ts")).toEqual(["320 kcal at 1, through the other hub"]);
  });

  it("own-transport.ts delivers over TCP", async () => {
    expect(await output("own-transport.ts")).toEqual(["320 kcal at 1, over tcp"]);
  });

  it("private-topics.ts refuses another user's topic, and outlives its token without a new connection", async () => {
    expect(await output("private-topics.ts")).toEqual([
      "ben's account: forbidden",
      "paid 12",
      "several tokens, states: connecting, connected",
    ]);
  });

  it("beside-socketio.ts serves old and new clients on one server", async () => {
    expect(await output("beside-socketio.ts")).toEqual([
      "The answer? 42.",
      "Bellwire's client: Two clients, one server, at 1",
      "stock client: Two clients, one server",
    ]);
  });

  it.runIf(executablePath)(
    `event-source-page.ts shows every notification in a browser${reason}`,
    async () => {
      const child = start("event-source-page.ts");
      const url = await new Promise<string>((resolve) => {
        child.stdout?.on("data", (chunk) => {
          const address = /http:\S+/.exec(String(chunk))?.[0];
          if (address) resolve(address);
        });
      });
      const browser = await chromium.launch({
        executablePath: executablePath as string,
        args: ["--no-sandbox", "--disable-gpu"],
      });
      onTestFinished(() => browser.close());
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      await page.goto(url);
      await page.locator("li").nth(3).waitFor();
      expect(await page.locator("p").textContent()).toBe("live");
      const calories = (await page.locator("li").allTextContents()).map((text) => Number.parseInt(text, 10));
      expect(calories.slice(1).map((value, index) => value - (calories[index] ?? 0))).toEqual(
        calories.slice(1).map(() => 10),
      );
      expect(errors).toEqual([]);
    },
  );
});
