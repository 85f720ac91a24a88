/**
 * Tabs that share a connection to a hub: the leader, the other tabs when it goes, and the remains
 * in the end.
 */
import { type Clock, type Transport } from "@bellwire/core";
import { systemClock } from "@bellwire/core/adapter";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { shared } from "@bellwire/core/shared";
import { describe, expect, it, onTestFinished } from "vitest";
import { codeOf, type Topics, topics, type User } from "../world.ts";
import { Browser, type FakeTab } from "./tabs.ts";

const KEY = { key: "alice" };
/** Ten times as fast as the real one, so that seconds of silence cost no seconds. */
const FAST: Clock = {
  now: () => systemClock.now() * 10,
  wall: () => systemClock.wall(),
  after: (ms, callback) => systemClock.after(ms / 10, callback),
};
const PATIENCE = { timeout: 5_000, interval: 5 };

interface Seat {
  readonly tab: FakeTab;
  readonly channel: NotificationChannel<Topics>;
  readonly heard: number[];
  readonly wrong: unknown[];
}

function stage(options: { readonly clock?: Clock } = {}) {
  const hub = createHub<Topics, User>({
    topics,
    authenticate: ({ token = "alice" }) => (token === "wrong" ? null : { user: token }),
    authorize: () => true,
  });
  const browser = new Browser(options.clock);
  const channels: NotificationChannel<Topics>[] = [];
  onTestFinished(async () => {
    for (const channel of channels) channel.close();
    await hub.close({ flush: 0 });
  });
  const open = (
    wire: Transport = memoryTransport(hub),
    { token, key = "alice" }: { readonly token?: string; readonly key?: string } = {},
  ): Seat => {
    const tab = browser.tab();
    const transport = shared(tab.over(wire), { key, platform: tab.platform });
    const channel = createChannel({
      topics,
      transport,
      clock: tab.clock,
      ...(token !== undefined && { token: () => token }),
    });
    channels.push(channel);
    const seat: Seat = { tab, channel, heard: [], wrong: [] };
    const subscription = channel.subscribe("news.sport");
    subscription.on("said", ({ data }) => seat.heard.push(data.n));
    subscription.on("typing", ({ data }) => seat.heard.push(-data.n));
    subscription.onGap((gap) => seat.wrong.push(gap));
    channel.onError((error) => seat.wrong.push(error));
    return seat;
  };
  /** Opens tabs one after another; the first one leads. */
  const seats = async (count: number): Promise<Seat[]> => {
    const all: Seat[] = [];
    for (let i = 0; i < count; i += 1) {
      const seat = open();
      all.push(seat);
      await ready(seat);
    }
    return all;
  };
  const publish = async (first: number, last: number): Promise<void> => {
    for (let n = first; n <= last; n += 1) await hub.publish("news.sport", "said", { n });
  };
  return { hub, browser, open, seats, publish };
}

const ready = ({ channel }: Seat): Promise<unknown> => channel.subscribe("news.sport").ready();
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const hears = (seat: Seat, numbers: readonly number[]): Promise<void> =>
  expect.poll(() => seat.heard, PATIENCE).toEqual(numbers);

