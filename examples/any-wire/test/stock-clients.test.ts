/** One hub on one port, joined by every ecosystem's own client, none of which knows of Bellwire. */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { until } from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import { EventSource } from "eventsource";
import Echo from "laravel-echo";
import PusherServer from "pusher";
import PusherImport from "pusher-js";
import { io } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";

// Its types describe the CommonJS build; what is imported here is the class itself.
const Pusher = PusherImport as unknown as typeof PusherImport.default;

interface Note {
  readonly n: number;
}

const topics = defineTopics({
  "news.{name}": { said: type<Note>() },
  "private-room.{name}": { said: type<Note>() },
  "presence-room.{name}": { said: type<Note>() },
});
const app = { id: "1", key: "app-key", secret: "app-secret" };

/** A token is the user's name, and every user may do everything. */
const hub = createHub({
  topics,
  authenticate: ({ token }) => (token === undefined ? {} : { user: token }),
  authorize: ({ topic, identity }) => topic.startsWith("news.") || identity.user !== undefined,
});
const server = createServer();
const sockets = new Set<Socket>();
let port = 0;
/** Ends the clients of one test. */
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  attachWebSocket(hub, server);
  attachSse(hub, server);
  attachSocketIo(hub, server);
  attachPusher(hub, server, { app });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
