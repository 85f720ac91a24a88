/** The identity of a stock client at the hub, as `revoke` and `exclude` use it. */
import { createServer } from "node:http";
import { createHub } from "@bellwire/core/server";
import { io, type ManagerOptions, type SocketOptions } from "socket.io-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { attachSocketIo } from "../src/server.ts";
import { listen, topics, until } from "./peers.ts";

type Options = Partial<ManagerOptions & SocketOptions>;

/** A hub that knows users by a token, or by a cookie of the application. */
async function serving() {
  const hub = createHub({
    topics,
    authenticate: ({ token, handshake }) => {
      const user = token ?? /(?:^|; )user=(\w+)/.exec(handshake.headers.cookie ?? "")?.[1];
      return user === undefined ? {} : { user };
    },
    authorize: () => true,
  });
  onTestFinished(() => hub.close({ flush: 0, spread: 1 }));
  const server = createServer();
  attachSocketIo(hub, server);
  const { url } = await listen(server);
  return { hub, url: `${url}/bellwire` };
}

async function stock(url: string, options: Options) {
  const socket = io(url, { forceNew: true, ...options });
  onTestFinished(() => void socket.disconnect());
  const heard: [string, unknown][] = [];
  const ends: string[] = [];
  socket.onAny((event: string, data: unknown) => heard.push([event, data]));
  socket.on("disconnect", (reason) => ends.push(reason));
  for (const topic of ["private-orders.ada", "news.a"])
    expect(await socket.timeout(5_000).emitWithAck("subscribe", topic)).toMatchObject({ ok: true });
  return { socket, heard, ends };
}

const said = (heard: readonly [string, unknown][]): unknown[] =>
  heard.filter(([event]) => event === "said").map(([, data]) => (data as { n: number }).n);

describe.each<[string, (user: string) => Options]>([
  ["a token in auth", (user) => ({ auth: { token: user } })],
  ["the header Authorization", (user) => ({ extraHeaders: { authorization: `Bearer ${user}` } })],
  ["a cookie", (user) => ({ extraHeaders: { cookie: `user=${user}` } })],
])("a stock client that is known by %s", (_, as) => {
  it.each([[["websocket"]], [["polling"]]])(
    "receives nothing more of a topic after revoke(user, topic), and everything of the others: by %j",
    async (transports) => {
      const { hub, url } = await serving();
      const ada = await stock(url, { transports, ...as("ada") });
      const bob = await stock(url, { transports, ...as("bob") });
      await hub.revoke("ada", "private-orders.ada");
      await hub.publish("private-orders.ada", "said", { n: 1 });
      await hub.publish("news.a", "said", { n: 2 });
      await until(() => said(bob.heard).length === 2 && said(ada.heard).length === 1, "what is allowed");
      expect([said(ada.heard), said(bob.heard)]).toEqual([[2], [1, 2]]);
      expect(ada.heard).toContainEqual([
        "bellwire:error",
        expect.objectContaining({ code: "forbidden", topic: "private-orders.ada" }),
      ]);
    },
  );

  it.each([[["websocket"]], [["polling"]]])(
    "is disconnected for good after revoke(user): by %j",
    async (transports) => {
      const { hub, url } = await serving();
      const ada = await stock(url, { transports, reconnectionDelay: 10, ...as("ada") });
      const bob = await stock(url, { transports, ...as("bob") });
      await hub.revoke("ada");
      await hub.publish("private-orders.ada", "said", { n: 1 });
      await until(() => ada.ends.length === 1 && said(bob.heard).length === 1, "the end");
      expect(said(ada.heard)).toEqual([]);
      expect(ada.heard.at(-1)).toEqual(["bellwire:error", expect.objectContaining({ code: "forbidden" })]);
      expect([ada.ends, ada.socket.active]).toEqual([["io server disconnect"], false]);
      expect(hub.links).toBe(1);
    },
  );
});

it("excludes a stock client from a publish by its socket's id", async () => {
  const { hub, url } = await serving();
  const [ada, bob] = [
    await stock(url, { auth: { token: "ada" } }),
    await stock(url, { auth: { token: "bob" } }),
  ];
  await hub.publish("news.a", "said", { n: 1 }, { exclude: ada.socket.id as string });
  await hub.publish("news.a", "said", { n: 2 });
  await until(() => said(ada.heard).length === 1 && said(bob.heard).length === 2, "the events");
  expect([said(ada.heard), said(bob.heard)]).toEqual([[2], [1, 2]]);
});
