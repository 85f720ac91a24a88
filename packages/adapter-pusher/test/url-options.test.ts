/** The URL form of a client's options, as `transportFrom` gives it to the adapter. */
import { transportFrom } from "@bellwire/core/client";
import { describe, expect, it } from "vitest";
import { HOSTED_CAPABILITIES, PUSHER_CAPABILITIES, pusherTransport } from "../src/client.ts";
import { urlOptions } from "../src/connection/url-options.ts";

describe("a URL", () => {
  it.each([
    ["pusher://app-key@a:6001/p", { key: "app-key", url: "wss://a:6001/p" }],
    ["ws://app-key@a:6001", { key: "app-key", url: "ws://a:6001/" }],
    ["wss://app-key@a", { key: "app-key", url: "wss://a/" }],
    ["pusher://app-key@pusher.com?cluster=eu", { key: "app-key", cluster: "eu", forceTLS: true }],
    [
      "ws://app-key@a:80/?cluster=eu&routes=https://b/c",
      { key: "app-key", cluster: "eu", forceTLS: false, wsHost: "a", routes: "https://b/c" },
    ],
    [
      "pusher://app-key@a:6001?cluster=eu",
      { key: "app-key", cluster: "eu", forceTLS: true, wsHost: "a", wsPort: 6001 },
    ],
  ])("such as %s holds all options", (url, options) => {
    expect(urlOptions(url)).toEqual(options);
  });

  it.each([
    ["pusher://app-key@a:6001/p", PUSHER_CAPABILITIES],
    ["pusher+ws://app-key@a:6001", PUSHER_CAPABILITIES],
    ["pusher://app-key@pusher.com?cluster=eu&routes=https://b/c", HOSTED_CAPABILITIES],
  ])("makes the transport that a configuration names: %s", async (config, capabilities) => {
    const transport = await transportFrom(config, { pusher: () => pusherTransport });
    expect(transport).toMatchObject({ name: "pusher", capabilities });
  });

  it("may be combined with options that no text can hold", () => {
    const url = "pusher://app-key@pusher.com?cluster=eu";
    const { capabilities } = pusherTransport({ url, metadata: false, headers: () => ({}) });
    expect(capabilities.order).toBe("none");
  });

  it.each([
    ["pusher://a/b", "config: must be a URL with the app's key, and no secret: pusher://KEY@…"],
    ["pusher://key:hush@a", "config: must be a URL with the app's key, and no secret: pusher://KEY@…"],
    ["pusher+https://key@a", "config: must be a URL with the app's key, and no secret: pusher://KEY@…"],
    [
      "pusher://key@a?cluster=eu&positionChekc=1",
      "config.positionChekc: must be absent; known options are key, cluster, routes, metadata, wsHost, wsPort, forceTLS, positionCheck, headers, fetch, clock",
    ],
    [
      "pusher://key@a?cluster=eu&positionCheck=1",
      "config.positionCheck: must be a whole number of at least 1",
    ],
    [
      { provider: "pusher", url: "wss://a" },
      "config.url: must be a URL with the app's key, and no secret: pusher://KEY@…",
    ],
  ])("that is wrong is refused by its path and what is allowed: %j", async (config, message) => {
    await expect(transportFrom(config, { pusher: () => pusherTransport })).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });
});
