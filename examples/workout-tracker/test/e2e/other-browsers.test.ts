/**
 * Promises for every browser, between Firefox and WebKit: devices, notifications, chat, and
 * recovery, on each transport.
 */
import { type FaultProxy, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Running } from "../../server/start.ts";
import { serve } from "./browser.ts";
import { type Firefox, firefoxPath, launchFirefox } from "./firefox.ts";
import { type OpenScreen, Person } from "./screen.ts";
import { launchWebKit, type WebKit, webkitPath } from "./webkit.ts";

const missing = [firefoxPath ? [] : "Firefox", webkitPath ? [] : "WebKitWebDriver with Xvfb"].flat();
const reason = missing.length > 0 ? ` (skipped: no ${missing.join(", no ")}; npm test finds them)` : "";

interface Seat {
  readonly person: Person;
  readonly proxy: FaultProxy;
}

describe.skipIf(missing.length > 0)(
  `the tracker in Firefox and WebKit${reason}`,
  { timeout: 180_000 },
  () => {
    let firefox: Firefox | undefined;
    let webkit: WebKit | undefined;
    let running: Running | undefined;
    const proxies: FaultProxy[] = [];
    const failures: unknown[] = [];
    async function startServer(): Promise<void> {
      const served = await serve({ failed: (error) => failures.push(error) });
      running = served.running;
      proxies.push(served.proxy);
      proxies.push(await startFaultProxy({ target: running.port, random: seededRandom(2) }));
    }
    beforeAll(async () => {
      // Each by itself: what did start is closed, also when another did not.
      const started = await Promise.allSettled([
        launchFirefox().then((launched) => {
          firefox = launched;
        }),
        launchWebKit().then((launched) => {
          webkit = launched;
        }),
        startServer(),
      ]);
      for (const one of started) if (one.status === "rejected") throw one.reason;
    }, 120_000);
    afterAll(async () => {
      await firefox?.close();
      await webkit?.close();
      for (const proxy of proxies) await proxy.close();
      await running?.close();
    }, 60_000);

    /** Somebody in front of a browser, with a proxy of one's own before the server. */
    async function someone(open: OpenScreen | undefined, proxy: FaultProxy | undefined): Promise<Seat> {
      if (!open || !proxy) throw new Error("started before");
      const screen = await open(`http://localhost:${proxy.port}/`);
      onTestFinished(() => screen.close());
      return { person: new Person(screen), proxy };
    }

    it.each([
      { wire: "ws", kcal: 701 },
      { wire: "sse", kcal: 702 },
      { wire: "socketio", kcal: 703 },
      { wire: "pusher", kcal: 704 },
    ])(
      "what one does the other sees, also after either was away, once, over $wire",
      async ({ wire, kcal }) => {
        const seats = await Promise.all([
          someone(firefox?.open, proxies[0]),
          someone(webkit?.open, proxies[1]),
        ]);
        const [mia, other] = [seats[0].person, seats[1].person];
        await Promise.all([mia.signIn("Mia", wire), other.signIn("Mia", wire)]);

        // One's own devices.
        await mia.press("row");
        await other.sees("going on for");
        await other.fill("Calories", `${kcal}`);
        await other.press("Complete");
        await mia.seesToast("Workout completed");
        await mia.seesTimes(`${kcal} kcal`, 1);

        // Trainer and client.
        await other.press("Sign out");
        await other.signIn("Tom", wire);
        await Promise.all([mia.goTo("Coaching"), other.goTo("Coaching")]);
        await mia.fill("Message", `Fox ${wire}`);
        await mia.press("Send");
        await other.seesTimes(`Fox ${wire}`, 1);
        await other.fill("Message", `Kit ${wire}`);
        await other.press("Send");
        await mia.seesTimes(`Kit ${wire}`, 1);

        // Either is away for a while, in which both write.
        for (const { person: away, proxy } of seats) {
          const who = away === mia ? "Mia" : "Tom";
          const texts = [`${who} away ${wire} 1`, `${who} away ${wire} 2`] as const;
          proxy.refuse(true);
          proxy.cutAll();
          await away.sees("The connection was lost.");
          await mia.fill("Message", texts[0]);
          await mia.press("Send");
          await other.fill("Message", texts[1]);
          await other.press("Send");
          await away.sees("Sending …");
          proxy.refuse(false);
          await away.connected();
          for (const one of [mia, other]) for (const text of texts) await one.seesTimes(text, 1);
        }

        // Nothing was reported as a gap, and the notification is there once, however often the link
        // was made.
        for (const one of [mia, other]) {
          expect(await one.panel("gaps")).toBe("0");
          await one.fine();
        }
        expect(await mia.notices(`${kcal} kcal`)).toBe(1);
      },
    );

    it("the server reported no error", () => {
      expect(failures).toEqual([]);
    });
  },
);
