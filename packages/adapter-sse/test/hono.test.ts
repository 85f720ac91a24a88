/**
 * The endpoint beside an application of Hono, on the server that its `serve` returns, and as one of
 * its routes.
 */
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { type HttpBindings, type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { expect, it, onTestFinished } from "vitest";
import { sseTransport } from "../src/client.ts";
import { attachSse, sseHandler } from "../src/server.ts";
import { newHub, until } from "./serving.ts";

const topics = defineTopics({ news: { said: type<{ n: number }>() } });

async function portOf(server: ServerType): Promise<number> {
  await until(() => server.address() !== null, "the server to listen");
  onTestFinished(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

it("the server that Hono's serve returns takes the endpoint, beside the application's own routes", async () => {
  const hub = newHub({ topics });
  const app = new Hono().get("/", (context) => context.text("page"));
  // The type covers servers of HTTP/1 and HTTP/2.
  const server: ServerType = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  attachSse(hub, server);
  const port = await portOf(server);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("page");
  const transport = sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse` });
  const channel = createChannel({ topics, transport });
  onTestFinished(() => channel.close());
  const heard: number[] = [];
  const subscription = channel.subscribe("news");
  subscription.on("said", ({ data }) => void heard.push(data.n));
  channel.connect();
  await until(() => hub.links === 1 && channel.state === "connected", "the link");
  await channel.publish("news", "said", { n: 1 });
  await until(() => heard.length === 1, "the notification");
});

it("a server of HTTP/2 that Hono's serve returns takes the endpoint, too", async () => {
  const hub = newHub({ topics });
  const app = new Hono().get("/", (context) => context.text("page"));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", createServer: createHttp2Server });
  attachSse(hub, server);
  const session = connectHttp2(`http://127.0.0.1:${await portOf(server)}`);
  onTestFinished(() => session.destroy());
  const texts = ["/", "/bellwire/sse"].map((path) => {
    const got = { text: "" };
    session
      .request({ ":path": path })
      .setEncoding("utf8")
      .on("data", (part: string) => {
        got.text += part;
      });
    return got;
  });
  await until(() => texts[0]?.text === "page" && (texts[1]?.text.startsWith("event: link") ?? false), "both");
  expect(hub.links).toBe(1);
});

it("100 pipelined streams of a Hono route are one link at most, and none after the peer has left", async () => {
  const hub = newHub({ topics });
  const handle = sseHandler(hub);
  const app = new Hono<{ Bindings: HttpBindings }>().all("/sse", (context) =>
    handle(context.req.raw, context.env),
  );
  const port = await portOf(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }));
  const request = "GET /sse?topic=news HTTP/1.1\r\nHost: x\r\n\r\n";
  const at = (bytes: string): Socket => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.resume().write(bytes);
    return socket;
  };
  const all = at(request.repeat(100));
  await new Promise((resolve) => all.once("close", resolve));
  expect(hub.links).toBe(0);
  const one = at(request);
  await until(() => hub.links === 1, "the link");
  one.write(request.repeat(99));
  await until(() => hub.links === 0, "no link");
  const other = at(request);
  await until(() => hub.links === 1, "another link");
  other.destroy();
  await until(() => hub.links === 0, "no link");
});
