/** Commands that the contract declares, and events that it does not. */
import {
  type Contract,
  command,
  conflated,
  defineTopics,
  type TopicMap,
  type,
  volatile,
} from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function pair<M extends TopicMap>(topics: Contract<M>) {
  const clock = new VirtualClock();
  const complaints: unknown[] = [];
  const hub = createHub({
    topics,
    clock,
    authorize: () => true,
    onError: (error) => complaints.push(error),
  });
  const channel = createChannel({ topics, transport: memoryTransport(hub), clock });
  const errors: unknown[] = [];
  channel.onError((error) => errors.push(error));
  closing.push(
    () => channel.close(),
    () => hub.close({ flush: 0 }),
  );
  return { hub, channel, complaints, errors };
}

describe("a command", () => {
  const topics = defineTopics({
    "orders.{id}": {
      placed: type<{ n: number }>(),
      place: command(z.object({ n: z.number() }), z.object({ number: z.number() })),
      due: command(type<object>(), z.object({ at: z.string().transform((text) => new Date(text)) })),
      forget: command(type<object>()),
      ping: command(volatile(type<object>()), type<string>()),
    },
  });

  it("resolves at the client with what its handler returned, as the contract's schema makes it, once", async () => {
    const { hub, channel, errors, complaints } = pair(topics);
    hub.handle("orders.{id}", "place", async ({ topic, params, data }) => {
      await hub.publish(topic, "placed", { n: data.n });
      return { number: data.n + Number(params.id), internal: "stays out" };
    });
    hub.handle("orders.{id}", "due", () => ({ at: "2026-01-02T00:00:00Z" }));
    hub.handle("orders.{id}", "forget", () => {});
    const heard: unknown[] = [];
    const orders = channel.subscribe("orders.7");
    orders.onAny(({ event, data }) => heard.push([event, data]));
    await orders.ready();
    const placed = await channel.publish("orders.7", "place", { n: 1 });
    expect(placed).toEqual({ position: null, data: { number: 8 } });
    const due = await channel.publish("orders.7", "due", {});
    expect(due.data.at.getTime()).toBe(Date.UTC(2026, 0, 2));
    expect((await channel.publish("orders.7", "forget", {})).data).toBeUndefined();
    await settle();
    expect(heard).toEqual([["placed", { n: 1 }]]);
    expect([errors, complaints]).toEqual([[], []]);
  });

  it("fails as the server's fault, which is told to the server, when its handler returns something else", async () => {
    const { hub, channel, complaints } = pair(topics);
    hub.handle("orders.{id}", "place", () => ({ number: "secret" as unknown as number }));
    await expect(channel.publish("orders.7", "place", { n: 1 })).rejects.toMatchObject({ code: "internal" });
    expect(complaints).toEqual([expect.any(TypeError)]);
    expect(String(complaints[0])).not.toContain("secret");
  });

  it("is refused with unknown_event while nothing handles it, and is never logged or heard", async () => {
    const { hub, channel } = pair(topics);
    const heard: unknown[] = [];
    channel.subscribe("orders.7").onAny((notification) => heard.push(notification));
    await expect(channel.publish("orders.7", "place", { n: 1 })).rejects.toMatchObject({
      code: "unknown_event",
    });
    const untyped: { publish(topic: string, event: string, data: unknown): Promise<unknown> } = hub as never;
    await expect(untyped.publish("orders.7", "place", { n: 1 })).rejects.toMatchObject({
      code: "unknown_event",
    });
    await settle();
    expect(heard).toEqual([]);
  });

  it("does not wait for a link where it is volatile", async () => {
    const { hub, channel } = pair(topics);
    hub.handle("orders.{id}", "ping", () => "pong");
    await expect(channel.publish("orders.7", "ping", {})).rejects.toMatchObject({ code: "link_lost" });
    await channel.subscribe("orders.7").ready();
    expect((await channel.publish("orders.7", "ping", {})).data).toBe("pong");
  });

  it.each([
    ["returns no schema", { schema: type(), kind: "logged", returns: 1 }],
    ["is conflated", command(conflated(type()) as never)],
    ["has no schema", command(undefined as never)],
  ])("is refused by the contract when it %s", (_, definition) => {
    expect(() => defineTopics({ t: { a: definition as never } })).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});

describe("a contract with *", () => {
  const topics = defineTopics({
    "orders.{id}": { shipped: z.object({ at: z.number() }), "*": type<unknown>() },
  });

  it.each(["order:shipped", "App\\Events\\OrderShipped", 'said "hello"', "🔔", "connect", "x".repeat(200)])(
    "delivers an event called %j with its data, whoever publishes",
    async (event) => {
      const { hub, channel, errors } = pair(topics);
      const orders = channel.subscribe("orders.7");
      const heard: unknown[] = [];
      orders.on(event, (notification) => heard.push([notification.event, notification.data]));
      await orders.ready();
      await hub.publish("orders.7", event, { any: ["data"] });
      await channel.publish("orders.7", event, null);
      await settle();
      expect(heard).toEqual([
        [event, { any: ["data"] }],
        [event, null],
      ]);
      expect(errors).toEqual([]);
    },
  );

  it("checks what it declares as declared, and refuses reserved names", async () => {
    const { hub } = pair(topics);
    const untyped: { publish(topic: string, event: string, data: unknown): Promise<unknown> } = hub as never;
    await expect(untyped.publish("orders.7", "shipped", { at: "x" })).rejects.toMatchObject({
      code: "invalid_data",
    });
    for (const reserved of ["*", "__presence", "pusher:ping", "bellwire:gap", "bellwire-gap", "", "a\nb"])
      await expect(untyped.publish("orders.7", reserved, 1)).rejects.toMatchObject({ code: "unknown_event" });
  });

  it("lets a handler take an event that it does not declare", async () => {
    const { hub, channel } = pair(topics);
    hub.handle("orders.{id}", "order:ship", ({ data }) => ({ got: data }));
    expect((await channel.publish("orders.7", "order:ship", 1)).data).toEqual({ got: 1 });
    expect(() => hub.handle("orders.{id}", "pusher:ping", () => {})).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
