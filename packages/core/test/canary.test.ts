/**
 * A second transport tried beside the one in use: what is said of it, and that the one in use does
 * not notice.
 */

import type { ErrorCode, Transport } from "@bellwire/core";
import type { ClientMessage, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import { type CanaryOptions, type CanaryReport, canary } from "@bellwire/core/canary";
import type { Gap } from "@bellwire/core/client";
import { faultyTransport, type MessageRule, seededRandom, settle } from "@bellwire/core/conformance";
import type { HubOptions } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, Cuttable, type Topics, type User, World } from "./world.ts";

let world: World<User>;
afterEach(() => world.dispose());

/** Publishes, and lets it arrive. */
async function say(n: number, topic: "news.a" | "news.b" | "presence-room.7" = "news.a"): Promise<void> {
  await world.hub.publish(topic, "said", { n });
  await settle();
}

interface Setup extends Partial<Omit<CanaryOptions, "primary" | "candidate">> {
  readonly token?: string;
  readonly hub?: Partial<HubOptions<Topics, User>>;
  /** The primary's transport. */
  readonly wire?: (world: World<User>) => Transport;
  /** The candidate's transport. */
  readonly candidate?: (world: World<User>) => Transport;
}

/** A connected channel with a canary, subscribed to `news.a`. */
async function listening({ hub = {}, candidate, wire, token, ...options }: Setup = {}) {
  world = new World<User>({ authorize: () => true, ...hub });
  const first = wire ? wire(world) : world.transport();
  const primary = new Cuttable(() => first);
  const inner = candidate ? candidate(world) : world.transport();
  const beside = new Cuttable(() => inner);
  const reports: CanaryReport[] = [];
  const heard: number[] = [];
  const gaps: Gap[] = [];
  const transport = canary({
    primary,
    candidate: beside,
    share: 1,
    report: (report) => reports.push(report),
    random: () => 0.5,
    clock: world.clock,
    ...options,
  });
  const channel = await world.connected({ transport, ...(token !== undefined && { token: () => token }) });
  const subscription = channel.subscribe("news.a");
  subscription.on("said", ({ data }) => heard.push(data.n));
  subscription.onGap((gap) => gaps.push(gap));
  await settle();
  const last = (): CanaryReport => {
    const report = reports.at(-1);
    if (!report) throw new Error("no report was given");
    return report;
  };
  /** Closes the channel, and gives what is said at the end. */
  const end = async (): Promise<CanaryReport> => {
    channel.close();
    await settle();
    return last();
  };
  return { channel, subscription, primary, candidate: beside, reports, heard, gaps, end, last, transport };
}

describe("a candidate that works", () => {
  it("is reported with everything delivered on both transports, and nothing lost, doubled or out of order", async () => {
    const { heard, end } = await listening();
    for (let n = 1; n <= 20; n++) await say(n);
    await world.clock.advance(10_000);
    const report = await end();
    const clean = { delivered: 20, lost: 0, late: 0, doubled: 0, disorder: 0, gaps: 0 };
    expect(report).toMatchObject({
      closed: true,
      both: 20,
      uncompared: 0,
      window: 10_000,
      lag: { count: 20, min: 0, max: 0 },
      primary: { name: "cuttable", connected: 1, failed: 0, dropped: 0, causes: {}, ...clean },
      candidate: { connected: 1, failed: 0, dropped: 0, causes: {}, ...clean },
    });
    expect(heard).toHaveLength(20);
  });

  it("says hello with the channel's token and a session of its own, subscribes, and publishes nothing", async () => {
    const { channel, primary, candidate } = await listening();
    await channel.publish("news.a", "said", { n: 1 });
    const session = (sent: ClientMessage[]) => sent.flatMap((m) => (m.type === "hello" ? [m.session] : []));
    expect(candidate.sent.map(({ type }) => type)).toEqual(["hello", "subscribe"]);
    expect(session(candidate.sent)).not.toEqual(session(primary.sent));
  });

  it("follows the channel out of a topic and into others", async () => {
    const { channel, subscription, candidate, end } = await listening();
    await say(1);
    subscription.close();
    channel.subscribe("news.b");
    await settle();
    await say(2);
    await say(3, "news.b");
    expect(candidate.sent.slice(1)).toMatchObject([
      { type: "subscribe", topic: "news.a" },
      { type: "unsubscribe", topic: "news.a" },
      { type: "subscribe", topic: "news.b" },
    ]);
    expect(await end()).toMatchObject({ both: 2, primary: { delivered: 2 }, candidate: { delivered: 2 } });
  });

  it("gets a fresh token when the channel does", async () => {
    world = new World<User>({ authenticate, authorize: () => true });
    const tokens = ["ann/", "ann/"].map(
      (user, index) => `${user}${world.clock.wall() + 60_000 * (index + 1)}`,
    );
    const candidate = new Cuttable(() => world.transport());
    const reports: CanaryReport[] = [];
    const transport = canary({
      primary: world.transport(),
      candidate,
      share: 1,
      report: (report) => reports.push(report),
      clock: world.clock,
    });
    const channel = await world.connected({ transport, token: () => tokens.shift() });
    await world.clock.advance(90_000);
    expect(candidate.sent.map(({ type }) => type)).toContain("token");
    channel.close();
    expect(reports.at(-1)).toMatchObject({ candidate: { connected: 1, dropped: 0 } });
  });
});