describe("tabs of one origin", () => {
  it("hold one link, over which each receives its subscriptions and its answers", async () => {
    const { hub, seats, publish } = stage();
    const all = await seats(8);
    expect(hub.links).toBe(1);
    await publish(1, 3);
    await Promise.all(all.map((seat, i) => seat.channel.publish("news.sport", "said", { n: 10 + i })));
    for (const seat of all) {
      await expect.poll(() => seat.heard.length, PATIENCE).toBe(11);
      expect(new Set(seat.heard)).toEqual(new Set([1, 2, 3, ...range(10, 17)]));
    }
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it("with other keys hold a link of their own", async () => {
    const { hub, open } = stage();
    const all = [open(), open(undefined, { key: "bob", token: "bob" })];
    await Promise.all(all.map(ready));
    expect(hub.links).toBe(2);
  });

  it("resume at once when the leader crashes, and lose and double nothing", async () => {
    const { hub, seats, publish } = stage();
    const [leader, ...others] = await seats(4);
    for (let n = 1; n <= 200; n += 1) {
      await publish(n, n);
      if (n === 100) leader?.tab.crash();
    }
    for (const seat of others) await hears(seat, range(1, 200));
    expect(hub.links).toBe(1);
    expect(others.flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it("are notified when the leader's channel is closed, and resume at once", async () => {
    const { hub, seats, publish } = stage();
    const [leader, other] = await seats(2);
    if (!leader || !other) throw new Error("no tabs");
    await publish(1, 1);
    await hears(other, [1]);
    leader.channel.close();
    await publish(2, 2);
    await hears(other, [1, 2]);
    expect(hub.links).toBe(1);
    expect(leader.tab.broadcasts).toBe(0);
  });

  it("publish once a notification that was under way when the leader crashed", async () => {
    const { seats } = stage();
    const [leader, other] = await seats(2);
    if (!leader || !other) throw new Error("no tabs");
    const published = other.channel.publish("news.sport", "said", { n: 1 });
    leader.tab.crash();
    expect(await published).toMatchObject({ position: { offset: 1 } });
    await hears(other, [1]);
  });

  it("go on without a leader that hangs; when it wakes it finds that another leads, and has missed nothing", async () => {
    const { hub, seats, publish } = stage({ clock: FAST });
    const [leader, ...others] = await seats(3);
    if (!leader) throw new Error("no tabs");
    leader.tab.hang();
    await publish(1, 5);
    for (const seat of others) await hears(seat, range(1, 5));
    await expect.poll(() => hub.links, PATIENCE).toBe(2);
    leader.tab.thaw();
    await publish(6, 6);
    for (const seat of [leader, ...others]) await hears(seat, range(1, 6));
    await expect.poll(() => hub.links, PATIENCE).toBe(1);
    expect([leader, ...others].flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it("take over at once from a leader that is about to be frozen", async () => {
    const { hub, seats, publish } = stage();
    const [leader, other] = await seats(2);
    if (!leader || !other) throw new Error("no tabs");
    leader.tab.leave();
    leader.tab.hang();
    await publish(1, 1);
    // On a clock that is not fast: long before it would be missed.
    await expect.poll(() => other.heard, { timeout: 1_500, interval: 5 }).toEqual([1]);
    await expect.poll(() => hub.links, PATIENCE).toBe(1);
    leader.tab.thaw();
    await hears(leader, [1]);
  });

  it("do not leave their subscriptions behind when they crash, and do not leave when they only reload", async () => {
    const { hub, seats, open } = stage({ clock: FAST });
    const seen: string[] = [];
    const watcher = createChannel({ topics, transport: memoryTransport(hub), token: () => "bob" });
    onTestFinished(() => watcher.close());
    const room = watcher.subscribe("presence-room.1");
    room.onMembers(({ joined, left }) => {
      for (const { id } of joined) seen.push(`+${id}`);
      for (const { id } of left) seen.push(`-${id}`);
    });
    await room.ready();
    const [, follower] = await seats(2);
    await follower?.channel.subscribe("presence-room.1").ready();
    await expect.poll(() => seen, PATIENCE).toEqual(["+bob", "+alice"]);
    follower?.tab.crash();
    const again = open();
    await again.channel.subscribe("presence-room.1").ready();
    again.tab.crash();
    await expect.poll(() => seen, PATIENCE).toEqual(["+bob", "+alice", "-alice"]);
  });
});

describe("a tab", () => {
  it("that publishes with excludeSelf is spared itself, and no other tab is, also after a new leader", async () => {
    const { seats } = stage();
    const [leader, publisher, other] = await seats(3);
    if (!leader || !publisher || !other) throw new Error("no tabs");
    await publisher.channel.publish("news.sport", "said", { n: 1 }, { excludeSelf: true });
    await publisher.channel.publish("news.sport", "typing", { n: 2 }, { excludeSelf: true });
    const under = publisher.channel.publish("news.sport", "said", { n: 3 }, { excludeSelf: true });
    leader.tab.crash();
    await under;
    await other.channel.publish("news.sport", "said", { n: 4 });
    await hears(other, [1, -2, 3, 4]);
    await hears(publisher, [4]);
    expect(publisher.wrong).toEqual([]);
  });

  it("fails alone when its token is refused", async () => {
    const { open } = stage();
    const wrong = open(undefined, { token: "wrong" });
    const right = open();
    await ready(right);
    await expect.poll(() => wrong.channel.state, PATIENCE).toBe("failed");
    expect(right.channel.state).toBe("connected");
  });

  it("that is closed leaves no lock, no broadcast and no link", async () => {
    const { hub, browser, seats } = stage();
    const all = await seats(3);
    for (const { channel } of all) channel.close();
    await expect.poll(() => hub.links, PATIENCE).toBe(0);
    await expect.poll(() => browser.quiet, PATIENCE).toBe(true);
    expect(all.map(({ tab }) => tab.broadcasts)).toEqual([0, 0, 0]);
  });

  it("that no longer takes part, since its channel moved elsewhere, makes room for the others", async () => {
    const { hub, seats, publish } = stage({ clock: FAST });
    const [leader, other] = await seats(2);
    if (!leader || !other) throw new Error("no tabs");
    await leader.channel.switchTransport(memoryTransport(hub));
    await expect.poll(() => leader.tab.broadcasts, PATIENCE).toBe(0);
    await publish(1, 1);
    for (const seat of [leader, other]) await hears(seat, [1]);
  });

  it("that may not use its locks has a connection of its own", async () => {
    const { hub, open } = stage();
    const { platform } = new Browser().tab();
    const locks = { request: () => Promise.reject(new DOMException("not here", "SecurityError")) };
    const transport = shared(memoryTransport(hub), {
      ...KEY,
      platform: { ...platform, navigator: { locks } },
    });
    const channel = createChannel({ topics, transport });
    onTestFinished(() => channel.close());
    await channel.subscribe("news.sport").ready();
    await ready(open());
    expect(hub.links).toBe(2);
  });
});

describe("shared", () => {
  it.each(["navigator", "BroadcastChannel"])(
    "is the transport itself where there is no %s",
    async (missing) => {
      const { hub } = stage();
      const { platform } = new Browser().tab();
      const transport = memoryTransport(hub);
      expect(shared(transport, { ...KEY, platform: { ...platform, [missing]: undefined } })).toBe(transport);
    },
  );

  it("has the name and the capabilities of its transport", () => {
    const { hub } = stage();
    const inner = memoryTransport(hub);
    const { name, capabilities } = shared(inner, { ...KEY, platform: new Browser().tab().platform });
    expect([name, capabilities]).toEqual(["shared(memory)", inner.capabilities]);
  });

  it.each([
    {},
    { key: "" },
    { key: 7 },
    { key: "a", platform: 1 },

    { key: "a", tabs: 3 },
  ])("names a wrong option: %j", async (options) => {
    const { hub } = stage();
    const wrong = async (): Promise<unknown> => shared(memoryTransport(hub), options as typeof KEY);
    expect(await codeOf(wrong())).toBe("invalid_option");
  });
});