afterAll(async () => {
  await hub.close({ flush: 0, spread: 0 });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** The notifications that a client receives of one topic: numbers, in order. */
type Join = (topic: string, user?: string) => Promise<readonly number[]>;

/** Subscribes with each ecosystem's client. Rejects when the client is told that it may not. */
const clients: Readonly<Record<string, Join>> = {
  "a plain WebSocket": (topic, user) =>
    new Promise((resolve, reject) => {
      const heard: number[] = [];
      const socket = new WebSocket(`ws://127.0.0.1:${port}/bellwire`);
      stops.push(() => socket.terminate());
      const say = (message: object): void => socket.send(JSON.stringify(message));
      socket.on("open", () => say({ type: "hello", protocol: 1, session: "stock", token: user }));
      socket.on("message", (bytes: Buffer) => {
        const message = JSON.parse(bytes.toString()) as { type: string; code: string } & [
          string,
          string,
          string,
          Note,
        ];
        if (message.type === "welcome") say({ type: "subscribe", ref: 1, topic });
        else if (message.type === "subscribed") resolve(heard);
        else if (message.type === "error") reject(new Error(message.code));
        else if (message[0] === "n") heard.push(message[3].n);
      });
    }),
  "socket.io-client": (topic, user) =>
    new Promise((resolve, reject) => {
      const heard: number[] = [];
      const socket = io(`http://127.0.0.1:${port}/bellwire`, {
        forceNew: true,
        ...(user !== undefined && { auth: { token: user } }),
      });
      stops.push(() => socket.disconnect());
      socket.on("said", ({ n }: Note) => heard.push(n));
      socket.on("connect_error", reject);
      socket.emit("subscribe", topic, ({ ok, code }: { ok: boolean; code: string }) =>
        ok ? resolve(heard) : reject(new Error(code)),
      );
    }),
  EventSource: (topic, user) =>
    new Promise((resolve, reject) => {
      const heard: number[] = [];
      const source = new EventSource(`http://127.0.0.1:${port}/bellwire/sse?topic=${topic}`, {
        fetch: (url, init) =>
          fetch(url, {
            ...init,
            headers: { ...init.headers, ...(user !== undefined && { authorization: `Bearer ${user}` }) },
          }),
      });
      stops.push(() => source.close());
      source.addEventListener("said", ({ data }) => heard.push((JSON.parse(data as string) as Note).n));
      source.addEventListener("bellwire-ready", () => resolve(heard));
      source.addEventListener("error", ({ code }) =>
        reject(new Error(code === 403 ? "forbidden" : String(code))),
      );
    }),
  "pusher-js": (topic, user) =>
    new Promise((resolve, reject) => {
      const heard: number[] = [];
      const channel = stockPusher(user).subscribe(topic);
      channel.bind("said", ({ n }: Note) => heard.push(n));
      channel.bind("pusher:subscription_succeeded", () => resolve(heard));
      channel.bind("pusher:subscription_error", () => reject(new Error("forbidden")));
    }),
  "laravel-echo": (topic, user) =>
    new Promise((resolve, reject) => {
      const heard: number[] = [];
      const echo = new Echo({ broadcaster: "pusher", client: stockPusher(user), key: "unused" });
      const channel = topic.startsWith("private-")
        ? echo.private(topic.slice("private-".length))
        : topic.startsWith("presence-")
          ? echo.join(topic.slice("presence-".length))
          : echo.channel(topic);
      channel.listen(".said", ({ n }: Note) => heard.push(n));
      channel.subscribed(() => resolve(heard));
      channel.error(() => reject(new Error("forbidden")));
    }),
};

/** The application's own server, which signs for those whom it knows and for nobody else. */
const signer = (): PusherServer =>
  new PusherServer({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host: "127.0.0.1",
    port: String(port),
    useTLS: false,
  });

function stockPusher(user: string | undefined) {
  const pusher = new Pusher(app.key, {
    cluster: "local",
    wsHost: "127.0.0.1",
    wsPort: port,
    forceTLS: false,
    // With the others a client that cannot connect dials the internet.
    enabledTransports: ["ws"],
    channelAuthorization: {
      transport: "ajax",
      endpoint: "",
      customHandler({ socketId, channelName }, answer) {
        if (user === undefined) return answer(new Error("forbidden"), null);
        const member = channelName.startsWith("presence-") ? { user_id: user } : undefined;
        answer(null, signer().authorizeChannel(socketId, channelName, member));
      },
    },
  });
  stops.push(() => pusher.disconnect());
  return pusher;
}

/** A Bellwire client, on the reference wire. */
function bellwire(user: string) {
  const transport = webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` });
  const channel = createChannel({ topics, transport, token: () => user });
  stops.push(() => channel.close());
  return channel;
}

describe.each(Object.entries(clients))("%s, unmodified,", (name, join) => {
  it.each(["news", "private-room", "presence-room"] as const)(
    "receives what a Bellwire client publishes to %s topics",
    async (kind) => {
      const topic = `${kind}.${name.replace(/\W/g, "")}` as const;
      const heard = await join(topic, kind === "news" ? undefined : "ada");
      const channel = bellwire("bob");
      for (let n = 1; n <= 5; n += 1) await channel.publish(topic, "said", { n });
      await until(() => heard.length === 5, "five notifications");
      expect(heard).toEqual([1, 2, 3, 4, 5]);
    },
  );

  it("joins and leaves visibly to a Bellwire client", async () => {
    const topic = `presence-room.member-${name.replace(/\W/g, "")}` as const;
    const room = bellwire("bob").subscribe(topic);
    await room.ready();
    const before = stops.length;
    await join(topic, "ada");
    await until(() => room.members.has("ada"), "ada");
    for (const stop of stops.splice(before)) stop();
    await until(() => !room.members.has("ada"), "ada to be gone", 10_000);
  });

  it.each(["private-room.x", "presence-room.x"])("is refused %s without authorization", async (topic) => {
    await expect(join(topic)).rejects.toThrow("forbidden");
  });
});

describe("pusher, unmodified,", () => {
  it("publishes to every wire, under positions", async () => {
    const heard = await Promise.all(Object.values(clients).map((join) => join("news.all")));
    const subscription = bellwire("bob").subscribe("news.all");
    const positions: number[] = [];
    subscription.on("said", ({ position }) => positions.push(position.offset));
    await subscription.ready();
    for (let n = 1; n <= 3; n += 1) await signer().trigger("news.all", "said", { n });
    await until(() => [...heard, positions].every(({ length }) => length === 3), "three everywhere");
    expect(heard).toEqual(heard.map(() => [1, 2, 3]));
    expect(positions).toEqual([1, 2, 3]);
  });

  it("is refused without the right secret", async () => {
    const forger = new PusherServer({
      appId: app.id,
      key: app.key,
      secret: "wrong",
      host: "127.0.0.1",
      port: String(port),
      useTLS: false,
    });
    await expect(forger.trigger("news.all", "said", { n: 4 })).rejects.toMatchObject({ status: 401 });
  });
});

describe("pusher-js with a signature for another channel,", () => {
  it("is refused by the hub itself, whatever its own server says", async () => {
    const pusher = new Pusher(app.key, {
      cluster: "local",
      wsHost: "127.0.0.1",
      wsPort: port,
      forceTLS: false,
      enabledTransports: ["ws"],
      channelAuthorization: {
        transport: "ajax",
        endpoint: "",
        customHandler: ({ socketId }, answer) =>
          answer(null, signer().authorizeChannel(socketId, "private-room.theirs")),
      },
    });
    stops.push(() => pusher.disconnect());
    const refused = new Promise((resolve) => pusher.connection.bind("error", resolve));
    const channel = pusher.subscribe("private-room.mine");
    await refused;
    expect(channel.subscribed).toBe(false);
  });
});
