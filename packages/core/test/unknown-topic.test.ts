/** The explanation of a topic that is not in the contract. */
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { nearestPattern } from "../src/server/unknown-topic.ts";

const said = { said: type<number>() };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe("the nearest pattern", () => {
  const patterns = ["orders.{id}", "orders.{id}.lines.{line}", "private-user.{userId}", "news"];

  it.each([
    ["order.7", "orders.{id}"],
    ["orders/7", "orders.{id}"],
    ["orders", "orders.{id}"],
    ["orders.7.line.3", "orders.{id}.lines.{line}"],
    ["private-users.42", "private-user.{userId}"],
    ["user.42", undefined],
    ["mews", "news"],
    ["News", "news"],
    ["weather", undefined],
    ["x", undefined],
    ["", undefined],
    ["orders.7".repeat(40), undefined],
  ])("of %j is %j", (topic, nearest) => expect(nearestPattern(patterns, topic)).toBe(nearest));

  it("is searched for no longer than a few milliseconds, however many patterns there are and whatever a peer asks for", () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `${"-".repeat(80)}{a}-{b}-${n}`);
    let fastest = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 10; n++) {
      const started = performance.now();
      nearestPattern(many, "-".repeat(164));
      fastest = Math.min(fastest, performance.now() - started);
    }
    expect(fastest).toBeLessThan(5);
  });
});

it("unknown_topic names the topic, the reason and the nearest pattern, in what the server throws and what a client is answered", async () => {
  const clock = new VirtualClock();
  const hub = createHub({ topics: defineTopics({ "orders.{id}": said }), clock });
  // A client of another release, whose contract knows more.
  const topics = defineTopics({ "order.{id}": said, "orders.{id}": said });
  const channel = createChannel({ topics, transport: memoryTransport(hub as never), clock });
  closing.push(
    () => channel.close(),
    () => hub.close({ flush: 0 }),
  );
  const expected = {
    code: "unknown_topic",
    message: expect.stringMatching(/"order\.7".*"orders\.\{id\}"/) as unknown,
  };
  await expect(hub.publish("order.7" as "orders.7", "said", 1)).rejects.toMatchObject(expected);
  const refused = expect(channel.subscribe("order.7").ready()).rejects.toMatchObject(expected);
  await settle();
  await refused;
});

it("a client names the topic and the character that is not allowed before anything is sent", async () => {
  const topics = defineTopics({ "orders.{id}": said });
  const hub = createHub({ topics });
  const channel = createChannel({ topics, transport: memoryTransport(hub) });
  closing.push(
    () => channel.close(),
    () => hub.close({ flush: 0 }),
  );
  const expected = {
    code: "unknown_topic",
    message: expect.stringMatching(/"orders\.a b".*" " at 9/) as unknown,
  };
  expect(() => channel.subscribe("orders.a b")).toThrow(expect.objectContaining(expected));
  await expect(channel.publish("orders.a b", "said", 1)).rejects.toMatchObject(expected);
});
