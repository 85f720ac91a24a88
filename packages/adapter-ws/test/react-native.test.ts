/** Clients on React Native: what Metro makes of their imports, and what Hermes has to run them with. */
import { webcrypto } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createContext, runInContext } from "node:vm";
import { defineTopics, type } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { attachWebSocket } from "../src/server.ts";
import { bundleForReactNative } from "./metro.ts";

const topics = defineTopics({ "news.{name}": { said: type<number>() } });

const client = `
  import { defineTopics, type } from "@bellwire/core";
  import { createChannel } from "@bellwire/core/client";
  import { webSocketTransport } from "@bellwire/adapter-ws/client";
  const topics = defineTopics({ "news.{name}": { said: type() } });
  const channel = createChannel({ topics, transport: webSocketTransport({ url }) });
  channel.onError((error) => told("error", String(error)));
  const news = channel.subscribe("news.a");
  news.on("said", ({ data }) => told("said", data));
  news.ready().then(() => channel.publish("news.a", "said", 1)).then(
    ({ position }) => told("published", position.offset),
    (error) => told("error", String(error)),
  );
  stop(() => channel.close());
`;

describe("React Native's bundler", () => {
  it.each([
    ["@bellwire/adapter-ws/client"],
    ["@bellwire/adapter-sse/client"],
    ["@bellwire/adapter-socketio/client"],
    ["@bellwire/core/client"],
    ["@bellwire/core"],
    ["@bellwire/react"],
  ])("finds every file of %s, and none for Node", async (entry) => {
    const { files, missing } = await bundleForReactNative(`export * from "${entry}";`);
    expect(missing).toEqual([]);
    expect(files.filter((file) => /node_modules\/ws\/|websocket-node|\.node\.js$/.test(file))).toEqual([]);
    expect(files.length).toBeGreaterThan(1);
  });

  it("needs for @bellwire/adapter-pusher/client only what pusher-js asks for on React Native", async () => {
    const { missing } = await bundleForReactNative(`export * from "@bellwire/adapter-pusher/client";`);
    expect(missing).toEqual([
      expect.stringMatching(/^@react-native-community\/netinfo in node_modules\/pusher-js\//),
    ]);
  });
});

/** A program as Hermes runs it: the language, and of a platform only what React Native has. */
function run(code: string, globals: Readonly<Record<string, unknown>>): void {
  runInContext(code, createContext({ ...globals }));
}

/** What React Native puts beside the language itself; its URL has no `canParse`, and it has neither a page nor `crypto`. */
const REACT_NATIVE = {
  console,
  setTimeout,
  clearTimeout,
  queueMicrotask,
  performance,
  AbortController,
  TextEncoder,
  WebSocket,
};

async function serve() {
  const hub = createHub({ topics, authorize: () => true });
  const server = createServer();
  attachWebSocket(hub, server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await hub.close({ flush: 0, spread: 1 });
    server.close();
  });
  return { hub, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/bellwire` };
}

describe("the ws client on React Native", () => {
  it("connects, publishes and hears, with nothing but what React Native has and getRandomValues", async () => {
    const { hub, url } = await serve();
    const { code } = await bundleForReactNative(client);
    const crypto = { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => webcrypto.getRandomValues(bytes) };
    const heard = new Promise<readonly [string, unknown][]>((resolve) => {
      const all: [string, unknown][] = [];
      const told = (what: string, value: unknown): void => {
        all.push([what, value]);
        if (what === "error" || all.length === 2) resolve(all);
      };
      run(code, { ...REACT_NATIVE, crypto, url, told, stop: onTestFinished });
    });
    expect(new Map(await heard)).toEqual(
      new Map<string, unknown>([
        ["said", 1],
        ["published", 1],
      ]),
    );
    expect(hub.links).toBe(1);
  });

  it("names what is missing where there is no getRandomValues", async () => {
    const { code } = await bundleForReactNative(client);
    const start = (): void => run(code, { ...REACT_NATIVE, url: "ws://127.0.0.1:1", told() {}, stop() {} });
    expect(start).toThrow(/crypto/);
  });
});