describe("a candidate that is broken", () => {
  const rules = (...given: MessageRule[]): Setup => ({
    candidate: (inside) => faultyTransport(inside.transport(), given),
  });

  it("that swallows the last notification is reported with one lost, once the window is over", async () => {
    const { end, heard } = await listening({
      ...rules({ type: "notification", nth: 3, fault: "drop" }),
      window: 5_000,
    });
    for (let n = 1; n <= 3; n++) await say(n);
    await world.clock.advance(5_000);
    const report = await end();
    expect(report).toMatchObject({
      both: 2,
      uncompared: 0,
      candidate: { delivered: 2, lost: 1 },
      primary: { lost: 0 },
    });
    expect(heard).toEqual([1, 2, 3]);
  });

  it("that swallows one before another is repaired as a channel would be, and reported as out of turn, not as lost", async () => {
    const { end } = await listening(rules({ type: "notification", nth: 2, fault: "drop" }));
    for (let n = 1; n <= 4; n++) await say(n);
    await world.clock.advance(60_000);
    expect(await end()).toMatchObject({ both: 4, candidate: { delivered: 4, lost: 0, disorder: 1 } });
  });

  it("that doubles notifications is reported with each", async () => {
    const { end } = await listening(rules({ type: "notification", nth: 1, every: 1, fault: "double" }));
    for (let n = 1; n <= 4; n++) await say(n);
    expect(await end()).toMatchObject({
      both: 4,
      candidate: { delivered: 4, doubled: 4 },
      primary: { doubled: 0 },
    });
  });

  it("that is cut for less than the window is reported with its replay and its lag", async () => {
    const { candidate, end, heard } = await listening();
    await say(1);
    candidate.down = true;
    candidate.cut();
    await say(2);
    await world.clock.advance(3_000);
    candidate.down = false;
    await world.clock.advance(30_000);
    const report = await end();
    expect(report).toMatchObject({ both: 2, candidate: { delivered: 2, lost: 0, dropped: 1, connected: 2 } });
    expect(report.candidate.failed).toBeGreaterThan(0);
    expect(report.candidate.causes).toEqual({ link_lost: report.candidate.failed + 1 });
    expect(report.lag.max).toBeGreaterThanOrEqual(3_000);
    expect(heard).toEqual([1, 2]);
  });

  it("that is cut for longer than the window is reported as lost, and as late once it has come", async () => {
    const { candidate, last, end } = await listening({ interval: 20_000 });
    candidate.down = true;
    candidate.cut();
    await say(1);
    await world.clock.advance(20_000);
    expect(last()).toMatchObject({ closed: false, both: 0, candidate: { lost: 1, late: 0 } });
    candidate.down = false;
    await world.clock.advance(60_000);
    expect(await end()).toMatchObject({ both: 1, uncompared: 0, candidate: { lost: 0, late: 1 } });
  });

  it("that loses notifications that the hub no longer holds is reported with a gap and the losses in it", async () => {
    const { candidate, end } = await listening();
    await say(1);
    candidate.down = true;
    candidate.cut();
    for (let n = 2; n <= 400; n++) await say(n);
    candidate.down = false;
    await world.clock.advance(60_000);
    await say(401);
    expect(await end()).toMatchObject({
      both: 2,
      candidate: { gaps: 1, lost: 399, delivered: 2 },
      primary: { gaps: 0, lost: 0, delivered: 401 },
    });
  });

  it("that cannot connect is reported with its attempts, and the channel misses nothing", async () => {
    const { heard, end } = await listening({ candidate: () => refused("link_lost") });
    await say(1);
    await world.clock.advance(60_000);
    const report = await end();
    expect(report).toMatchObject({ both: 0, uncompared: 1, lag: { count: 0, p50: null } });
    expect(report.candidate).toMatchObject({ connected: 0, dropped: 0, lost: 0, delivered: 0 });
    expect(report.candidate.failed).toBeGreaterThan(3);
    expect(report.candidate.causes).toEqual({ link_lost: report.candidate.failed });
    expect(heard).toEqual([1]);
  });

  it("that throws, and a report that throws, change nothing for the channel", async () => {
    let reported = 0;
    const { heard, channel } = await listening({
      candidate: (inside) => ({
        ...inside.transport(),
        connect(): never {
          throw new Error("broken");
        },
      }),
      report: async () => {
        reported += 1;
        throw new Error("broken, too");
      },
    });
    await say(1);
    await world.clock.advance(120_000);
    expect([channel.state, heard, reported]).toEqual(["connected", [1], 2]);
  });

  it("that is refused for good is not tried again before the channel's next link", async () => {
    const { candidate, primary, last } = await listening({
      candidate: () => refused("forbidden"),
    });
    await world.clock.advance(120_000);
    expect(last().candidate).toMatchObject({ failed: 1, causes: { forbidden: 1 } });
    primary.cut();
    await world.clock.advance(120_000);
    expect(last().candidate).toMatchObject({ failed: 2, causes: { forbidden: 2 } });
    expect(last().primary).toMatchObject({ dropped: 1, connected: 2 });
    expect(candidate.sent).toEqual([]);
  });

  it("that was refused for good is compared again once the channel's next link lets it in", async () => {
    let refuse = false;
    const { candidate, primary, end } = await listening({
      candidate: (inside) => {
        const works = inside.transport();
        return { ...works, connect: (observer) => (refuse ? refused("forbidden") : works).connect(observer) };
      },
    });
    await say(1);
    refuse = true;
    candidate.cut({ code: "forbidden" });
    await say(2);
    await world.clock.advance(60_000);
    refuse = false;
    primary.cut();
    await world.clock.advance(1_000);
    await say(3);
    await world.clock.advance(60_000);
    const counts = { delivered: 2, lost: 0, connected: 2, dropped: 1, failed: 0 };
    expect(await end()).toMatchObject({ both: 2, uncompared: 1, candidate: counts });
  });

  it("whose subscription is refused has nothing to lose", async () => {
    let asked = 0;
    const { end, heard } = await listening({ hub: { authorize: () => ++asked < 2 } });
    await say(1);
    await world.clock.advance(20_000);
    const report = await end();
    expect(heard).toEqual([1]);
    expect(report).toMatchObject({ uncompared: 1, candidate: { lost: 0, causes: { forbidden: 1 } } });
  });
});

