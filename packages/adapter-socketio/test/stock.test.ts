/**
 * Stock `socket.io-client` on a real hub, for teams that adopt or leave Bellwire piece by piece.
 */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { attachSocketIo } from "../src/server.ts";
import { stockEvent } from "../src/stock/events.ts";
import { ask, collectUncaught, hubFor, listen, PATH, pause, RawPeer, serve, until } from "./peers.ts";

collectUncaught();

type Options = Partial<ManagerOptions & SocketOptions>;
interface Answer {
  readonly ok: boolean;
  readonly position?: { readonly epoch: string; readonly offset: number } | null;
  readonly gap?: string;
  readonly code?: string;
  readonly message?: string;
  readonly retryAfter?: number;
  readonly data?: unknown;
}
interface Heard {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** A stock client, and every event that it receives. */
function stock(url: string, options: Options = {}): { socket: Socket; heard: Heard[]; ends: string[] } {
  const socket = io(url, { path: PATH, transports: ["websocket"], forceNew: true, ...options });
  onTestFinished(() => void socket.disconnect());
  const heard: Heard[] = [];
  const ends: string[] = [];
  socket.onAny((event: string, ...args: unknown[]) => heard.push({ event, args }));
  socket.on("disconnect", (reason) => ends.push(reason));
  return { socket, heard, ends };
}

const asked = (socket: Socket, ...args: [string, ...unknown[]]): Promise<Answer> =>
  socket.timeout(5_000).emitWithAck(...args) as Promise<Answer>;

/** The data of the `connect_error` of a refused client. */
function refusal(socket: Socket): Promise<unknown> {
  return new Promise((resolve) =>
    socket.on("connect_error", (error) => resolve((error as Error & { data?: unknown }).data)),
  );
}

const numbers = (heard: readonly Heard[]): unknown[] =>
  heard.filter(({ event }) => event === "said").map(({ args: [data] }) => (data as { n: number }).n);

describe.each([["websocket" as const], ["polling" as const]])("a stock client by %s", (carrier) => {
  const transports = [carrier];

  it("subscribes, and receives events by their own names with their positions", async () => {
    const { hub, url } = await serve();
    const { socket, heard } = stock(url, { transports });
    const answer = await asked(socket, "subscribe", "news.a");
    expect(answer).toEqual({ ok: true, position: { epoch: expect.any(String) as string, offset: 0 } });
    const epoch = answer.position?.epoch ?? "";
    await hub.publish("news.a", "said", { n: 1 }, { id: "p1" });
    await hub.publish("news.a", "typing", "hm");
    await hub.publish("news.a", "said", { n: 2 });
    await until(() => heard.length === 3, "the events");
    const meta = { topic: "news.a", time: expect.any(Number) as number };
    expect(heard).toEqual([
      { event: "said", args: [{ n: 1 }, { ...meta, id: "p1", position: { epoch, offset: 1 } }] },
      { event: "typing", args: ["hm", { ...meta, id: "", position: null }] },
      { event: "said", args: [{ n: 2 }, { ...meta, id: `${epoch}/2`, position: { epoch, offset: 2 } }] },
    ]);
  });

  it("publishes, receives the position, and is covered by id and excludeSelf", async () => {
    const { url } = await serve();
    const [one, other] = [stock(url, { transports }), stock(url, { transports })];
    for (const { socket } of [one, other]) await asked(socket, "subscribe", "news.a");
    const first = await asked(one.socket, "publish", "news.a", "said", { n: 1 });
    expect(first).toMatchObject({ ok: true, position: { offset: 1 } });
    const again = { id: "again", excludeSelf: true };
    const second = await asked(one.socket, "publish", "news.a", "said", { n: 2 }, again);
    expect(await asked(one.socket, "publish", "news.a", "said", { n: 2 }, again)).toEqual(second);
    await asked(other.socket, "publish", "news.a", "said", { n: 3 });
    await until(() => other.heard.length === 3 && one.heard.length === 2, "the events");
    expect([numbers(one.heard), numbers(other.heard)]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
    expect(await asked(one.socket, "publish", "news.a", "typing", "hm")).toEqual({
      ok: true,
      position: null,
    });
  });

  it("receives nothing of a topic after its unsubscribe was acknowledged", async () => {
    const { hub, url } = await serve();
    const { socket, heard } = stock(url, { transports });
    await asked(socket, "subscribe", "news.a");
    await hub.publish("news.a", "said", { n: 1 });
    expect(await asked(socket, "unsubscribe", "news.a")).toEqual({ ok: true });
    const count = heard.length;
    await hub.publish("news.a", "said", { n: 2 });
    await asked(socket, "subscribe", "news.b");
    expect(heard.length).toBe(count);
  });

  it("receives the past first that it asks for with its subscription", async () => {
    const { hub, url } = await serve();
    for (const n of [1, 2, 3, 4]) await hub.publish("news.a", "said", { n });
    const { socket, heard } = stock(url, { transports });
    const answer = await asked(socket, "subscribe", "news.a", { history: 2 });
    expect(answer).toMatchObject({ ok: true, position: { offset: 2 } });
    await hub.publish("news.a", "said", { n: 5 });
    await until(() => heard.length === 3, "the events");
    expect(numbers(heard)).toEqual([3, 4, 5]);
    const none = await asked(socket, "subscribe", "news.a", { history: { since: Date.now() + 60_000 } });
    expect(none).toMatchObject({ ok: true, position: { offset: 5 } });
    for (const history of [-1, "x", { since: -1 }, []])
      expect(await asked(socket, "subscribe", "news.a", { history })).toMatchObject({ code: "malformed" });
  });

  it("reads the past page by page", async () => {
    const { hub, url } = await serve();
    for (const n of [1, 2, 3]) await hub.publish("news.a", "said", { n }, { id: `p${n}` });
    const { socket } = stock(url, { transports });
    const answer = (await asked(socket, "history", "news.a", { limit: 2 })) as Answer & {
      readonly notifications: readonly unknown[];
      readonly before: { readonly epoch: string; readonly offset: number } | null;
    };
    const { epoch = "" } = answer.before ?? {};
    const said = (n: number) => ({
      event: "said",
      data: { n },
      topic: "news.a",
      id: `p${n}`,
      position: { epoch, offset: n },
      time: expect.any(Number) as number,
    });
    expect(answer).toEqual({ ok: true, notifications: [said(2), said(3)], before: { epoch, offset: 2 } });
    expect(await asked(socket, "history", "news.a", { before: answer.before })).toEqual({
      ok: true,
      notifications: [said(1)],
      before: null,
    });
    expect(await asked(socket, "history", "nowhere")).toMatchObject({ ok: false, code: "unknown_topic" });
    expect(await asked(socket, "history", "news.a", { limit: -1 })).toMatchObject({ code: "malformed" });
  });

  it("resumes after a position, on another connection", async () => {
    const { hub, url } = await serve();
    const first = stock(url, { transports });
    await asked(first.socket, "subscribe", "news.a");
    for (let n = 1; n <= 3; n++) await hub.publish("news.a", "said", { n });
    await until(() => first.heard.length === 3, "the first events");
    const [{ position }] = first.heard.map(({ args }) => args[1]) as [{ position: unknown }];
    first.socket.disconnect();
    const second = stock(url, { transports });
    expect(await asked(second.socket, "subscribe", "news.a", { position })).toEqual({ ok: true, position });
    await hub.publish("news.a", "said", { n: 4 });
    await until(() => second.heard.length === 3, "the rest");
    expect(numbers(second.heard)).toEqual([2, 3, 4]);
  });
});

describe("a stock client", () => {
  it("receives a gap with its position when missed notifications are gone", async () => {
    const { hub, url } = await serve();
    const { socket } = stock(url);
    await hub.publish("news.a", "said", { n: 1 });
    const position = { epoch: "another", offset: 7 };
    const answer = await asked(socket, "subscribe", "news.a", { position });
    expect(answer).toEqual({
      ok: true,
      position: { epoch: expect.any(String) as string, offset: 1 },
      gap: "epoch",
    });
  });

  it("is refused on a private topic without authorization, and accepted with it", async () => {
    const { hub, url } = await serve();
    const anonymous = stock(url);
    expect(await asked(anonymous.socket, "subscribe", "private-orders.ada")).toEqual({
      ok: false,
      code: "forbidden",
      message: expect.any(String) as string,
    });
    const token = stock(url, { auth: { token: "ada" } });
    const header = stock(url, { extraHeaders: { authorization: "Bearer ada" } });
    const polling = stock(url, { extraHeaders: { authorization: "Bearer ada" }, transports: ["polling"] });
    const allowed = [token, header, polling];
    for (const { socket } of allowed) {
      expect(await asked(socket, "subscribe", "private-orders.ada")).toMatchObject({ ok: true });
      expect(await asked(socket, "subscribe", "private-orders.bob")).toMatchObject({ code: "forbidden" });
    }
    await hub.publish("private-orders.ada", "said", { n: 1 });
    await until(() => allowed.every(({ heard }) => heard.length === 1), "the events");
    expect(anonymous.heard).toEqual([]);
  });

  it("is not connected when its token is refused, and receives the reason", async () => {
    const { hub, url } = await serve();
    const { socket } = stock(url, { auth: { token: "wrong" } });
    expect(await refusal(socket)).toMatchObject({ code: "unauthorized" });
    expect(socket.connected).toBe(false);
    const odd = stock(url, { auth: { token: { toString: "wrong" } } });
    expect(await refusal(odd.socket)).toMatchObject({ code: "malformed" });
    expect(hub.links).toBe(0);
  });

  it("is connected only once the hub has agreed, so that no command comes too early", async () => {
    const { url } = await serve(
      {},
      {},
      {
        async authenticate() {
          await pause(50);
          return {};
        },
      },
    );
    const { socket } = stock(url);
    expect(await asked(socket, "subscribe", "news.a")).toMatchObject({ ok: true });
  });

  it("leaves no link behind when it goes while the hub decides", async () => {
    let decide: () => void = () => {};
    const { hub, port } = await serve(
      {},
      {},
      { authenticate: () => new Promise((resolve) => (decide = () => resolve({}))) },
    );
    const peer = new RawPeer(port);
    await peer.has('"sid"');
    peer.send("40");
    await until(() => hub.links === 1, "the question");
    peer.socket.destroy();
    await until(() => hub.links === 0, "the link to go");
    decide();
    await pause(20);
    expect(hub.links).toBe(0);
  });

  it("receives the answer of a command's handler", async () => {
    const { hub, url } = await serve();
    hub.handle("news.{name}", "ask", ({ data }) => data * 2);
    const { socket } = stock(url);
    expect(await asked(socket, "publish", "news.a", "ask", 21)).toEqual({
      ok: true,
      position: null,
      data: 42,
    });
  });

  it.each([
    ["an unknown topic", ["subscribe", "nowhere"], "unknown_topic"],
    ["a topic off the grammar", ["subscribe", "no where"], "unknown_topic"],
    ["an unknown event", ["publish", "news.a", "sung", {}], "unknown_event"],
    ["a topic that is no text", ["subscribe", 7], "malformed"],
    ["no topic", ["subscribe"], "malformed"],
    ["a position that is none", ["subscribe", "news.a", { position: 7 }], "malformed"],
    ["a publish without an event", ["publish", "news.a"], "malformed"],
    ["an id that is none", ["publish", "news.a", "said", {}, { id: "a b" }], "malformed"],
    ["bytes", ["publish", "news.a", "said", { n: Buffer.from("x") }], "malformed"],
    ["a command that does not exist", ["shout", "news.a"], "malformed"],
    ["a command called __proto__", ["__proto__"], "malformed"],
    ["a command called error", ["error", { message: "x" }], "malformed"],
  ] as const)("is told what was wrong with %s, once", async (_, [event, ...args], code) => {
    const { url } = await serve();
    const { socket, heard } = stock(url);
    expect(await asked(socket, event, ...args)).toEqual({
      ok: false,
      code,
      message: expect.any(String) as string,
    });
    // Without an acknowledgement, as an event.
    socket.emit(event, ...args);
    await until(() => heard.length > 0, "the event");
    await asked(socket, "subscribe", "news.a");
    expect(heard).toEqual([
      { event: "bellwire:error", args: [{ code, message: expect.any(String) as string }] },
    ]);
  });

  it("is disconnected at its fifth malformed command", async () => {
    const { hub, url } = await serve();
    const { socket, heard, ends } = stock(url, { reconnection: false });
    await asked(socket, "subscribe", "news.a");
    for (let n = 0; n < 5; n++) socket.emit("subscribe", n);
    await until(() => ends.length === 1, "the end");
    expect(heard.map(({ event, args: [data] }) => [event, (data as Answer).code])).toEqual(
      Array.from({ length: 5 }, () => ["bellwire:error", "malformed"]),
    );
    await until(() => hub.links === 0, "the link to go");
  });

  it("is subject to the hub's rates", async () => {
    const { url } = await serve({ subscribeBurst: 2, subscribeRate: 1 });
    const { socket } = stock(url);
    const answers = await Promise.all(
      ["a", "b", "c"].map((name) => asked(socket, "subscribe", `news.${name}`)),
    );
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(answers[2]).toMatchObject({ code: "rate_limited", retryAfter: expect.any(Number) as number });
  });

  it("receives an answer to every subscribe, also when one supersedes another", async () => {
    const { url } = await serve({}, {}, { authorize: () => pause(10).then(() => true) });
    const { socket } = stock(url);
    const subscribe = () => asked(socket, "subscribe", "news.a");
    const answers = await Promise.all([subscribe(), subscribe(), subscribe()]);
    expect(answers).toEqual(Array.from({ length: 3 }, () => answers[2]));
    expect(answers[0]).toMatchObject({ ok: true });
    const replaced = await Promise.all([subscribe(), asked(socket, "unsubscribe", "news.a")]);
    expect(replaced).toEqual([{ ok: false, code: "closed", message: "unsubscribed" }, { ok: true }]);
  });

  it("receives an event whose name Socket.IO reserves as event:name", async () => {
    const { hub, url } = await serve();
    const { socket, heard } = stock(url);
    await asked(socket, "subscribe", "news.a");
    await hub.publish("news.a", "connect", { n: 1 });
    await until(() => heard.length === 1, "the event");
    expect(heard[0]).toMatchObject({ event: "event:connect", args: [{ n: 1 }, { topic: "news.a" }] });
    expect(socket.connected).toBe(true);
  });

  it("receives presence in events whose names no contract can have", async () => {
    const { url } = await serve();
    const ada = stock(url, { auth: { token: "ada" } });
    await asked(ada.socket, "subscribe", "presence-room.a");
    const bob = stock(url, { auth: { token: "bob" } });
    await asked(bob.socket, "subscribe", "presence-room.a");
    // A client that disconnects leaves at once; a lost client may come back and stays a member for
    // the grace period.
    bob.socket.disconnect();
    await until(() => ada.heard.length === 3, "the events", 1_000);
    expect(ada.heard).toEqual([
      {
        event: "bellwire:members",
        args: [{ topic: "presence-room.a", members: [expect.objectContaining({ id: "ada" })], count: 1 }],
      },
      {
        event: "bellwire:joined",
        args: [{ topic: "presence-room.a", member: expect.objectContaining({ id: "bob" }) as unknown }],
      },
      { event: "bellwire:left", args: [{ topic: "presence-room.a", id: "bob" }] },
    ]);
  });

  it("is notified when its right to a topic ends, and receives nothing more of it", async () => {
    const { hub, url } = await serve();
    const { socket, heard } = stock(url, { auth: { token: "ada" } });
    await asked(socket, "subscribe", "private-orders.ada");
    await hub.revoke("ada", "private-orders.ada");
    await hub.publish("private-orders.ada", "said", { n: 1 });
    await until(() => heard.length === 1, "the event");
    await asked(socket, "subscribe", "news.a");
    expect(heard).toEqual([
      {
        event: "bellwire:error",
        args: [{ topic: "private-orders.ada", code: "forbidden", message: expect.any(String) as string }],
      },
    ]);
  });

  it("is notified that its token expires, and may send another", async () => {
    const { url } = await serve(
      { expiryNotice: 60_000 },
      {},
      {
        authenticate: ({ token }) => ({
          user: "ada",
          expiresAt: Date.now() + (token === "fresh" ? 60_000 : 600),
        }),
      },
    );
    const { socket, heard, ends } = stock(url);
    await until(() => heard.some(({ event }) => event === "bellwire:expiring"), "the notice");
    expect(await asked(socket, "token", "fresh")).toEqual({ ok: true });
    await pause(600);
    expect(ends).toEqual([]);
  });

  it("does not reconnect after a final close, and reconnects by itself after a drain", async () => {
    const { hub, url } = await serve();
    const [user, other] = [stock(url, { auth: { token: "ada" } }), stock(url)];
    for (const { socket } of [user, other]) await asked(socket, "subscribe", "news.a");
    await hub.revoke("ada");
    await until(() => user.ends.length === 1, "the end");
    expect(user.ends).toEqual(["io server disconnect"]);
    expect(user.heard.at(-1)).toMatchObject({ event: "bellwire:error", args: [{ code: "forbidden" }] });
    expect(user.socket.active).toBe(false);
    await hub.close({ flush: 100, spread: 1_000 });
    await until(() => other.ends.length === 1, "the end");
    expect(other.ends).toEqual(["transport close"]);
    expect(other.heard.at(-1)).toMatchObject({
      event: "bellwire:error",
      args: [{ code: "draining", retryAfter: expect.any(Number) as number }],
    });
    expect(other.socket.active).toBe(true);
  });

  it("is disconnected when it never reads the answers to its commands", async () => {
    const { hub, port, sockets } = await serve({
      queueBytes: 65_536,
      messageRate: 1e6,
      messageBurst: 1e6,
      byteRate: 1e9,
    });
    const peer = await new RawPeer(port).join();
    peer.socket.pause();
    const command = '421["publish","nowhere","said",{}]';
    for (let n = 0; n < 200_000 && hub.links > 0; n++) {
      peer.send(command);
      if (n % 500 === 0) await pause(1);
      for (const socket of sockets) expect(socket.writableLength).toBeLessThan(262_144);
    }
    expect(hub.links).toBe(0);
    await until(() => sockets.size === 0, "the connection to go", 1_000);
  });

  it("shares one encoding of an event with other clients of the same epoch", () => {
    const message = {
      type: "notification",
      topic: "news.a",
      event: "said",
      data: 1,
      offset: 3,
      time: 5,
    } as const;
    expect(stockEvent(message, "e")).toEqual({
      name: "said",
      args: ["1", '{"topic":"news.a","id":"e/3","position":{"epoch":"e","offset":3},"time":5}'],
    });
    expect(stockEvent(message, undefined)).toBeUndefined();
  });
});

describe("an io of the application", () => {
  async function application(options: Options = {}, ioOptions = {}) {
    const server = createServer();
    const own = new Server(server, ioOptions);
    const hub = hubFor();
    const detach = attachSocketIo(hub, own, options as object);
    const { url, port } = await listen(server);
    onTestFinished(() => void own.close());
    return { hub, own, detach, url, port };
  }
  const theirs = { path: "/socket.io" };

  it("keeps its namespaces, rooms and events beside the hub's, on one connection", async () => {
    const { hub, own, url } = await application();
    own.on("connection", (socket) => {
      void socket.join("lobby");
      socket.on("said", (text: string) => own.to("lobby").emit("said", `${text}!`));
    });
    own.of("/admin").on("connection", (socket) => void socket.emit("hello"));
    const app = io(url, theirs);
    const admin = app.io.socket("/admin");
    const bellwire = app.io.socket("/bellwire");
    onTestFinished(() => void [app, admin, bellwire].map((socket) => socket.disconnect()));
    const heard: unknown[] = [];
    for (const socket of [app, admin, bellwire])
      socket.onAny((event: string, data: unknown) => heard.push([socket.io === app.io, event, data]));
    await asked(bellwire, "subscribe", "news.a");
    await until(() => heard.length === 1, "the admin's hello");
    app.emit("said", "theirs");
    await until(() => heard.length === 2, "the room's event");
    await hub.publish("news.a", "said", { n: 1 });
    await until(() => heard.length === 3, "the notification");
    own.emit("said", "to all of the root");
    await until(() => heard.length === 4, "the other events");
    expect(heard).toEqual([
      [true, "hello", undefined],
      [true, "said", "theirs!"],
      [true, "said", { n: 1 }],
      [true, "said", "to all of the root"],
    ]);
    // The hub ends only its own namespace's part of the connection.
    await hub.close({ flush: 100, spread: 1 });
    await until(() => !bellwire.connected, "the end");
    expect([app.connected, admin.connected]).toEqual([true, true]);
  });

  it("serves Bellwire's own client on a namespace of the application's choice", async () => {
    const { hub, url } = await application({ namespace: "/live" } as Options);
    const { createChannel } = await import("@bellwire/core/client");
    const { socketIoTransport } = await import("../src/client.ts");
    const { topics } = await import("./peers.ts");
    for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]] as const) {
      const transport = socketIoTransport({
        url: `${url}/live`,
        path: "/socket.io",
        transports: [...transports] as never,
      });
      const channel = createChannel({ topics, transport });
      const heard: number[] = [];
      const news = channel.subscribe("news.a");
      news.on("said", ({ data }) => heard.push(data.n));
      await news.ready();
      await hub.publish("news.a", "said", { n: 1 });
      await channel.publish("news.a", "said", { n: 2 });
      await until(() => heard.length === 2, "the events");
      channel.close();
      await until(() => hub.links === 0, "the link to go");
    }
  });

