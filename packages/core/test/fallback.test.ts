/**
 * Several transports as one: in which order they are tried, what makes one work, and what the
 * channel sees of it.
 */
import type { Capabilities, CloseCause, Transport } from "@bellwire/core";
import type { ClientMessage, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import { type FallbackOptions, fallback } from "@bellwire/core/client";
import { VirtualClock } from "@bellwire/core/conformance";
import { MEMORY_CAPABILITIES } from "@bellwire/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { Cuttable, World } from "./world.ts";

const WELCOME: ServerMessage = { type: "welcome", idleTimeout: 1_000, maxMessageBytes: 1_000 };
const HELLO: ClientMessage = { type: "hello", protocol: 1, session: "s" };
const LOST: CloseCause = { code: "link_lost" };

/** One connection of a transport that the test speaks for. */
interface Connection {
  readonly sent: ClientMessage[];
  readonly closed: CloseCause[];
  readonly observer: LinkObserver<ServerMessage>;
}

/** A transport whose connections the test answers by hand. */
class HandWire implements Transport {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly connections: Connection[] = [];
  /** Closes inside `connect`, before there is a link. */
  failsAtOnce = false;

  constructor(name: string, capabilities: Partial<Capabilities> = {}) {
    this.name = name;
    this.capabilities = { ...MEMORY_CAPABILITIES, ...capabilities };
  }

  connect(observer: LinkObserver<ServerMessage>) {
    const connection: Connection = { sent: [], closed: [], observer };
    this.connections.push(connection);
    if (this.failsAtOnce) observer.close(LOST);
    return {
      buffered: this.connections.length,
      send: (batch: readonly ClientMessage[]) => void connection.sent.push(...batch),
      close: (cause: CloseCause) => void connection.closed.push(cause),
    };
  }

  get last(): Connection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error(`${this.name} was not dialled`);
    return connection;
  }
}

/** A fallback, and what a channel over it would hear. It says hello as soon as it may. */
function dial(wires: readonly Transport[], options: FallbackOptions = {}) {
  const clock = new VirtualClock();
  const transport = fallback(wires, { clock, ...options });
  const connect = () => {
    const heard: string[] = [];
    const link = transport.connect({
      open() {
        heard.push("open");
        link.send([HELLO]);
      },
      message: ({ type }, bytes) => void heard.push(bytes === undefined ? type : `${type} of ${bytes} B`),
      malformed: (reason) => void heard.push(`malformed ${reason}`),
      close: ({ code }) => void heard.push(`close ${code}`),
    });
    return { heard, link };
  };
  return { clock, transport, connect, ...connect() };
}

describe("a transport works when the hub's first message came over it", () => {
  it("stays with the first that works, and passes on everything it carries", () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard, link } = dial([a, b]);
    a.last.observer.open();
    a.last.observer.message(WELCOME, 20);
    a.last.observer.message({ type: "ping" });
    a.last.observer.malformed("not JSON");
    link.send([{ type: "pong" }]);
    a.last.observer.close(LOST);
    expect(heard).toEqual(["open", "welcome of 20 B", "ping", "malformed not JSON", "close link_lost"]);
    expect(a.last.sent).toEqual([HELLO, { type: "pong" }]);
    expect(b.connections).toEqual([]);
  });

  it("says hello again on the next transport when the first lets connections through and then holds frames back", async () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard, clock, link } = dial([a, b], { timeout: 2_000 });
    a.last.observer.open();
    await clock.advance(1_999);
    expect(b.connections).toEqual([]);
    await clock.advance(1);
    expect(a.last.closed).toHaveLength(1);
    expect(b.last.sent).toEqual([]);
    b.last.observer.open();
    expect(b.last.sent).toEqual([HELLO]);
    b.last.observer.message(WELCOME);
    await clock.advance(60_000);
    expect(heard).toEqual(["open", "welcome"]);
    expect(link.buffered).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("ignores a transport that was given up, however late it comes alive", async () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard, clock } = dial([a, b], { timeout: 2_000 });
    await clock.advance(2_000);
    a.last.observer.open();
    a.last.observer.message(WELCOME);
    a.last.observer.malformed("late");
    a.last.observer.close({ code: "forbidden" });
    expect(heard).toEqual([]);
    b.last.observer.open();
    b.last.observer.message(WELCOME);
    expect(heard).toEqual(["open", "welcome"]);
  });

  it("takes a transport that garbles the first message for one that does not work", () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard } = dial([a, b]);
    a.last.observer.open();
    a.last.observer.malformed("not JSON");
    b.last.observer.open();
    b.last.observer.message(WELCOME);
    expect(heard).toEqual(["open", "welcome"]);
    expect(a.last.closed).toHaveLength(1);
  });

  it("gives each transport five seconds, or its share of the channel's attempt when there are many", async () => {
    for (const [count, share] of [
      [2, 5_000],
      [4, 3_500],
    ] as const) {
      const wires = Array.from({ length: count }, (_, index) => new HandWire(`${index}`));
      const { heard, clock } = dial(wires);
      await clock.advance(share * count - 1);
      expect(wires.map(({ connections }) => connections.length)).toEqual(wires.map(() => 1));
      expect(heard).toEqual([]);
      await clock.advance(1);
      expect(heard).toEqual(["close timeout"]);
      expect(clock.pending).toBe(0);
    }
  });
});