/** A transport that never lets anybody in. */
function refused(code: ErrorCode): Transport {
  return {
    ...world.transport(),
    connect(observer) {
      queueMicrotask(() => observer.close({ code }));
      return { buffered: 0, send() {}, close() {} };
    },
  };
}

/** Its methods, to be taken over one by one. */
function observerOf(observer: LinkObserver<ServerMessage>): LinkObserver<ServerMessage> {
  return {
    open: () => observer.open(),
    message: (message, bytes) => observer.message(message, bytes),
    malformed: (reason) => observer.malformed(reason),
    close: (cause) => observer.close(cause),
  };
}

describe("the primary", () => {
  it("that is away while the candidate is not is reported with its losses and its replay", async () => {
    const { primary, heard, end, last } = await listening({ interval: 15_000 });
    primary.down = true;
    primary.cut();
    await say(1);
    await world.clock.advance(15_000);
    expect(last()).toMatchObject({
      both: 0,
      primary: { lost: 1, delivered: 0 },
      candidate: { delivered: 1, connected: 1 },
    });
    primary.down = false;
    await world.clock.advance(60_000);
    const report = await end();
    expect(report).toMatchObject({
      both: 1,
      primary: { lost: 0, late: 1, dropped: 1 },
      candidate: { dropped: 0 },
    });
    expect(report.lag.max).toBeLessThan(-10_000);
    expect(heard).toEqual([1]);
  });

  it("has not lost notifications that nobody asked for: of topics left while it was away, or of a closed channel", async () => {
    const { primary, channel, subscription, last } = await listening();
    channel.subscribe("news.b");
    await settle();
    primary.down = true;
    primary.cut();
    await say(1);
    subscription.close();
    primary.down = false;
    await world.clock.advance(60_000);
    expect(last()).toMatchObject({ uncompared: 1, primary: { lost: 0 }, candidate: { delivered: 1 } });
    primary.down = true;
    primary.cut();
    await say(2, "news.b");
    channel.close();
    await world.clock.advance(60_000);
    expect(last()).toMatchObject({
      closed: true,
      uncompared: 2,
      primary: { lost: 0 },
      candidate: { delivered: 2 },
    });
  });

  it("that stops sending is given up by its channel, and the candidate is compared with its next link", async () => {
    let mute = false;
    const { candidate, last, channel } = await listening({
      wire: (inside) => {
        const wire = inside.transport();
        const connect = (observer: LinkObserver<ServerMessage>) => {
          const muted = mute;
          const message = (heard: ServerMessage) => mute !== muted || observer.message(heard);
          return wire.connect({ ...observerOf(observer), message: (heard) => void message(heard) });
        };
        return { ...wire, connect };
      },
    });
    mute = true;
    await say(1);
    await world.clock.advance(70_000);
    expect(channel.state).toBe("connected");
    await say(2);
    await world.clock.advance(60_000);
    expect(last()).toMatchObject({
      both: 2,
      primary: { connected: 2, dropped: 1, causes: { timeout: 1 }, delivered: 2, lost: 0 },
      candidate: { connected: 1, dropped: 0, delivered: 2, lost: 0 },
    });
    expect(candidate.sent.filter(({ type }) => type === "hello")).toHaveLength(1);
  });

  it("that is refused for good takes the candidate with it", async () => {
    const { primary, channel, reports } = await listening();
    primary.cut({ code: "forbidden" });
    await settle();
    expect(channel.state).toBe("failed");
    expect(reports).toMatchObject([{ closed: true, primary: { dropped: 1, causes: { forbidden: 1 } } }]);
  });

  it("that resumes from a position is compared from where the candidate began", async () => {
    world = new World<User>({ authorize: () => true });
    const { epoch, offset } = (await world.hub.publish("news.a", "said", { n: 1 })) ?? {
      epoch: "",
      offset: 0,
    };
    await say(2);
    const reports: CanaryReport[] = [];
    const transport = canary({
      primary: world.transport(),
      candidate: world.transport(),
      share: 1,
      report: (report) => reports.push(report),
      clock: world.clock,
    });
    const positions = { load: () => ({ epoch, offset }), save: () => {} };
    const channel = await world.connected({ transport, positions });
    const heard: number[] = [];
    channel.subscribe("news.a").on("said", ({ data }) => heard.push(data.n));
    await settle();
    await say(3);
    await world.clock.advance(20_000);
    channel.close();
    expect(heard).toEqual([2, 3]);
    expect(reports).toMatchObject([
      { both: 1, uncompared: 1, candidate: { delivered: 1, lost: 0, gaps: 0 } },
    ]);
  });

  it("passes everything on as it is", () => {
    world = new World<User>();
    const seen: unknown[] = [];
    let inner: LinkObserver<ServerMessage> | undefined;
    const primary: Transport = {
      ...world.transport(),
      connect(observer) {
        inner = observer;
        return {
          buffered: 7,
          send: (batch) => void seen.push(batch),
          close: (cause) => void seen.push(cause),
        };
      },
    };
    const watched = canary({ primary, candidate: world.transport(), share: 1, report: () => {} });
    const link = watched.connect({
      open: () => void seen.push("open"),
      message: (...all) => void seen.push(all),
      malformed: (reason) => void seen.push(reason),
      close: (cause) => void seen.push(cause),
    });
    const batch: ClientMessage[] = [{ type: "ping" }];
    const cause = { code: "timeout", reason: "late", retryAfter: 5 } as const;
    inner?.open();
    inner?.message({ type: "pong" }, 20);
    inner?.malformed("off");
    link.send(batch);
    link.close(cause);
    inner?.close(cause);
    expect(seen).toEqual(["open", [{ type: "pong" }, 20], "off", batch, cause, cause]);
    expect(seen[3]).toBe(batch);
    expect(link.buffered).toBe(7);
  });

  it("owes its publisher nothing that was published with exclude", async () => {
    const { channel, end } = await listening();
    await channel.publish("news.a", "said", { n: 1 }, { excludeSelf: true });
    await say(2);
    await world.clock.advance(20_000);
    expect(await end()).toMatchObject({
      both: 1,
      uncompared: 1,
      primary: { lost: 0 },
      candidate: { lost: 0, delivered: 2 },
    });
  });

  it("may be moved to another connection of its own, or to another transport, which ends the canary", async () => {
    const { channel, transport, heard, reports, candidate } = await listening();
    await say(1);
    await channel.switchTransport(transport);
    await say(2);
    await settle();
    expect(reports).toEqual([]);
    await channel.switchTransport(world.transport());
    await say(3);
    await settle();
    expect(heard).toEqual([1, 2, 3]);
    expect(reports).toMatchObject([
      { closed: true, both: 2, primary: { lost: 0 }, candidate: { connected: 1, lost: 0 } },
    ]);
    expect(candidate.sent.map(({ type }) => type)).toEqual(["hello", "subscribe", "ping"]);
  });
});