  it("refuses foreign origins, and links that the hub does not accept, by connect_error", async () => {
    const { hub, url } = await application();
    const foreign = stock(`${url}/bellwire`, { ...theirs, extraHeaders: { origin: "https://evil.example" } });
    expect(await refusal(foreign.socket)).toMatchObject({ code: "forbidden" });
    await hub.close({ flush: 0, spread: 1 });
    const late = stock(`${url}/bellwire`, theirs);
    expect(await refusal(late.socket)).toMatchObject({ code: "draining", retryAfter: 1_000 });
  });

  it("refuses new sockets after the hub was detached, until another is attached", async () => {
    const { hub, own, detach, url } = await application();
    const open = stock(`${url}/bellwire`, theirs);
    await asked(open.socket, "subscribe", "news.a");
    expect(() => attachSocketIo(hubFor(), own)).toThrow(expect.objectContaining({ code: "invalid_option" }));
    detach();
    const late = stock(`${url}/bellwire`, { ...theirs, reconnection: false });
    expect(await refusal(late.socket)).toMatchObject({ code: "link_lost" });
    await hub.publish("news.a", "said", { n: 1 });
    await until(() => open.heard.length === 1, "the open link");
    attachSocketIo(hubFor(), own);
    expect(await asked(stock(`${url}/bellwire`, theirs).socket, "subscribe", "news.a")).toMatchObject({
      ok: true,
    });
  });

