/**
 * Wires, servers and backplanes by configuration: what is picked and loaded, and what is said of
 * what is wrong.
 */
import { type Capabilities, type Transport } from "@bellwire/core";
import { checkOptions, oneOf, text } from "@bellwire/core/adapter";
import { type TransportConfig, transportFrom } from "@bellwire/core/client";
import { MEMORY_CAPABILITIES } from "@bellwire/core/memory";
import { attachFrom, backplaneFrom, type LinkAcceptor, type ServerConfig } from "@bellwire/core/server";
import { describe, expect, it } from "vitest";

const isSmoke = (value: unknown): boolean => typeof value === "string" && /^smokes?:\/\/\w+$/.test(value);

/** A transport that shows how it was made. */
interface Made extends Transport {
  readonly options: Readonly<Record<string, unknown>>;
}

const url = { allowed: "a URL", test: (value: unknown) => typeof value === "string" && URL.canParse(value) };

function maker(
  name: string,
  rules: Parameters<typeof checkOptions>[2],
  required: readonly string[],
  can = {},
) {
  return (options: Readonly<Record<string, unknown>>): Made => {
    checkOptions(`${name}Transport`, options, rules, required);
    const capabilities: Capabilities = { ...MEMORY_CAPABILITIES, ...can };
    return { name, capabilities, options, connect: () => ({ buffered: 0, send() {}, close() {} }) };
  };
}

/** Two transports of an application, and which of them were loaded. */
function providers() {
  const loaded: string[] = [];
  const provide = (name: string, make: ReturnType<typeof maker>) => async () => {
    loaded.push(name);
    return make;
  };
  return {
    loaded,
    ws: provide("ws", maker("webSocket", { url }, ["url"])),
    sse: provide("sse", maker("sse", { url, mode: oneOf("a", "b") }, ["url"], { history: "none" })),
    // A provider whose `url` has a form of its own.
    smoke: provide("smoke", maker("smoke", { url: { allowed: "smoke://HILL", test: isSmoke } }, ["url"])),
  };
}

/** The transport that is picked: its name, its options, and the modules that were loaded. */
async function made(config: unknown, name?: string) {
  const { loaded, ...known } = providers();
  const transport = await transportFrom(config as TransportConfig, known, name === undefined ? {} : { name });
  return { name: transport.name, options: (transport as Made).options, loaded };
}

/** The text of the error, which must be `invalid_option`. */
async function complaint(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "invalid_option" });
  return (error as Error).message;
}

