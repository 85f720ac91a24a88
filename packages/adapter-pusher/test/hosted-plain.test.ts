/**
 * Hosted Pusher with `metadata: false`: stock clients receive exactly the data, and our own client
 * reports a gap wherever it cannot know what was lost.
 */
import type { Capabilities } from "@bellwire/core";
import PusherImport from "pusher-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { pusherTransport } from "../src/client.ts";
import { hears, host, listen, publish, until } from "./hosting.ts";
import { app } from "./vendor.ts";

const Pusher = PusherImport as unknown as typeof PusherImport.default;

describe("hosted Pusher without metadata", () => {
  it("gives stock clients exactly the data that was published", async () => {
    const { hub, vendor } = await host({ metadata: false });
    const pusher = new Pusher(app.key, {
      cluster: "local",
      wsHost: "127.0.0.1",
      wsPort: vendor.port,
      forceTLS: false,
      enabledTransports: ["ws"],
    });
    onTestFinished(() => pusher.disconnect());
    const heard: unknown[] = [];
    const channel = pusher.subscribe("news.nz");
    channel.bind("said", (data: unknown) => void heard.push(data));
    await new Promise((resolve) => void channel.bind("pusher:subscription_succeeded", resolve));
    const values = [{ n: 1 }, [1, null], "x", "", "7", "null", "{}", 7, true, false, null];
    for (const value of values) await hub.publish("news.nz", "said", value as never);
    await until(() => heard.length === values.length, "all values");
    expect(heard).toStrictEqual(values);
  });

  it("delivers events as they arrive, once, and never reads the history", async () => {
    const asked: string[] = [];
    const { hub, channel } = await host({ metadata: false });
    const client = channel({
      token: () => "ada",
      pusher: {
        fetch: (url, init) => {
          asked.push(new URL(url as string).pathname);
          return fetch(url, init);
        },
      },
    });
    const log = await listen(client, "news.nz");
    await publish({ hub }, "news.nz", [1, 2]);
    await client.publish("news.nz", "said", { n: 3 }, { excludeSelf: true });
    await publish({ hub }, "news.nz", [4]);
    await hears(log, "news.nz", [1, 2, 4]);
    expect(log.gaps).toEqual([]);
    expect(asked.map((path) => path.split("/").at(-1))).toEqual(["hello", "publish"]);
  });

  it("reports a gap of reason transport after every loss of the connection, before later notifications", async () => {
    const { hub, vendor, channel } = await host({ metadata: false });
    const log = await listen(channel(), "news.nz");
    await publish({ hub }, "news.nz", [1]);
    await hears(log, "news.nz", [1]);
    vendor.cut();
    await log.until(() => log.gaps.length === 1, "a gap");
    await publish({ hub }, "news.nz", [2]);
    await hears(log, "news.nz", [1, 2]);
    expect(log.gaps.map(({ reason }) => reason)).toEqual(["transport"]);
    expect(log.entries.map(({ type }) => type)).toEqual(["subscribed", "delivered", "gap", "delivered"]);
  });

  it("reports a gap for an event that was too large for Pusher, and the server reports the error", async () => {
    const { hub, channel, reported } = await host({ metadata: false });
    const log = await listen(channel(), "news.nz");
    await hub.publish("news.nz", "said", { n: 1, text: "x".repeat(20_000) });
    await publish({ hub }, "news.nz", [2]);
    await hears(log, "news.nz", [2]);
    expect(log.gaps.map(({ reason }) => reason)).toEqual(["transport"]);
    expect(reported.map(({ code }) => code)).toEqual(["too_large"]);
  });

  it("declares the reduced capabilities", () => {
    const { capabilities } = pusherTransport({
      key: "k",
      cluster: "eu",
      routes: "https://a.example",
      metadata: false,
    });
    expect(capabilities).toMatchObject({
      history: "none",
      order: "none",
      acknowledgement: "emulated",
    } satisfies Partial<Capabilities>);
  });
});
