/** The client half of the WebSocket transport, by itself. */
import type { CloseCause } from "@bellwire/core";
import { describe, expect, it } from "vitest";
import { webSocketTransport } from "../src/client.ts";
import { until } from "./serving.ts";

/** An observer of one link, and its calls in order. */
function observe() {
  const heard: string[] = [];
  const causes: CloseCause[] = [];
  return {
    heard,
    causes,
    observer: {
      open: () => void heard.push("open"),
      message: () => void heard.push("message"),
      malformed: () => void heard.push("malformed"),
      close(cause: CloseCause) {
        heard.push("close");
        causes.push(cause);
      },
    },
  };
}

it("reports a connection that could not be made as one close without an open", async () => {
  const { heard, causes, observer } = observe();
  webSocketTransport({ url: "ws://127.0.0.1:1/bellwire" }).connect(observer);
  await until(() => heard.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([heard, causes.map(({ code }) => code)]).toEqual([["close"], ["link_lost"]]);
});

it("reports a close, later and once, when the platform refuses to make the WebSocket", async () => {
  class Refusing {
    constructor() {
      throw new DOMException(
        "An insecure WebSocket may not be made from a page loaded over HTTPS",
        "SecurityError",
      );
    }
  }
  const { heard, causes, observer } = observe();
  const url = "ws://example.com/bellwire";
  const link = webSocketTransport({ url, WebSocket: Refusing as unknown as typeof WebSocket }).connect(
    observer,
  );
  expect(heard).toEqual([]);
  await Promise.resolve();
  link.close({ code: "normal" });
  expect([heard, causes.map(({ code }) => code)]).toEqual([["close"], ["link_lost"]]);
});

it("gives up a connection that is closed while it is being made", async () => {
  const { heard, observer } = observe();
  const link = webSocketTransport({ url: "ws://127.0.0.1:1/bellwire" }).connect(observer);
  link.close({ code: "normal" });
  link.close({ code: "normal" });
  link.send([{ type: "ping" }]);
  await until(() => heard.length > 0);
  expect(heard).toEqual(["close"]);
});

describe("options", () => {
  const huge = `ws://${"a".repeat(1_000_000)}/#`;
  it.each([
    null,
    Number.NaN,
    -1,
    0,
    "",
    huge,
    {},
    [],
    true,
    "http://example.com",
    "example.com",
    "ws://",
    "ws://a/#b",
  ])("refuse %o as url", (value) => {
    const make = () => webSocketTransport({ url: value as string });
    expect(make).toThrow(expect.objectContaining({ code: "invalid_option" }));
    expect(make).toThrow(/webSocketTransport\.url.*ws:/);
    if (typeof value === "string" && value.length > 3) expect(make).not.toThrow(value);
    expect(() => webSocketTransport(Object.create({ url: value }))).toThrow(/webSocketTransport\.url/);
  });

  it.each([null, Number.NaN, -1, 0, "", "WebSocket", {}, []])("refuse %o as the WebSocket class", (value) => {
    const options = { url: "ws://example.com", WebSocket: value as never };
    expect(() => webSocketTransport(options)).toThrow(/webSocketTransport\.WebSocket/);
  });

  it("refuse an unknown key, no options at all, and values that are no options", () => {
    expect(() => webSocketTransport({ url: "ws://a", token: "secret" } as never)).toThrow(
      /webSocketTransport\.token/,
    );
    expect(() => webSocketTransport({ url: "ws://a", token: "secret" } as never)).not.toThrow(/secret/);
    for (const value of [undefined, null, "ws://a", 1, []]) {
      expect(() => webSocketTransport(value as never)).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
    }
  });
});
