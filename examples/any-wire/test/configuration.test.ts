/**
 * Every wire by configuration: what editors are told by the schema is what the programs take, with
 * the adapters as they are.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics, isBellwireError, type } from "@bellwire/core";
import { type TransportConfig, transportFrom } from "@bellwire/core/client";
import { attachFrom, backplaneFrom, createHub, type ServerConfig } from "@bellwire/core/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** The program's schema, and the parts of core and of each adapter that it refers to. */
const ajv = new Ajv2020({ allErrors: true });
const parts = ["core", "adapter-ws", "adapter-sse", "adapter-socketio", "adapter-pusher"];
for (const path of parts.map((name) => `../../../packages/${name}/config.schema.json`))
  ajv.addSchema({ ...JSON.parse(read(path)), $id: new URL(path, import.meta.url).href });
const own = new URL("../config.schema.json", import.meta.url).href;
const fits = ajv.compile({ ...JSON.parse(read("../config.schema.json")), $id: own });
const fitsTransport = ajv.compile({ $ref: `${own}#/$defs/client` });
const fitsServer = ajv.compile({ $ref: `${own}#/$defs/server` });
const core = new URL("../../../packages/core/config.schema.json", import.meta.url).href;
const fitsCore = ajv.compile({ $ref: core });

const providers = {
  ws: async () => (await import("@bellwire/adapter-ws/client")).webSocketTransport,
  sse: async () => (await import("@bellwire/adapter-sse/client")).sseTransport,
  socketio: async () => (await import("@bellwire/adapter-socketio/client")).socketIoTransport,
  pusher: async () => (await import("@bellwire/adapter-pusher/client")).pusherTransport,
};

const hub = createHub({ topics: defineTopics({ news: { said: type<string>() } }) });
const attaches = {
  ws: () => attachWebSocket,
  sse: () => attachSse,
  socketio: () => attachSocketIo,
  pusher: () => attachPusher,
};

/** The name of what was made, or the path that was refused. */
async function outcome(make: Promise<string>): Promise<string> {
  return make.catch((error: unknown) => {
    if (!isBellwireError(error) || error.code !== "invalid_option") throw error;
    return error.message.split(": must be ")[0] ?? "";
  });
}

const transport = (config: unknown) =>
  outcome(transportFrom(config as TransportConfig, providers).then(({ name }) => name));

async function served(config: unknown): Promise<string> {
  return outcome(
    (async () => {
      const backplane = await backplaneFrom(config as ServerConfig);
      const detach = await attachFrom(hub, createServer(), config as ServerConfig, attaches);
      detach();
      await backplane.close();
      return "served";
    })(),
  );
}

const ws = { provider: "ws", url: "wss://example.com/bellwire" };
const sse = { provider: "sse", url: "https://example.com/bellwire/sse" };
const socketio = { provider: "socketio", url: "https://example.com" };
const pusher = { provider: "pusher", key: "app-key", url: "wss://example.com" };
const hosted = { provider: "pusher", key: "app-key", cluster: "eu" };