describe("presence", () => {
  it("topics are not shadowed, and the report says how many there were", async () => {
    const { channel, end, candidate } = await listening({ hub: { authenticate }, token: "ann" });
    channel.subscribe("presence-room.7");
    await settle();
    await say(1, "presence-room.7");
    expect(candidate.sent.filter((message) => "topic" in message)).toMatchObject([{ topic: "news.a" }]);
    expect(await end()).toMatchObject({ unshadowed: 1, uncompared: 0, primary: { delivered: 0 } });
  });
});

describe("a client that is not chosen", () => {
  const parts = { report: () => {} };
  it("gets the primary itself, as does every client when the share is 0", () => {
    world = new World<User>();
    const [primary, candidate] = [world.transport(), world.transport()];
    expect(canary({ ...parts, primary, candidate, share: 0, random: () => 0 })).toBe(primary);
    expect(canary({ ...parts, primary, candidate, share: 0.25, random: () => 0.25 })).toBe(primary);
    expect(canary({ ...parts, primary, candidate, share: 0.25, random: () => 0.24 })).not.toBe(primary);
    expect(canary({ ...parts, primary, candidate, share: 1, random: () => 0.999 })).not.toBe(primary);
  });

  it("is the share of clients that was asked for", () => {
    world = new World<User>();
    const [primary, candidate] = [world.transport(), world.transport()];
    const random = seededRandom(7);
    const chosen = Array.from({ length: 20_000 }, () =>
      canary({ ...parts, primary, candidate, share: 0.05, random: () => random.next() }),
    ).filter((transport) => transport !== primary).length;
    expect(chosen).toBeGreaterThan(900);
    expect(chosen).toBeLessThan(1_100);
  });
});