describe("a failure", () => {
  it("of every transport is one close, with the last cause", () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard } = dial([a, b]);
    a.last.observer.close({ code: "timeout" });
    b.last.observer.open();
    b.last.observer.close(LOST);
    expect(heard).toEqual(["open", "close link_lost"]);
  });

  it("inside connect is followed by the next transport, whichever and however many of them do that", () => {
    const [a, b, c] = [new HandWire("a"), new HandWire("b"), new HandWire("c")];
    a.failsAtOnce = b.failsAtOnce = true;
    const { heard, link } = dial([a, b, c]);
    c.last.observer.open();
    expect(c.last.sent).toEqual([HELLO]);
    link.close({ code: "normal" });
    expect(c.last.closed).toEqual([{ code: "normal" }]);
    c.failsAtOnce = true;
    expect(dial([a, b, c]).heard).toEqual(["close link_lost"]);
    expect(heard).toEqual(["open"]);
  });

  it.each([
    "unauthorized",
    "forbidden",
    "unsupported_protocol",
    "too_large",
    "draining",
    "overloaded",
    "rate_limited",
    "internal",
  ] as const)("that is the hub's own answer, %s, is not taken to another transport", (code) => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard } = dial([a, b]);
    a.last.observer.open();
    a.last.observer.close({ code, retryAfter: 100 });
    expect(heard).toEqual(["open", `close ${code}`]);
    expect(b.connections).toEqual([]);
  });

  it("after a transport has worked ends the link, and no other transport is tried on it", () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard } = dial([a, b]);
    a.last.observer.open();
    a.last.observer.message(WELCOME);
    a.last.observer.close({ code: "timeout" });
    expect(heard).toEqual(["open", "welcome", "close timeout"]);
    expect(b.connections).toEqual([]);
  });
});

describe("closing", () => {
  it("while a transport is tried closes that one, reports its close, and tries no other", async () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { heard, link, clock } = dial([a, b]);
    a.last.observer.open();
    link.close({ code: "timeout" });
    expect(a.last.closed).toEqual([{ code: "timeout" }]);
    a.last.observer.close({ code: "link_lost" });
    await clock.advance(60_000);
    expect(heard).toEqual(["open", "close link_lost"]);
    expect(b.connections).toEqual([]);
  });
});

describe("the next connection", () => {
  const works = (wire: HandWire) => {
    wire.last.observer.open();
    wire.last.observer.message(WELCOME);
    wire.last.observer.close(LOST);
  };

  it("begins with the transport that worked last, and goes on with the others in their order", () => {
    const wires = [new HandWire("a"), new HandWire("b"), new HandWire("c")] as const;
    const [a, b, c] = wires;
    const { connect } = dial(wires);
    a.last.observer.close(LOST);
    works(b);
    connect();
    expect(wires.map(({ connections }) => connections.length)).toEqual([1, 2, 0]);
    b.last.observer.close(LOST);
    expect(wires.map(({ connections }) => connections.length)).toEqual([2, 2, 0]);
    a.last.observer.close(LOST);
    works(c);
    connect();
    expect(wires.map(({ connections }) => connections.length)).toEqual([2, 2, 2]);
  });

  it("always begins with the first when the policy is to retry the preferred one", () => {
    const [a, b] = [new HandWire("a"), new HandWire("b")];
    const { connect } = dial([a, b], { policy: "retry-preferred" });
    a.last.observer.close(LOST);
    works(b);
    connect();
    expect([a.connections.length, b.connections.length]).toEqual([2, 1]);
  });
});

describe("made of several transports", () => {
  it("has the capabilities of the weakest, and is named after all", () => {
    const a = new HandWire("a", { history: "native", binary: "native", maxMessageBytes: 2_000 });
    const b = new HandWire("b", { history: "emulated", order: "none", maxMessageBytes: 1_000 });
    const { name, capabilities } = fallback([a, b]);
    expect(name).toBe("fallback(a, b)");
    expect(capabilities).toEqual({
      ...MEMORY_CAPABILITIES,
      history: "emulated",
      order: "none",
      presence: "emulated",
      binary: "none",
      maxMessageBytes: 1_000,
    });
  });

  it.each([
    [[], {}, "fallback.transports"],
    [[{}], {}, "fallback.transports"],
    [undefined, {}, "fallback.transports"],
    [[new HandWire("a")], { policy: "random" }, "fallback.policy"],
    [[new HandWire("a")], { timeout: 0 }, "fallback.timeout"],
    [[new HandWire("a")], { timeouts: 1 }, "fallback.timeouts"],
  ])("is refused when an option is wrong, which is named", (wires, options, path) => {
    expect(() => fallback(wires as never, options as never)).toThrow(
      expect.objectContaining({ code: "invalid_option", message: expect.stringContaining(`${path}:`) }),
    );
  });
});

describe("under a channel", () => {
  let world: World;
  afterEach(() => world.dispose());

  it("is connected over the second transport when the first is blocked, and loses nothing when that one is lost, too", async () => {
    world = new World();
    const { clock } = world;
    const held: Transport = {
      ...world.transport(),
      connect(observer) {
        queueMicrotask(() => observer.open());
        return { buffered: 0, send() {}, close: () => queueMicrotask(() => observer.close(LOST)) };
      },
    };
    const wire = new Cuttable(() => world.transport());
    const channel = world.channel({ transport: fallback([held, wire], { clock }) });
    const heard: number[] = [];
    channel.subscribe("news.a").on("said", ({ data }) => heard.push(data.n));
    await clock.advance(4_999);
    expect(channel.state).toBe("connecting");
    await clock.advance(1);
    expect(channel.state).toBe("connected");
    await world.hub.publish("news.a", "said", { n: 1 });
    wire.cut();
    await world.hub.publish("news.a", "said", { n: 2 });
    await clock.advance(500);
    expect([channel.state, heard]).toEqual(["connected", [1, 2]]);
  });
});
