import type { TopicMap } from "@bellwire/core";
import { systemClock } from "@bellwire/core/adapter";
import { type HistoryChannel, withHistory } from "@bellwire/core/client";
import { judge, type PublishEntry, seededRandom } from "@bellwire/core/conformance";
import { memoryBackplane } from "@bellwire/core/server";
import PusherImport from "pusher-js";
import { describe, expect, it } from "vitest";
import { hears, host, listen, publish, range, reconnect, until } from "./hosting.ts";

const { instances } = PusherImport as unknown as typeof PusherImport.default;

describe("a channel over hosted Pusher", () => {
  it("receives what the hub publishes, once and in order", async () => {
    const { hub, channel } = await host();
    const log = await listen(channel(), "news.nz");
    await publish({ hub }, "news.nz", range(1, 30));
    await hears(log, "news.nz", range(1, 30));
    expect(log.gaps).toEqual([]);
  });

  it("repairs from the history, once and in order, events that Pusher lost, doubled and reordered", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seededRandom(seed);
    const { hub, vendor, channel } = await host();
    vendor.fate = () => Array.from({ length: random.pick([0, 1, 1, 1, 2]) }, () => random.int(40));
    const publishes: PublishEntry[] = [];
    const logs = await Promise.all([listen(channel(), "news.nz", "news.fr"), listen(channel(), "news.nz")]);
    for (const n of range(1, 120)) {
      const topic = random.pick(["news.nz", "news.fr"] as const);
      const id = `p${n}`;
      const position = await hub.publish(topic, "said", { n }, { id });
      publishes.push({ topic, id, data: JSON.stringify({ n }), acknowledged: true, position });
      if (random.chance(0.05)) vendor.cut();
      if (random.chance(0.2)) await new Promise((resolve) => setTimeout(resolve, random.int(30)));
    }
    const heads = (["news.nz", "news.fr"] as const).map((topic) => {
      const last = publishes.findLast((entry) => entry.topic === topic);
      return { topic, position: last?.position ?? { epoch: "", offset: 0 }, window: 256 };
    });
    const behind = (): boolean =>
      logs.some(({ following }) =>
        Array.from(following).some(
          ({ topic, position }) =>
            position?.offset !== heads.find((head) => head.topic === topic)?.position.offset,
        ),
      );
    await until(
      () => !behind(),
      `everything (seed ${seed})`,
      10_000,
      () => logs.map((log) => log.describe()).join("\n"),
    );
    const verdict = judge({ publishes, sessions: logs, heads });
    expect(verdict.violations, `seed ${seed}`).toEqual([]);
    expect(verdict.gaps, `seed ${seed}`).toBe(0);
  });

  it("detects within one position check that the last event was lost", async () => {
    const { hub, vendor, channel } = await host();
    const log = await listen(channel(), "news.nz");
    vendor.fate = () => [];
    await publish({ hub }, "news.nz", [1]);
    await hears(log, "news.nz", [1]);
  });

  it("receives the notifications that it missed while its connection was lost", async () => {
    const { hub, vendor, channel } = await host();
    const log = await listen(channel(), "news.nz");
    await publish({ hub }, "news.nz", [1]);
    await hears(log, "news.nz", [1]);
    vendor.cut();
    await publish({ hub }, "news.nz", [2, 3, 4]);
    await hears(log, "news.nz", [1, 2, 3, 4]);
    expect(log.gaps).toEqual([]);
  });

  it("receives a gap first when the history does not reach back far enough", async () => {
    const { hub, vendor, channel } = await host({
      hub: { backplane: memoryBackplane({ history: { size: 5 } }) },
    });
    const log = await listen(channel(), "news.nz");
    await publish({ hub }, "news.nz", [1]);
    await hears(log, "news.nz", [1]);
    vendor.fate = () => [];
    await publish({ hub }, "news.nz", range(2, 40));
    await log.until(() => log.gaps.length > 0, "a gap");
    vendor.fate = () => [0];
    await publish({ hub }, "news.nz", [41]);
    await log.until(() => log.numbers("news.nz").includes(41), "the newest");
    const [gap] = log.gaps;
    const after = log.notifications.find(({ position }) => position.offset > (gap?.after.offset ?? 0));
    expect(after?.position.offset).toBe((gap?.resumeAt?.offset ?? 0) + 1);
  });

  it("reads events that are too large for Pusher from the history, and the server reports the error", async () => {
    const { hub, vendor, channel, reported } = await host();
    const log = await listen(channel(), "news.nz");
    await hub.publish("news.nz", "said", { n: 1, text: "x".repeat(20_000) });
    await publish({ hub }, "news.nz", [2]);
    await hears(log, "news.nz", [1, 2]);
    expect(log.notifications[0]?.data).toEqual({ n: 1, text: "x".repeat(20_000) });
    expect(vendor.requests.every(({ status }) => status === 200)).toBe(true);
    expect(reported.map(({ code }) => code)).toEqual(["too_large"]);
  });

  it("receives volatile events while it is connected, and no gap when one is lost", async () => {
    const { hub, vendor, channel } = await host();
    const log = await listen(channel(), "news.nz");
    await hub.publish("news.nz", "typing", { n: 1 });
    await hears(log, "news.nz", [1]);
    vendor.fate = ({ name }) => (name === "typing" ? [] : [0]);
    await hub.publish("news.nz", "typing", { n: 2 });
    await publish({ hub }, "news.nz", [3]);
    await hears(log, "news.nz", [1, 3]);
    expect(log.gaps).toEqual([]);
  });

  it("receives events of publishers other than the hub as volatile ones", async () => {
    const { vendor, channel } = await host();
    const log = await listen(channel(), "news.nz");
    vendor.deliver("news.nz", "said", { n: 9 });
    await hears(log, "news.nz", [9]);
    expect(log.notifications[0]?.position.offset).toBe(0);
  });

  it("leaves no instance and no connection of pusher-js behind when it is closed", async () => {
    const hosting = await host();
    await until(() => instances.length === 0, "earlier channels to be closed");
    const client = hosting.channel();
    await listen(client, "news.nz");
    for (let losses = 0; losses < 3; losses++) {
      expect(instances).toHaveLength(1);
      await reconnect(hosting, client);
    }
    client.close();
    await until(() => hosting.vendor.connections.size === 0, "the connection to be closed");
    expect(instances).toEqual([]);
  });

  it("stops for good when the app is unknown, and reconnects when Pusher is over capacity", async () => {
    const hosting = await host();
    const client = hosting.channel();
    await listen(client, "news.nz");
    await reconnect(hosting, client, 4_100);
    hosting.vendor.cut(4_001);
    await until(() => client.state === "failed", "the channel to stop");
  });

  it("makes a new connection when Pusher does not answer a subscription", async () => {
    const { vendor, channel, hub } = await host();
    vendor.silent = true;
    const client = channel({ pusher: { clock: hasty } });
    const subscription = client.subscribe("news.nz");
    await until(() => vendor.connections.size === 1, "a connection");
    const [first] = vendor.connections.keys();
    await until(() => !vendor.connections.has(first ?? ""), "it to be given up");
    vendor.silent = false;
    await until(() => client.state === "connected", "the channel to be back");
    await subscription.ready();
    await publish({ hub }, "news.nz", [1]);
    await until(() => subscription.position?.offset === 1, "the event");
  });
});

