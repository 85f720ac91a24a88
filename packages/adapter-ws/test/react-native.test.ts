/**
 * Clients on React Native: their imports as Metro resolves them, and a run on the platform of
 * Hermes.
 */
import { webcrypto } from "node:crypto";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { bundleForReactNative } from "./metro.ts";
import { serve } from "./serving.ts";

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
  ])("finds every file of %s, and bundles none for Node", async (entry) => {
    const { files, missing } = await bundleForReactNative(`export * from "${entry}";`);
    expect(missing).toEqual([]);
    expect(files.filter((file) => /node_modules\/ws\/|websocket-node|\.node\.js$/.test(file))).toEqual([]);
    expect(files.length).toBeGreaterThan(1);
  });

  it("needs for @bellwire/adapter-pusher/client only the module that pusher-js imports on React Native", async () => {
    const { missing } = await bundleForReactNative(`export * from "@bellwire/adapter-pusher/client";`);
    expect(missing).toEqual([
      expect.stringMatching(/^@react-native-community\/netinfo in node_modules\/pusher-js\//),
    ]);
  });
});

/** Runs a program as Hermes does: with the language and only these globals. */
function run(code: string, globals: Readonly<Record<string, unknown>>): void {
  runInContext(code, createContext({ ...globals }));
}

/**
 * The globals of React Native beside those of the language. Its URL has no `canParse`, and it has
 * neither a page nor `crypto`.
 */
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

describe("the ws client on React Native", () => {
  it("connects, publishes and receives with the globals of React Native and getRandomValues alone", async () => {
    const { hub, port } = await serve();
    const url = `ws://127.0.0.1:${port}/bellwire`;
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

  it("names crypto in its error where getRandomValues is missing", async () => {
    const { code } = await bundleForReactNative(client);
    const start = (): void => run(code, { ...REACT_NATIVE, url: "ws://127.0.0.1:1", told() {}, stop() {} });
    expect(start).toThrow(/crypto/);
  });
});
