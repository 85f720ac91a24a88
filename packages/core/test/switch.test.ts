/**
 * A channel that moves to another transport: what its application notices of it, and what it must
 * not.
 */
import type { Transport } from "@bellwire/core";
import type { ChannelState, Gap } from "@bellwire/core/client";
import { settle } from "@bellwire/core/conformance";
import { type HubOptions, memoryBackplane } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, Cuttable, codeOf, type Topics, type User, World } from "./world.ts";

let world: World<User>;
let first: Cuttable;
let second: Cuttable;
const open = (options: Partial<HubOptions<Topics, User>> = {}): void => {
  world = new World<User>({ authorize: () => true, ...options });
  first = new Cuttable(() => world.transport());
  second = new Cuttable(() => world.transport());
};
afterEach(() => world.dispose());

const say = (n: number) => world.hub.publish("news.a", "said", { n });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const hellos = ({ sent }: Cuttable) => sent.filter(({ type }) => type === "hello").length;

/** A connected channel over the first transport, and what its application hears. */
async function listening(options: Parameters<World["connected"]>[0] = {}) {
  const states: ChannelState[] = [];
  const heard: number[] = [];
  const gaps: Gap[] = [];
  const channel = await world.connected({ transport: first, ...options });
  channel.onState((state) => states.push(state));
  const subscription = channel.subscribe("news.a");
  subscription.on("said", ({ data }) => heard.push(data.n));
  subscription.onGap((gap) => gaps.push(gap));
  await settle();
  return { channel, states, heard, gaps };
}

/** A transport that opens and then carries nothing, until the test has its link lost. */
function silent() {
  const lose: (() => void)[] = [];
  const transport: Transport = {
    ...world.transport(),
    name: "silent",
    connect(observer) {
      queueMicrotask(() => observer.open());
      const end = (): void => observer.close({ code: "link_lost" });
      lose.push(end);
      return { buffered: 0, send() {}, close: () => queueMicrotask(end) };
    },
  };
  return { transport, lose };
}