describe("without a history route", () => {
  const routes = { routes: {} };

  it("reports a gap of reason transport after every loss of the connection, before later notifications", async () => {
    const { hub, vendor, channel } = await host();
    const client = channel({ pusher: routes });
    const log = await listen(client, "news.nz");
    await publish({ hub }, "news.nz", [1, 2]);
    await hears(log, "news.nz", [1, 2]);
    vendor.fate = ({ data }) => (/"n":3[,}]/.test(data) ? [] : [0]);
    vendor.cut();
    await publish({ hub }, "news.nz", [3]);
    await log.until(() => log.gaps.length === 1, "a gap");
    await publish({ hub }, "news.nz", [4]);
    await hears(log, "news.nz", [1, 2, 4]);
    expect(log.gaps.map(({ reason }) => reason)).toEqual(["transport"]);
    expect(log.entries.map(({ type }) => type)).toEqual([
      "subscribed",
      "delivered",
      "delivered",
      "gap",
      "delivered",
    ]);
  });

  it("reports a gap for a lost event, and none for one that was overtaken", async () => {
    const { hub, vendor, channel } = await host();
    const log = await listen(channel({ pusher: routes }), "news.nz");
    await publish({ hub }, "news.nz", [1]);
    await hears(log, "news.nz", [1]);
    vendor.fate = ({ data }) => (/"n":2[,}]/.test(data) ? [60] : [0]);
    await publish({ hub }, "news.nz", [2, 3]);
    await hears(log, "news.nz", [1, 2, 3]);
    expect(log.gaps).toEqual([]);
    vendor.fate = ({ data }) => (/"n":4[,}]/.test(data) ? [] : [0]);
    await publish({ hub }, "news.nz", [4, 5]);
    await hears(log, "news.nz", [1, 2, 3, 5]);
    expect(
      log.gaps.map(({ reason, after, resumeAt }) => [reason, (resumeAt?.offset ?? 0) - after.offset]),
    ).toEqual([["transport", 1]]);
  });

  it("has no pages of history: it says so, and subscriptions begin without them", async () => {
    const { hub, channel } = await host();
    await publish({ hub }, "news.nz", [1]);
    // The types do not allow what follows, since the transport's capability is `none`.
    const late = withHistory(channel()) as unknown as HistoryChannel<TopicMap>;
    const errors: unknown[] = [];
    late.onError((error) => errors.push(error));
    await expect(late.history("news.nz")).rejects.toMatchObject({ code: "forbidden" });
    const heard: number[] = [];
    const subscription = late.subscribe("news.nz", { history: 5 });
    subscription.onAny(({ data }) => heard.push((data as { n: number }).n));
    await subscription.ready();
    await publish({ hub }, "news.nz", [2]);
    await until(() => heard.length === 1, "the live one");
    expect(heard).toEqual([2]);
    expect(errors).toMatchObject([{ code: "forbidden" }]);
  });

  it("declares the reduced capabilities", async () => {
    const { channel } = await host();
    expect(() => channel({ pusher: routes, requires: ["history"] as never })).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
    const subscription = channel({ pusher: routes }).subscribe("private-orders.ada");
    await expect(subscription.ready()).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("access", () => {
  it("to private topics follows the hub's decision: others are refused by the route and by Pusher", async () => {
    const { hub, vendor, channel } = await host();
    await expect(channel().subscribe("private-orders.ada").ready()).rejects.toMatchObject({
      code: "forbidden",
    });
    const log = await listen(channel({ token: () => "ada" }), "private-orders.ada");
    await hub.publish("private-orders.ada", "said", { n: 1 });
    await hears(log, "private-orders.ada", [1]);
    expect(vendor.requests).toHaveLength(1);
    const forged = { routes: { auth: "http://127.0.0.1:1/" }, fetch: forge };
    await expect(channel({ pusher: forged }).subscribe("private-orders.ada").ready()).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it("ends within one position check after the right is revoked, although Pusher keeps sending", async () => {
    let allowed = true;
    const { hub, channel } = await host({ hub: { authorize: () => allowed } });
    const log = await listen(channel(), "news.nz");
    allowed = false;
    await log.until(() => log.ends.has("news.nz"), "the end");
    expect(log.ends.get("news.nz")?.code).toBe("forbidden");
    await publish({ hub }, "news.nz", [1]);
    expect(log.notifications).toEqual([]);
  });

  it("stops a channel whose token is refused", async () => {
    const { channel } = await host();
    const client = channel({ token: () => "wrong" });
    await expect(client.subscribe("news.nz").ready()).rejects.toMatchObject({ code: "unauthorized" });
    expect(client.state).toBe("failed");
  });

  it("is renewed with a fresh token before the old one expires, and nothing is lost", async () => {
    const { hub, vendor, channel } = await host();
    const tokens: string[] = [];
    const client = channel({
      token: () => {
        const token = `ada.${Date.now() + (tokens.length === 0 ? 400 : 60_000)}`;
        tokens.push(token);
        return token;
      },
    });
    const log = await listen(client, "private-orders.ada");
    const [first] = vendor.connections.keys();
    await until(() => tokens.length === 2, "a second token");
    await new Promise((resolve) => setTimeout(resolve, 400));
    await hub.publish("private-orders.ada", "said", { n: 1 });
    await hears(log, "private-orders.ada", [1]);
    expect([...vendor.connections.keys()]).toEqual([first]);
  });
});

describe("presence", () => {
  it("reports the members, and every join and departure", async () => {
    const { channel } = await host();
    const ada = channel({ token: () => "ada" });
    const room = ada.subscribe("presence-room.blue");
    await until(() => room.members.size === 1, "ada to see herself");
    expect(room.members.get("ada")).toEqual({ id: "ada", info: { name: "ADA" } });
    const news: string[] = [];
    room.onMembers(({ joined, left }) => {
      for (const { id } of joined) news.push(`+${id}`);
      for (const { id } of left) news.push(`-${id}`);
    });
    const bob = channel({ token: () => "bob" });
    const theirs = bob.subscribe("presence-room.blue");
    await until(() => theirs.members.size === 2, "bob to see both");
    await until(() => news.includes("+bob"), "ada to see bob");
    theirs.close();
    await until(() => news.includes("-bob"), "ada to see bob leave");
    expect(news).toEqual(["+bob", "-bob"]);
    await expect(channel().subscribe("presence-room.blue").ready()).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});

describe("publishing", () => {
  it("is acknowledged with the position after the append, and every subscriber receives it", async () => {
    const { hub, channel } = await host();
    const client = channel({ token: () => "ada" });
    const log = await listen(client, "news.nz");
    const before = await hub.publish("news.nz", "said", { n: 1 });
    const { position } = await client.publish("news.nz", "said", { n: 2 });
    expect(position).toEqual({ epoch: before?.epoch, offset: 2 });
    await hears(log, "news.nz", [1, 2]);
  });

  it("keeps the order of concurrent publishes, and appends each id once", async () => {
    const { channel } = await host();
    const client = channel({ token: () => "ada" });
    const log = await listen(client, "news.nz");
    const receipts = await Promise.all(
      range(1, 80).map((n) => client.publish("news.nz", "said", { n }, { id: `id-${Math.ceil(n / 2)}` })),
    );
    expect(receipts.map(({ position }) => position?.offset)).toEqual(
      range(1, 80).map((n) => Math.ceil(n / 2)),
    );
    await hears(
      log,
      "news.nz",
      range(1, 40).map((n) => n * 2 - 1),
    );
  });

  it("with excludeSelf leaves out the publisher's own notification, also in a replay, without a gap", async () => {
    const { vendor, channel } = await host();
    const ada = channel({ token: () => "ada" });
    const [own, other] = [await listen(ada, "news.nz"), await listen(channel(), "news.nz")];
    await ada.publish("news.nz", "said", { n: 1 }, { excludeSelf: true });
    await ada.publish("news.nz", "said", { n: 2 });
    await hears(other, "news.nz", [1, 2]);
    await hears(own, "news.nz", [2]);
    vendor.fate = () => [];
    await ada.publish("news.nz", "said", { n: 3 }, { excludeSelf: true });
    vendor.cut();
    await until(() => ada.state !== "connected", "the loss");
    await until(() => ada.state === "connected", "the channel to be back");
    await hears(other, "news.nz", [1, 2, 3]);
    vendor.fate = () => [0];
    await ada.publish("news.nz", "said", { n: 4 });
    await hears(own, "news.nz", [2, 4]);
    expect([...own.gaps, ...other.gaps]).toEqual([]);
  });

  it("is refused with the hub's code, and returns the result of a command", async () => {
    const { hub, channel, errors } = await host();
    hub.handle("orders.{name}", "place", ({ data, identity }) => ({ placed: data.n, by: identity.user }));
    const ada = channel({ token: () => "ada" });
    await expect(ada.publish("orders.x", "place", { n: 7 })).resolves.toMatchObject({
      position: null,
      data: { placed: 7, by: "ada" },
    });
    hub.handle("orders.{name}", "place", () => {
      throw new Error("secret words");
    });
    await expect(ada.publish("orders.x", "place", { n: 7 })).rejects.toMatchObject({ code: "internal" });
    expect(errors).toHaveLength(1);
    await expect(
      channel({ token: () => "bob", pusher: { routes: {} } }).publish(
        "news.nz" as never,
        "said" as never,
        { n: 1 } as never,
      ),
    ).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it("is repeated while the server is unreachable, and appended once and in order", async () => {
    const { hub, server, channel, url } = await host();
    const client = channel({ token: () => "ada" });
    const log = await listen(client, "news.nz");
    const port = Number(new URL(url).port);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    const receipts = [1, 2, 3].map((n) => client.publish("news.nz", "said", { n }));
    await publish({ hub }, "news.nz", [0]);
    await hears(log, "news.nz", [0]);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await Promise.all(receipts);
    await hears(log, "news.nz", [0, 1, 2, 3]);
    expect(client.state).toBe("connected");
  });

  it("is refused at once when it is larger than Pusher allows", async () => {
    const { channel } = await host();
    const client = channel({ token: () => "ada" });
    await listen(client, "news.nz");
    await expect(client.publish("news.nz", "said", { n: 1, text: "x".repeat(9_700) })).rejects.toMatchObject({
      code: "too_large",
    });
  });
});

describe("the broadcaster", () => {
  it("publishes at most ten events in a request, and those of a topic in order", async () => {
    const { hub, vendor } = await host();
    vendor.delay = 20;
    await Promise.all(range(1, 95).map((n) => hub.publish(`news.${n % 4}`, "said", { n })));
    const sent = (): number[] =>
      vendor.requests.flatMap(({ batch }) => batch.map(({ data }) => (JSON.parse(data) as { n: number }).n));
    await until(() => sent().length === 95, "everything");
    expect(vendor.requests.every(({ batch, status }) => batch.length <= 10 && status === 200)).toBe(true);
    for (const topic of [0, 1, 2, 3]) {
      const numbers = sent().filter((n) => n % 4 === topic);
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    }
  });

  it.each([403, 429, 500])(
    "waits and tries again when Pusher answers %i, and says so once, without secrets",
    async (status) => {
      const { hub, vendor, reported } = await host();
      vendor.statuses.push(status, status);
      await publish({ hub }, "news.nz", [1, 2]);
      await until(() => vendor.requests.some((request) => request.status === 200), "what is taken");
      await until(
        () =>
          vendor.requests.filter((request) => request.status === 200).flatMap(({ batch }) => batch).length ===
          2,
        "both",
      );
      expect(reported).toHaveLength(1);
      expect(reported[0]?.code).toBe(status === 500 ? "link_lost" : "rate_limited");
      expect(
        JSON.stringify([reported, reported.map(String), reported.map(({ stack, cause }) => [stack, cause])]),
      ).not.toMatch(/vendor-(key|secret)|signature/);
    },
  );

  it("publishes the rest of a batch of which Pusher refuses one event", async () => {
    const { hub, vendor, reported } = await host();
    vendor.statuses.push(400, 400);
    await Promise.all([1, 2, 3].map((n) => hub.publish("news.nz", "said", { n })));
    await until(() => vendor.requests.length === 4, "all requests");
    expect(vendor.requests.map(({ status, batch }) => [status, batch.length])).toEqual([
      [400, 3],
      [400, 1],
      [200, 1],
      [200, 1],
    ]);
    expect(reported.map(({ code }) => code)).toEqual(["malformed", "overloaded"]);
  });

  it("publishes the events that wait before the hub is closed", async () => {
    const { hub, vendor } = await host();
    vendor.delay = 30;
    await Promise.all(range(1, 60).map((n) => hub.publish("news.nz", "said", { n })));
    await hub.close({ flush: 2_000, spread: 0 });
    expect(vendor.requests.flatMap(({ batch }) => batch)).toHaveLength(60);
  });
});

/** A clock whose ten seconds take half of one. */
const hasty = {
  ...systemClock,
  after: (ms: number, callback: () => void) => systemClock.after(ms / 20, callback),
};

/** An authorization route of somebody who does not know the secret. */
const forge: typeof fetch = async (_, init) => {
  const { channels } = JSON.parse(init?.body as string) as { channels: string[] };
  const signed = channels.map((channel) => ({ channel, auth: `vendor-key:${"0".repeat(64)}` }));
  return new Response(JSON.stringify({ channels: signed }));
};