describe("a transport from configuration", () => {
  it("is that of the provider named, with the options beside it; no other is loaded", async () => {
    expect(await made({ provider: "sse", url: "https://a/b", mode: "b", $schema: "./s.json" })).toEqual({
      name: "sse",
      options: { url: "https://a/b", mode: "b" },
      loaded: ["sse"],
    });
  });

  it.each([
    ["ws://a:1/b?c=d", "webSocket", { url: "ws://a:1/b?c=d" }],
    ["wss://a/b", "webSocket", { url: "wss://a/b" }],
    ["ws+wss://a/b", "webSocket", { url: "wss://a/b" }],
    ["sse+http://a:1/b", "sse", { url: "http://a:1/b" }],
    ["sse+https://a/b", "sse", { url: "https://a/b" }],
    ["ws+ws://a/b", "webSocket", { url: "ws://a/b" }],
    ["smoke://hill", "smoke", { url: "smoke://hill" }],
    ["smokes://hill", "smoke", { url: "smokes://hill" }],
    ["smoke+smokes://hill", "smoke", { url: "smokes://hill" }],
  ])("by a URL such as %s", async (config, name, options) => {
    expect(await made(config)).toMatchObject({ name, options });
  });

  it("is a fallback over several, given as objects and URLs, which are all loaded", async () => {
    const { name, loaded } = await made({
      provider: "fallback",
      policy: "retry-preferred",
      timeout: 3_000,
      transports: ["wss://a/b", { provider: "sse", url: "https://a/b" }],
    });
    expect([name, loaded]).toEqual(["fallback(webSocket, sse)", ["ws", "sse"]]);
  });

  it("is refused when it lacks a capability that the configuration requires", async () => {
    expect(await made({ provider: "ws", url: "wss://a", requires: ["history"] })).toMatchObject({
      name: "webSocket",
    });
    expect(await complaint(made({ provider: "sse", url: "https://a", requires: ["order", "history"] }))).toBe(
      "config.requires[1]: must be what sse can",
    );
    const several = { provider: "fallback", transports: ["wss://a", "sse+https://a"], requires: ["history"] };
    expect(await complaint(made(several))).toBe(
      "config.requires[0]: must be what fallback(webSocket, sse) can",
    );
  });

  it.each([
    [undefined, "config: must be an object"],
    [null, "config: must be an object"],
    [["ws"], "config: must be an object"],
    [{}, 'config.provider: must be "ws" or "sse" or "smoke" or "fallback"'],
    [{ provider: "ember" }, 'config.provider: must be "ws" or "sse" or "smoke" or "fallback"'],
    [{ provider: "constructor" }, 'config.provider: must be "ws" or "sse" or "smoke" or "fallback"'],
    [{ provider: 7 }, 'config.provider: must be "ws" or "sse" or "smoke" or "fallback"'],
    [{ provider: "ws" }, "config.url: must be a URL"],
    [{ provider: "ws", url: "wss://a", ulr: "b" }, "config.ulr: must be absent; known options are url"],
    [{ provider: "sse", url: "https://a", mode: "c" }, 'config.mode: must be "a" or "b"'],
    [
      JSON.parse('{"provider":"ws","url":"wss://a","__proto__":{"x":1}}'),
      "config.__proto__: must be absent; known options are url",
    ],
    [{ provider: "ws", url: "wss://a", requires: "history" }, "config.requires: must be an array"],
    [
      { provider: "ws", url: "wss://a", requires: ["toString"] },
      'config.requires[0]: must be "history" or "paging" or "order" or "acknowledgement" or "clientPublish" or "presence" or "binary"',
    ],
    [{ provider: "fallback" }, "config.transports: must be an array"],
    [{ provider: "fallback", transports: [] }, "config.transports: must be an array of transports"],
    [
      { provider: "fallback", transports: ["wss://a", { provider: "ember" }] },
      'config.transports[1].provider: must be "ws" or "sse" or "smoke"',
    ],
    [
      { provider: "fallback", transports: ["wss://a", { provider: "sse", url: 7 }] },
      "config.transports[1].url: must be a URL",
    ],
    [
      { provider: "fallback", transports: ["wss://a", { provider: "fallback", transports: [] }] },
      'config.transports[1].provider: must be "ws" or "sse" or "smoke"',
    ],
    [
      { provider: "fallback", transports: ["wss://a"], policy: "random" },
      'config.policy: must be "stick" or "retry-preferred"',
    ],
    [
      { provider: "fallback", transports: ["wss://a"], polcy: "stick" },
      "config.polcy: must be absent; known options are policy, timeout, clock",
    ],
    ["", 'config: must be a URL for "ws" or "sse" or "smoke", or an object'],
    ["example.com", 'config: must be a URL for "ws" or "sse" or "smoke", or an object'],
    ["wss://[bad", 'config: must be a URL for "ws" or "sse" or "smoke", or an object'],
    ["https://a/b", 'config: must be a URL for "ws" or "sse" or "smoke"'],
    ["constructor://a/b", 'config: must be a URL for "ws" or "sse" or "smoke"'],
    ["ember+https://a/b", 'config: must be a URL for "ws" or "sse" or "smoke"'],
    ["fallback+wss://a/b", 'config: must be a URL for "ws" or "sse" or "smoke"'],
    ["smoke://a/b", "config: must be smoke://HILL"],
    [{ provider: "smoke", url: "hush" }, "config.url: must be smoke://HILL"],
  ])("that is wrong is refused by its path and what is allowed: %j", async (config, message) => {
    expect(await complaint(made(config))).toBe(message);
  });

  it("is called by another name when it came from elsewhere", async () => {
    expect(await complaint(made("https://a", "BELLWIRE_URL"))).toMatch(/^BELLWIRE_URL: /);
    expect(await complaint(made({ provider: "ws" }, "settings.wire"))).toMatch(/^settings\.wire\.url: /);
    expect(await complaint(made("sse+", "BELLWIRE_URL"))).toMatch(/^BELLWIRE_URL: /);
  });

  it.each([
    "wss://user:hush@[bad",
    "ember+wss://user:hush@a",
    "smoke://key:hush@a",
    { provider: "hush", url: "wss://hush" },
    { provider: "ws", url: "hush" },
    { provider: "ws", url: "wss://a", requires: ["hush"] },
    { provider: "fallback", transports: ["hush"] },
  ])("never shows what it was given, which may be a secret: %j", async (config) => {
    expect(await complaint(made(config))).not.toMatch(/hush/);
  });

  it("that refers to itself is refused, and does not run on for ever", async () => {
    const transports: unknown[] = ["wss://a"];
    const config = { provider: "fallback", transports };
    transports.push(config);
    expect(await complaint(made(config))).toMatch(/^config\.transports\[1\]\.provider: /);
  });

  it("passes on the error with which a provider fails to load", async () => {
    const missing = new Error("no such package");
    const providers = { ws: () => Promise.reject(missing) };
    await expect(transportFrom("wss://a", providers)).rejects.toBe(missing);
  });
});