describe("the schema and transportFrom agree on a client's configuration", () => {
  it.each([
    ["ws", ws],
    ["ws", { ...ws, $schema: "./config.schema.json", requires: ["history", "presence"] }],
    ["ws", "ws://localhost:8080/bellwire"],
    ["ws", "wss://example.com/bellwire?tenant=7"],
    ["sse", sse],
    ["sse", "sse+http://localhost:8080/bellwire/sse"],
    ["sse", "sse+https://example.com/bellwire/sse"],
    ["socketio", { ...socketio, path: "/io", transports: ["polling", "websocket"], withCredentials: true }],
    ["socketio", "socketio+https://example.com"],
    ["socketio", "socketio+http://localhost:8080"],
    ["pusher", { ...pusher, requires: ["order"] }],
    ["pusher", { ...hosted, routes: "https://example.com/pusher", requires: ["history"] }],
    [
      "pusher",
      { ...hosted, routes: { auth: "https://example.com/auth" }, wsHost: "a", wsPort: 80, forceTLS: false },
    ],
    ["pusher", { ...hosted, positionCheck: 1_000 }],
    ["pusher", "pusher://app-key@example.com"],
    ["pusher", "pusher+ws://app-key@localhost:8080/apps"],
    ["pusher", "pusher://app-key@pusher.com?cluster=eu&routes=https://example.com/pusher"],
    ["pusher", { provider: "pusher", url: "pusher://app-key@example.com" }],
    ["fallback(ws, sse)", { provider: "fallback", transports: [ws, sse] }],
    [
      "fallback(ws, sse)",
      {
        provider: "fallback",
        transports: ["wss://a/b", "sse+https://a/b"],
        policy: "stick",
        timeout: 2_000.5,
      },
    ],
    ["fallback(ws)", { provider: "fallback", transports: [{ ...ws, requires: [] }], requires: ["history"] }],
  ])("which takes, as %s: %j", async (name, config) => {
    expect(fitsTransport(config), ajv.errorsText(fitsTransport.errors)).toBe(true);
    expect(fits(config)).toBe(true);
    expect(fitsCore(config)).toBe(true);
    expect(await transport(config)).toBe(name);
  });

  it.each([
    ["config", null],
    ["config", []],
    ["config", 7],
    ["config", ""],
    ["config", "example.com"],
    ["config", "https://example.com"],
    ["config", "ftp+https://example.com"],
    ["config", "sse+wss://example.com"],
    ["config", "pusher://example.com"],
    ["config", "pusher://key:secret@example.com"],
    ["config", "wss://example.com/#part"],
    ["config.provider", {}],
    ["config.provider", { url: ws.url }],
    ["config.provider", { ...ws, provider: "websocket" }],
    ["config.provider", { ...ws, provider: null }],
    ["config.url", { provider: "ws" }],
    ["config.url", { ...ws, url: "https://example.com" }],
    ["config.url", { ...ws, url: 7 }],
    ["config.ulr", { ...ws, ulr: "b" }],
    ["config.WebSocket", { ...ws, WebSocket: "Mine" }],
    ["config.requires", { ...ws, requires: "history" }],
    ["config.requires[1]", { ...ws, requires: ["order", "histroy"] }],
    ["config.requires[0]", { ...ws, requires: ["maxMessageBytes"] }],
    ["config.url", { ...sse, url: "wss://example.com" }],
    ["config.headers", { ...sse, headers: { a: "b" } }],
    ["config.transports", { ...socketio, transports: [] }],
    ["config.transports", { ...socketio, transports: ["polling", "polling"] }],
    ["config.transports", { ...socketio, transports: ["carrier pigeon"] }],
    ["config.path", { ...socketio, path: "io" }],
    ["config.withCredentials", { ...socketio, withCredentials: "yes" }],
    ["config.key", { ...pusher, key: "app key" }],
    ["config.url", { ...pusher, url: "wss://example.com?a=b" }],
    ["config.cluster", { ...pusher, cluster: "eu" }],
    ["config.cluster", { provider: "pusher", key: "app-key" }],
    ["config.routes", { ...hosted, routes: "ftp://example.com" }],
    ["config.routes.auht", { ...hosted, routes: { auht: "https://example.com" } }],
    ["config.wsPort", { ...hosted, wsPort: 0 }],
    ["config.transports", { provider: "fallback" }],
    ["config.transports", { provider: "fallback", transports: [] }],
    ["config.transports", { provider: "fallback", transports: { 0: ws } }],
    ["config.transports[1]", { provider: "fallback", transports: [ws, "example.com"] }],
    ["config.transports[1].provider", { provider: "fallback", transports: [ws, {}] }],
    [
      "config.transports[0].provider",
      { provider: "fallback", transports: [{ provider: "fallback", transports: [ws] }] },
    ],
    ["config.transports[0].url", { provider: "fallback", transports: [{ provider: "sse" }] }],
    ["config.policy", { provider: "fallback", transports: [ws], policy: "random" }],
    ["config.timeout", { provider: "fallback", transports: [ws], timeout: 0 }],
    ["config.url", { provider: "fallback", transports: [ws], url: ws.url }],
  ])("which refuses by %s: %j", async (path, config) => {
    expect(fitsTransport(config)).toBe(false);
    expect(await transport(config)).toBe(path);
  });

  it("except that the schema does not know capabilities: transportFrom checks them", async () => {
    expect(fits({ ...ws, requires: ["binary"] })).toBe(true);
    expect(await transport({ ...ws, requires: ["binary"] })).toBe("config.requires[0]");
    expect(await transport({ ...hosted, requires: ["history"] })).toBe("config.requires[0]");
  });
});