describe("while connected", () => {
  it("moves while notifications flow, loses and doubles nothing, and stays connected all the time", async () => {
    open();
    const { channel, states, heard, gaps } = await listening();
    let n = 0;
    for (const wire of [second, first, second]) {
      const switched = channel.switchTransport(wire);
      while (n % 20 < 19) await say(++n);
      await switched;
      await say(++n);
    }
    await settle();
    expect(heard).toEqual(range(1, 60));
    expect([states, gaps, world.hub.links]).toEqual([[], [], 1]);
  });

  it("goes on over the running link until the hub has welcomed the other", async () => {
    open();
    const { channel, heard } = await listening();
    const { transport } = silent();
    const switched = codeOf(channel.switchTransport(transport));
    await say(1);
    await settle();
    expect(heard).toEqual([1]);
    channel.close();
    expect(await switched).toBe("closed");
  });

  it("delivers later notifications over the other transport alone", async () => {
    open();
    const { channel, heard } = await listening();
    await channel.switchTransport(second);
    first.cut();
    await say(1);
    await settle();
    second.cut();
    await say(2);
    await settle();
    expect([channel.state, heard]).toEqual(["waiting", [1]]);
    await world.clock.advance(1_000);
    expect(heard).toEqual([1, 2]);
    expect([hellos(first), hellos(second)]).toEqual([1, 2]);
  });

  it("sends again under their ids the publishes without an answer, and each is appended once", async () => {
    const inner = memoryBackplane();
    const held: (() => void)[] = [];
    let hold = true;
    open({
      backplane: {
        ...inner,
        async append(...entry) {
          const position = await inner.append(...entry);
          // Appended, and the answer is not on its way yet.
          if (hold) await new Promise<void>((resolve) => held.push(resolve));
          return position;
        },
      },
    });
    const { channel, heard } = await listening();
    const published = [1, 2, 3].map((n) => channel.publish("news.a", "said", { n }));
    await settle();
    hold = false;
    await channel.switchTransport(second);
    const receipts = await Promise.all(published);
    for (const release of held) release();
    await settle();
    expect(receipts.map(({ position }) => position?.offset)).toEqual([1, 2, 3]);
    expect(heard).toEqual([1, 2, 3]);
  });

  it("rejects a volatile publish without an answer, which is not sent again", async () => {
    open();
    const { channel } = await listening();
    const inner = first.connect.bind(first);
    first.connect = (observer) =>
      inner({
        ...observer,
        message: (message) => message.type === "acknowledged" || observer.message(message),
      });
    first.cut();
    await world.clock.advance(1_000);
    const published = codeOf(channel.publish("news.a", "typing", { n: 1 }));
    await channel.switchTransport(second);
    expect(await published).toBe("link_lost");
  });

  it("asks for a fresh token, and goes on as before when the hub refuses it", async () => {
    open({ authenticate });
    const tokens = ["alice", "nobody", "alice"];
    const { channel, states, heard } = await listening({ token: () => tokens.shift() });
    expect(await codeOf(channel.switchTransport(second))).toBe("unauthorized");
    await say(1);
    await settle();
    expect([heard, states, channel.state]).toEqual([[1], [], "connected"]);
    await channel.switchTransport(second);
    expect([tokens, world.hub.links]).toEqual([[], 1]);
  });

  it("goes on as before when the other transport cannot connect", async () => {
    open();
    const { channel, states, heard } = await listening();
    second.down = true;
    expect(await codeOf(channel.switchTransport(second))).toBe("link_lost");
    await say(1);
    await world.clock.advance(60_000);
    expect([heard, states, hellos(second)]).toEqual([[1], [], 0]);
  });

  it("goes on as before when the other transport brings no welcome within 15 seconds", async () => {
    open();
    const { channel, states, heard } = await listening();
    const switched = codeOf(channel.switchTransport(silent().transport));
    await world.clock.advance(14_999);
    await say(1);
    await world.clock.advance(1);
    expect(await switched).toBe("timeout");
    await world.clock.advance(60_000);
    expect([heard, states, world.hub.links]).toEqual([[1], [], 1]);
  });

  it("moves no member out of the presence list, nor in again", async () => {
    open({ authenticate });
    const watcher = await world.connected({ token: () => "bob" });
    const changes: string[] = [];
    const seen = watcher.subscribe("presence-room.1");
    seen.onMembers(({ joined, left }) => {
      changes.push(...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`));
    });
    const { channel } = await listening({ token: () => "alice" });
    channel.subscribe("presence-room.1");
    await settle();
    await channel.switchTransport(second);
    await world.clock.advance(30_000);
    expect(changes).toEqual(["+bob", "+alice"]);
    expect(Array.from(seen.members.keys())).toEqual(["bob", "alice"]);
  });

  it("leaves no timer and no link behind", async () => {
    open();
    const { channel } = await listening();
    await channel.switchTransport(second);
    await channel.switchTransport(first);
    const switched = codeOf(channel.switchTransport(silent().transport));
    channel.close();
    expect(await switched).toBe("closed");
    await world.clock.advance(60_000);
    expect([world.hub.links, world.clock.pending]).toEqual([0, 0]);
  });
});

describe("when the running link is lost meanwhile", () => {
  it("the other becomes the channel's own attempt, without another token or hello", async () => {
    open({ authenticate });
    let asked = 0;
    const token = (): string => {
      asked += 1;
      return "alice";
    };
    const { channel, states, heard } = await listening({ token });
    const switched = channel.switchTransport(second);
    first.cut();
    expect(channel.state).toBe("connecting");
    await say(1);
    await switched;
    await settle();
    expect(states).toEqual(["connecting", "connected"]);
    expect([heard, asked, hellos(first), hellos(second)]).toEqual([[1], 2, 1, 1]);
  });

  it("and the other fails, too, the channel keeps trying the other until it is connected", async () => {
    open();
    const { channel, states, heard } = await listening();
    const { transport, lose } = silent();
    let wire: Transport = transport;
    const switched = channel.switchTransport({ ...transport, connect: (observer) => wire.connect(observer) });
    first.cut();
    await settle();
    wire = second;
    for (const end of lose) end();
    await say(1);
    expect(states).toEqual(["connecting", "waiting"]);
    await world.clock.advance(1_000);
    await switched;
    await settle();
    expect([heard, states.slice(2), hellos(first)]).toEqual([[1], ["connecting", "connected"], 1]);
  });

  it("for good, the channel has failed, and the switch with it", async () => {
    open({ authenticate });
    const { channel } = await listening({ token: () => "alice" });
    const switched = codeOf(channel.switchTransport(silent().transport));
    await world.hub.revoke("alice");
    await settle();
    expect([await switched, channel.state]).toEqual(["forbidden", "failed"]);
    await world.clock.advance(60_000);
    expect(world.clock.pending).toBe(0);
  });
});

describe("while not connected", () => {
  it("connects over the other transport, and never over the first, when it is called first of all", async () => {
    open();
    const channel = world.channel({ transport: first });
    const states: ChannelState[] = [];
    channel.onState((state) => states.push(state));
    await channel.switchTransport(second);
    expect([states, hellos(first), hellos(second)]).toEqual([["connecting", "connected"], 0, 1]);
    // Everything that wakes a channel wakes this one.
    world.clock.jumpWall(60_000);
    await world.clock.advance(5_000);
    expect(second.sent.filter(({ type }) => type === "ping")).toHaveLength(1);
  });

  it("tries the other at once, without waiting for the next attempt, and catches up", async () => {
    open();
    const { channel, heard } = await listening();
    first.down = true;
    first.cut();
    await world.clock.advance(20_000);
    await say(1);
    expect(channel.state).toBe("waiting");
    await channel.switchTransport(second);
    await settle();
    expect(heard).toEqual([1]);
    await world.clock.advance(60_000);
    expect([hellos(second), world.hub.links]).toEqual([1, 1]);
  });

  it("gives up an attempt that is under way for one over the other", async () => {
    open();
    const { transport } = silent();
    const channel = await world.connected({ transport });
    expect(channel.state).toBe("connecting");
    await channel.switchTransport(second);
    expect([channel.state, world.hub.links]).toEqual(["connected", 1]);
  });

  it("stays suspended until there is a connection again", async () => {
    open();
    const { channel, states } = await listening();
    first.down = second.down = true;
    first.cut();
    await world.clock.advance(301_000);
    expect(channel.state).toBe("suspended");
    const switched = channel.switchTransport(second);
    await world.clock.advance(20_000);
    expect(states.slice(states.indexOf("suspended"))).not.toContain("waiting");
    second.down = false;
    await world.clock.advance(20_000);
    await switched;
    second.cut();
    expect(channel.state).toBe("waiting");
  });

  it("becomes suspended in time, however often it is sent elsewhere", async () => {
    open();
    const { channel } = await listening();
    first.down = second.down = true;
    first.cut();
    await world.clock.advance(299_000);
    const switched = codeOf(channel.switchTransport(second));
    await world.clock.advance(1_000);
    await world.clock.advance(20_000);
    expect(channel.state).toBe("suspended");
    channel.close();
    expect(await switched).toBe("closed");
  });
});

describe("of two switches", () => {
  it("the later takes the place of the earlier, which rejects", async () => {
    open();
    const { channel, heard } = await listening();
    const { transport } = silent();
    const earlier = codeOf(channel.switchTransport(transport));
    const later = channel.switchTransport(second);
    expect(await earlier).toBe("aborted");
    await later;
    await say(1);
    await settle();
    expect([heard, world.hub.links]).toEqual([[1], 1]);
  });

  it("the later takes the place of the earlier also where that was the channel's own attempt", async () => {
    open();
    const { transport } = silent();
    const channel = world.channel({ transport: first });
    const earlier = codeOf(channel.switchTransport(transport));
    await settle();
    await channel.switchTransport(second);
    expect([await earlier, channel.state, hellos(first)]).toEqual(["aborted", "connected", 0]);
  });
});

it("lets a listener that is notified of the connection switch again at once", async () => {
  open();
  const channel = world.channel({ transport: silent().transport });
  let again: Promise<void> | undefined;
  channel.onState((state) => {
    if (state === "connected") again ??= channel.switchTransport(second);
  });
  await channel.switchTransport(first);
  await again;
  expect([hellos(first), hellos(second), world.hub.links]).toEqual([1, 1, 1]);
  first.cut();
  expect(channel.state).toBe("connected");
  second.cut();
  expect(channel.state).toBe("waiting");
});

it("rejects with the cause that ended the channel, once it has ended", async () => {
  open({ authenticate });
  const closed = await world.connected({ token: () => "alice" });
  closed.close();
  expect(await codeOf(closed.switchTransport(second))).toBe("closed");
  const failed = await world.connected({ token: () => "nobody" });
  expect(await codeOf(failed.switchTransport(second))).toBe("unauthorized");
  expect(hellos(second)).toBe(0);
});

it("sends waiting publishes over the other transport, as far as they fit it", async () => {
  open();
  const { channel, heard } = await listening();
  first.down = true;
  first.cut();
  const small: Transport = {
    name: "small",
    capabilities: { ...second.capabilities, maxMessageBytes: 200 },
    connect: (observer) => second.connect(observer),
  };
  const published = [
    codeOf(channel.publish("news.a", "said", { n: 1 })),
    codeOf(channel.publish("news.a", "said", { n: 2, text: "x".repeat(200) } as { n: number })),
    codeOf(channel.publish("news.a", "said", { n: 3 })),
  ];
  await channel.switchTransport(small);
  expect(await Promise.all(published)).toEqual(["resolved", "too_large", "resolved"]);
  await settle();
  expect(heard).toEqual([1, 3]);
});