  it("must have a server, and refuses options of the other kind", () => {
    const attach = (target: Server, options?: object) => () => attachSocketIo(hubFor(), target, options);
    const refused = expect.objectContaining({ code: "invalid_option" }) as Error;
    expect(attach(new Server())).toThrow(refused);
    const attached = new Server(createServer());
    for (const options of [
      { path: "/x" },
      { namespace: "/" },
      { namespace: "x" },
      { namespace: "/a,b" },
      { namespace: 7 },
    ]) {
      expect(attach(attached, options)).toThrow(refused);
    }
  });

  it("refuses a message over the hub's limit, although its own limit is larger", async () => {
    const { url } = await application();
    const { socket, heard, ends } = stock(`${url}/bellwire`, theirs);
    await asked(socket, "subscribe", "news.a");
    socket.emit("publish", "news.a", "said", { n: 1, filler: "x".repeat(70_000) });
    await until(() => ends.length === 1, "the end");
    expect(heard.at(-1)).toMatchObject({ event: "bellwire:error", args: [{ code: "too_large" }] });
  });

  it("works beside a hub that has a server of its own on another path", async () => {
    const server = createServer((_, response) => response.end("page"));
    const own = new Server(server);
    onTestFinished(() => void own.close());
    attachSocketIo(hubFor(), server, { path: "/live" });
    const { url, port } = await listen(server);
    expect((await ask(port, "/elsewhere")).body).toBe("page");
    own.on("connection", (socket) => void socket.emit("theirs"));
    for (const transports of [["websocket"], ["polling"]]) {
      const app = stock(url, { transports });
      await until(() => app.heard.length === 1, "the application's event");
      const hubs = stock(url, { transports, path: "/live" });
      expect(await asked(hubs.socket, "subscribe", "news.a")).toMatchObject({ ok: true });
    }
  });
});