const app = { id: "1", key: "app-key", secret: "app-secret" };

describe("the schema agrees with attachFrom and backplaneFrom on a server's configuration", () => {
  it.each([
    [{ transports: ["ws", "sse", "socketio"] }],
    [{ transports: ["ws"], backplane: "memory", $schema: "./config.schema.json" }],
    [{ transports: [{ provider: "ws", path: "/a", allowedOrigins: ["https://a.example"] }] }],
    [{ transports: [{ provider: "sse", allowedOrigins: "*", allowQueryToken: true, comment: 5_000 }] }],
    [{ transports: [{ provider: "socketio", path: "/io" }] }],
    [{ transports: [{ provider: "pusher", app, path: "/p", clientEvents: true, activityTimeout: 30_000 }] }],
    [
      {
        transports: [
          { provider: "pusher", app, subscriptionCount: true, webhooks: ["https://a.example/hook"] },
        ],
      },
    ],
    [{ transports: ["ws"], backplane: { provider: "memory", history: { size: 10, ttl: 1_000, bytes: 0 } } }],
    [JSON.parse(read("../bellwire.json"))],
  ])("which take %j", async (config) => {
    expect(fitsServer(config), ajv.errorsText(fitsServer.errors)).toBe(true);
    expect(fits(config)).toBe(true);
    expect(fitsCore(config)).toBe(true);
    expect(await served(config)).toBe("served");
  });

  it.each([
    ["config", null],
    ["config.transports", {}],
    ["config.transports", { transports: [] }],
    ["config.transports", { transports: "ws" }],
    ["config.tarnsports", { transports: ["ws"], tarnsports: [] }],
    ["config.transports[1]", { transports: ["ws", "carrier pigeon"] }],
    ["config.transports[0]", { transports: [null] }],
    ["config.transports[0].provider", { transports: [{ path: "/a" }] }],
    ["config.transports[0].app", { transports: [{ provider: "pusher" }] }],
    ["config.transports[0].app.secret", { transports: [{ provider: "pusher", app: { id: "1", key: "k" } }] }],
    ["config.transports[0].path", { transports: [{ provider: "ws", path: "a" }] }],
    ["config.transports[0].port", { transports: [{ provider: "ws", port: 1 }] }],
    [
      "config.transports[0].allowedOrigins",
      { transports: [{ provider: "ws", allowedOrigins: ["a.example"] }] },
    ],
    ["config.transports[0].comment", { transports: [{ provider: "sse", comment: 0 }] }],
    ["config.backplane", { transports: ["ws"], backplane: 7 }],
    ["config.backplane", { transports: ["ws"], backplane: "redis" }],
    ["config.backplane.provider", { transports: ["ws"], backplane: { history: {} } }],
    [
      "config.backplane.history.size",
      { transports: ["ws"], backplane: { provider: "memory", history: { size: -1 } } },
    ],
    ["config.backplane.histroy", { transports: ["ws"], backplane: { provider: "memory", histroy: {} } }],
  ])("which refuse by %s: %j", async (path, config) => {
    expect(fitsServer(config)).toBe(false);
    expect(await served(config)).toBe(path);
  });
});
