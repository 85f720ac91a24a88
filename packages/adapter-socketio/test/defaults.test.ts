/**
 * Both halves without options except the URL, on a server of the hub's own and on the application's
 * `io`.
 */
import { createServer } from "node:http";
import { createChannel } from "@bellwire/core/client";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { expect, it, onTestFinished } from "vitest";
import { socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { hubFor, listen, serve, topics, until } from "./peers.ts";

/** A hub, served without any option. */
async function served(on: "server" | "io") {
  if (on === "server") return serve();
  const server = createServer();
  const own = new Server(server);
  onTestFinished(() => void own.close());
  const hub = hubFor();
  attachSocketIo(hub, own);
  return { hub, ...(await listen(server)) };
}

/** A stock client that has subscribed to `news.a`, and the numbers that it receives. */
async function stock(url: string): Promise<number[]> {
  const socket = io(url, { forceNew: true });
  onTestFinished(() => void socket.disconnect());
  const heard: number[] = [];
  socket.on("said", ({ n }: { n: number }) => heard.push(n));
  expect(await socket.timeout(5_000).emitWithAck("subscribe", "news.a")).toMatchObject({ ok: true });
  return heard;
}

it.each([["server"], ["io"]] as const)(
  "connects Bellwire's client and a stock client to a hub on a %s, with defaults on all sides",
  async (on) => {
    const { hub, url } = await served(on);
    const channel = createChannel({ topics, transport: socketIoTransport({ url }) });
    onTestFinished(() => channel.close());
    const news = channel.subscribe("news.a");
    const own: number[] = [];
    news.on("said", ({ data }) => own.push(data.n));
    await news.ready();
    const theirs = await stock(`${url}/bellwire`);
    await hub.publish("news.a", "said", { n: 1 });
    await channel.publish("news.a", "said", { n: 2 });
    await until(() => own.length === 2 && theirs.length === 2, "the notifications");
    expect([own, theirs]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(hub.links).toBe(2);
  },
);

it("serves a stock client that names no namespace, on a server of the hub's own", async () => {
  const { hub, url } = await served("server");
  const heard = await stock(url);
  await hub.publish("news.a", "said", { n: 1 });
  await until(() => heard.length === 1, "the notification");
});

it("accepts one link per connection, whichever of the hub's namespaces it joins", async () => {
  const { hub, url } = await served("server");
  const root = io(url, { forceNew: true });
  onTestFinished(() => void root.disconnect());
  await until(() => root.connected, "the first link");
  const second = root.io.socket("/bellwire");
  const refused = new Promise<unknown>((resolve) => second.on("connect_error", resolve));
  second.connect();
  expect(await refused).toMatchObject({ data: { code: "forbidden" } });
  expect(hub.links).toBe(1);
});
