/**
 * Every feature between two people in real browsers, on each wire, with the connection lost and
 * back in between.
 */
import type { FaultProxy } from "@bellwire/core/conformance";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../server/start.ts";
import { executablePath, launch, PATIENCE, PHONE, reason, serve, Visitor } from "./browser.ts";

describe.skipIf(!executablePath)(`the tracker in Chromium${reason}`, { timeout: 180_000 }, () => {
  let browser: Browser;
  let running: Running;
  let proxy: FaultProxy;
  const failures: unknown[] = [];
  beforeAll(async () => {
    [browser, { running, proxy }] = await Promise.all([
      launch(),
      serve({ failed: (error) => failures.push(error) }),
    ]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    await running?.close();
  }, 60_000);

  it.each([{ wire: "ws" }, { wire: "sse" }, { wire: "socketio" }, { wire: "pusher" }])(
    "lets two people do everything together over $wire",
    async ({ wire }) => {
      const mia = await (await Visitor.at(browser, proxy.port, { wire })).signIn("Mia");
      const other = await (await Visitor.at(browser, running.port, { ...PHONE, wire })).signIn("Mia");

      // One's own devices.
      await mia.page.getByRole("button", { name: "ride", exact: true }).click();
      await other.sees(/ride, going on/);
      await other.page.getByLabel("Calories").fill("777");
      await other.page.getByRole("button", { name: "Complete" }).click();
      await mia.sees("Workout completed");
      await mia.sees("777 kcal");
      await mia.shot(`${wire}-today`);

      // Trainer and client.
      await other.becomes("Tom");
      await Promise.all([mia.goTo("Coaching"), other.goTo("Coaching")]);
      await mia.sees("online");
      await other.page.getByLabel("Message").pressSequentially(`Hello over ${wire}`);
      await mia.sees("Tom is typing …");
      await other.page.getByRole("button", { name: "Send" }).click();
      await mia.seesTimes(`Hello over ${wire}`, 1);
      await other.page.getByLabel("Exercise").fill("Squat");
      await other.page.getByLabel("Correction", { exact: true }).fill(`Deeper, ${wire}`);
      await other.page.getByRole("button", { name: "Correct" }).click();
      await mia.sees("Your trainer on Squat");
      await mia.seesTimes(`Deeper, ${wire}`, 1);
      expect(await mia.page.getByRole("button", { name: "Correct" }).count()).toBe(0);

      // The connection is lost, both write, and it comes back.
      proxy.refuse(true);
      proxy.cutAll();
      await mia.sees("The connection was lost.");
      await other.page.getByLabel("Message").fill(`While you were away, ${wire}`);
      await other.page.getByRole("button", { name: "Send" }).click();
      await mia.page.getByLabel("Message").fill(`Written offline, ${wire}`);
      await mia.page.getByRole("button", { name: "Send" }).click();
      await mia.sees("Sending …");
      await mia.shot(`${wire}-away`);
      proxy.refuse(false);
      await mia.state("Connected");
      for (const one of [mia, other]) {
        await one.seesTimes(`While you were away, ${wire}`, 1);
        await one.seesTimes(`Written offline, ${wire}`, 1);
      }
      expect(await mia.page.getByTestId("gaps").textContent()).toBe("0");
      await mia.shot(`${wire}-coaching`);

      // A live workout.
      await other.becomes("Ben");
      await Promise.all([mia.goTo("Live"), other.goTo("Live")]);
      await mia.page.getByLabel("Title").fill(`Run over ${wire}`);
      await mia.page.getByRole("button", { name: "Open" }).click();
      await other.page.getByRole("button", { name: `Join Run over ${wire}` }).click();
      await mia.sees("2 take part");
      await other.page.getByRole("button", { name: "Move" }).click();
      await mia.page.getByRole("list", { name: "Progress" }).getByText("Ben").waitFor();
      await other.shot(`${wire}-live-phone`);
      await mia.page.getByRole("button", { name: "Close for all" }).click();
      await other.sees("That workout was closed.");

      // The challenge.
      await Promise.all([mia.goTo("Challenge"), other.goTo("Challenge")]);
      await other.page.getByLabel("Metres").fill("2500");
      await other.page.getByRole("button", { name: "Submit" }).click();
      await other.sees(/Recorded\. You have .* number/);
      await mia.page.getByRole("list", { name: "Leaderboard" }).getByText("Ben").waitFor();
      await other.sees("First steps");

      // Partners.
      await Promise.all([mia.goTo("Partners"), other.goTo("Partners")]);
      await mia.page.getByRole("button", { name: "run", exact: true }).click();
      await other.page.getByRole("button", { name: "run", exact: true }).click();
      await other.page.getByRole("button", { name: "Pair with Mia" }).click();
      await other.sees("You are paired with Mia.");
      await mia.sees("Partner found");

      // The plan, also while one of them is away.
      await Promise.all([mia.goTo("Plan"), other.goTo("Plan")]);
      await mia.page.getByLabel("Monday").fill(`${wire} run`);
      await expect
        .poll(() => other.page.getByLabel("Monday").inputValue(), { timeout: PATIENCE })
        .toBe(`${wire} run`);
      await other.sees("Mia writing");
      proxy.refuse(true);
      proxy.cutAll();
      await mia.sees("The connection was lost.");
      await mia.page.getByLabel("Monday").press("Home");
      await mia.page.getByLabel("Monday").pressSequentially("easy ");
      await other.page.getByLabel("Monday").press("End");
      await other.page.getByLabel("Monday").pressSequentially(", 30 min");
      proxy.refuse(false);
      for (const one of [mia, other])
        await expect
          .poll(() => one.page.getByLabel("Monday").inputValue(), { timeout: PATIENCE })
          .toBe(`easy ${wire} run, 30 min`);
      await mia.shot(`${wire}-plan`);

      // An announcement.
      await other.becomes("Ada");
      await other.page.getByLabel("Announce to everyone").fill(`News over ${wire}`);
      await other.page.getByRole("button", { name: "Announce" }).click();
      await mia.sees(`News over ${wire}`);

      expect(await mia.page.getByTestId("wire").textContent()).not.toBe("");
      mia.fine();
      other.fine();
    },
  );

  it("moves a running page from wire to wire, and nothing is missed, doubled or reported as a gap", async () => {
    const ben = await (await Visitor.at(browser, running.port)).signIn("Ben");
    for (const [name, metres] of [
      ["SSE", 1],
      ["Socket.IO", 2],
      ["Pusher", 3],
      ["WebSocket", 4],
    ] as const) {
      await ben.page.getByRole("button", { name, exact: true }).click();
      await expect.poll(() => ben.page.getByTestId("wire").textContent(), { timeout: PATIENCE }).toBe(name);
      await running.database.query(
        "insert into workouts (id, user_id, kind, ended_at, calories) values ($1, 'ben', 'row', now(), $2)",
        [`switch-${metres}`, 900 + metres],
      );
      await ben.seesTimes(`${900 + metres} kcal`, 1);
      await expect
        .poll(() => ben.page.getByTestId("latency").textContent(), { timeout: PATIENCE })
        .toMatch(/ms$/);
    }
    expect(await ben.page.getByTestId("gaps").textContent()).toBe("0");
    await ben.sees("switch: moved to Pusher");
    await ben.shot("switched");
    ben.fine();
  });

  it("the server reported no error", () => {
    expect(failures).toEqual([]);
  });
});