describe("the end", () => {
  it("leaves no timer and no link behind, after the channel is closed", async () => {
    const { end } = await listening();
    await say(1);
    await end();
    await world.dispose();
    expect(world.clock.pending).toBe(0);
  });

  it("comes at once by a signal: one last report, and the channel goes on", async () => {
    const stop = new AbortController();
    const { heard, reports, primary, candidate, last } = await listening({ signal: stop.signal });
    await say(1);
    stop.abort();
    await settle();
    expect(reports).toMatchObject([{ closed: true, both: 1 }]);
    await say(2);
    primary.cut();
    await world.clock.advance(120_000);
    await say(3);
    await settle();
    expect(heard).toEqual([1, 2, 3]);
    expect(reports).toHaveLength(1);
    expect(last().candidate.connected).toBe(1);
    expect(candidate.sent.filter(({ type }) => type === "hello")).toHaveLength(1);
  });

  it("comes 40 seconds after a channel was closed while it waited", async () => {
    const { primary, channel, reports } = await listening();
    primary.down = true;
    primary.cut();
    await settle();
    channel.close();
    await world.clock.advance(39_000);
    expect(reports).toEqual([]);
    await world.clock.advance(1_000);
    expect(reports).toMatchObject([{ closed: true }]);
  });

  it("keeps waiting for a channel that keeps trying", async () => {
    const { primary, last } = await listening();
    primary.down = true;
    primary.cut();
    await world.clock.advance(600_000);
    expect(last()).toMatchObject({ closed: false, candidate: { connected: 1, dropped: 0 } });
    expect(last().primary.failed).toBeGreaterThan(10);
  });
});

it.each([
  [{ primary: undefined }, "canary.primary"],
  [{ candidate: {} }, "canary.candidate"],
  [{ share: 1.5 }, "canary.share"],
  [{ share: Number.NaN }, "canary.share"],
  [{ report: undefined }, "canary.report"],
  [{ window: 0 }, "canary.window"],
  [{ intervals: 1 }, "canary.intervals"],
])("is refused when an option is wrong, which is named: %o", (wrong, path) => {
  world = new World<User>();
  const right = { primary: world.transport(), candidate: world.transport(), share: 0, report: () => {} };
  expect(() => canary({ ...right, ...wrong } as never)).toThrow(
    expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(`${path}:`) }),
  );
});