describe("a server from configuration", () => {
  const hub = {} as LinkAcceptor;
  const attached: string[] = [];
  const attach =
    (name: string) => (to: LinkAcceptor, server: string, options: { readonly path?: string }) => {
      checkOptions(`attach${name}`, options, { path: text });
      expect(to).toBe(hub);
      attached.push(`${server}: ${name} ${options.path ?? "anywhere"}`);
      return () => void attached.push(`${name} detached`);
    };
  const known = { ws: async () => attach("Ws"), sse: () => attach("Sse") };
  const serve = (config: unknown) => attachFrom(hub, "server", config as ServerConfig, known);

  it("is attached over all transports that are named, and detached from all of them, once", async () => {
    const config = {
      $schema: "./s.json",
      transports: ["ws", { provider: "sse", path: "/events" }],
      backplane: "memory",
    };
    const detach = await serve(config);
    expect(attached.splice(0)).toEqual(["server: Ws anywhere", "server: Sse /events"]);
    detach();
    detach();
    expect(attached.splice(0)).toEqual(["Ws detached", "Sse detached"]);
  });

  it("is attached over no transport when one of them is wrong", async () => {
    expect(await complaint(serve({ transports: ["ws", { provider: "sse", path: "" }] }))).toBe(
      "config.transports[1].path: must be a non-empty string",
    );
    expect(attached.splice(0)).toEqual(["server: Ws anywhere", "Ws detached"]);
    expect(await complaint(serve({ transports: ["ws", "ember"] }))).toBe(
      'config.transports[1]: must be "ws" or "sse"',
    );
    expect(attached).toEqual([]);
  });

  it.each([
    [undefined, "config: must be an object"],
    [{}, "config.transports: must be an array that is not empty"],
    [{ transports: [] }, "config.transports: must be an array that is not empty"],
    [
      { transports: ["ws"], tansports: [] },
      "config.tansports: must be absent; known options are $schema, transports, backplane",
    ],
    [{ transports: [7] }, "config.transports[0]: must be an object"],
    [{ transports: [{ path: "/a" }] }, 'config.transports[0].provider: must be "ws" or "sse"'],
    [
      { transports: [{ provider: "ws", pat: "/a" }] },
      "config.transports[0].pat: must be absent; known options are path",
    ],
  ])("that is wrong is refused by its path and what is allowed: %j", async (config, message) => {
    expect(await complaint(serve(config))).toBe(message);
  });

  it("has the backplane that is named, and that in memory when none is", async () => {
    const other = await backplaneFrom({});
    await other.append("t", { event: "e", json: "1", time: 0 });
    expect((await other.read("t", undefined, 0)).head.offset).toBe(1);
    const small = await backplaneFrom({ backplane: { provider: "memory", history: { size: 1 } } });
    for (const json of ["1", "2"]) await small.append("t", { event: "e", json, time: 0 });
    const { head } = await small.read("t", undefined, 0);
    expect(await small.read("t", { ...head, offset: 0 }, 9)).toMatchObject({ ok: false, reason: "evicted" });
    const own = await backplaneFrom({ backplane: "mine" }, { mine: async () => async () => other });
    expect(own).toBe(other);
  });

  it.each([
    [{ backplane: "redis" }, 'config.backplane: must be "memory"'],
    [{ backplane: 7 }, "config.backplane: must be a provider's name or an object"],
    [
      { backplane: { provider: "memory", histroy: {} } },
      "config.backplane.histroy: must be absent; known options are history, totalBytes, clock",
    ],
    [
      { backplane: { provider: "memory", history: { size: -1 } } },
      "config.backplane.history.size: must be a whole number of at least 0",
    ],
  ])("whose backplane is wrong is refused by its path and what is allowed: %j", async (config, message) => {
    expect(await complaint(backplaneFrom(config as Partial<ServerConfig>))).toBe(message);
  });
});
