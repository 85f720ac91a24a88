/**
 * Programs that must compile, and programs that must not: topics, events, payloads and parameters
 * come from one contract.
 */
import {
  type Capabilities,
  type CapabilityName,
  type Contract,
  command,
  conflated,
  type DataOf,
  defineTopics,
  type EventsOf,
  type InputOf,
  type ParamName,
  type Support,
  type TopicName,
  type TopicsOf,
  type Transport,
  type,
  volatile,
} from "@bellwire/core";
import type { Weakest } from "@bellwire/core/client";
import {
  createChannel,
  fallback,
  type NotificationChannel,
  type NotificationOf,
  type Receipt,
} from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { type as ark } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

const topics = defineTopics({
  "workouts.{userId}": {
    completed: z.object({ calories: z.number() }),
    timed: z.object({ at: z.string().transform((text) => new Date(text)) }),
    typing: volatile(type<{ who: string }>()),
  },
  "scores.{league}.{match}": {
    changed: conflated(v.object({ home: v.number() }), { key: (data) => data.home.toString() }),
    ended: ark({ winner: "string" }),
  },
  news: { said: type<string>() },
});
type Topics = typeof topics extends Contract<infer M> ? M : never;

declare const transport: Transport;
declare const anyString: string;
const channel = createChannel({ topics, transport });
const hub = createHub({
  topics,
  authenticate: ({ token }) => (token ? { user: token, admin: true } : null),
});

describe("names", () => {
  it("are a union of template literals for topics and of literals for events, as an editor completes them", () => {
    expectTypeOf<TopicsOf<Topics>>().toEqualTypeOf<
      `workouts.${string}` | `scores.${string}.${string}` | "news"
    >();
    expectTypeOf<EventsOf<Topics, "workouts.42">>().toEqualTypeOf<"completed" | "timed" | "typing">();
    expectTypeOf<EventsOf<Topics, "scores.a.b">>().toEqualTypeOf<"changed" | "ended">();
    expectTypeOf<TopicName<"a.{b}.c.{d}">>().toEqualTypeOf<`a.${string}.c.${string}`>();
    expectTypeOf<ParamName<"a.{b}.c.{d}">>().toEqualTypeOf<"b" | "d">();
    expectTypeOf<ParamName<"news">>().toBeNever();
  });

  it("that the contract lacks do not compile, on either side", () => {
    // @ts-expect-error -- no such topic
    channel.subscribe("workout.42");
    // @ts-expect-error -- any string at all is not a topic
    channel.subscribe(anyString);
    // @ts-expect-error -- the parameter is missing
    channel.subscribe("workouts");
    // @ts-expect-error -- no such topic
    void channel.publish("weather", "said", "x");
    // @ts-expect-error -- an event of another topic
    void channel.publish("news", "completed", { calories: 1 });
    // @ts-expect-error -- no such event
    channel.subscribe("news").on("told", () => {});
    // @ts-expect-error -- no such topic
    void hub.publish("weather", "said", "x");
    // @ts-expect-error -- an event of another topic
    void hub.publish("news", "completed", { calories: 1 });
    // @ts-expect-error -- a concrete topic where a pattern belongs
    hub.handle("workouts.42", "completed", () => {});
    // @ts-expect-error -- an event of another pattern
    hub.handle("news", "completed", () => {});
    // @ts-expect-error -- no such topic
    void hub.revoke("alice", "weather");
    // @ts-expect-error -- a policy for a topic that is not there
    createHub({ topics, slowConsumers: { weather: "drop" } });
    // @ts-expect-error -- no such policy
    createHub({ topics, slowConsumers: { news: "wait" } });
  });
});

describe("payloads", () => {
  it("come out as the schema makes them and go in as the schema takes them", () => {
    expectTypeOf<DataOf<Topics, "workouts.42", "timed">>().toEqualTypeOf<{ at: Date }>();
    expectTypeOf<InputOf<Topics, "workouts.42", "timed">>().toEqualTypeOf<{ at: string }>();
    expectTypeOf<DataOf<Topics, "scores.a.b", "changed">>().toEqualTypeOf<{ home: number }>();
    expectTypeOf<DataOf<Topics, "scores.a.b", "ended">>().toEqualTypeOf<{ winner: string }>();
    expectTypeOf<DataOf<Topics, "news", "said">>().toEqualTypeOf<string>();
    channel.subscribe("workouts.42").on("timed", ({ data, topic, event }) => {
      expectTypeOf(data).toEqualTypeOf<{ at: Date }>();
      expectTypeOf(topic).toEqualTypeOf<"workouts.42">();
      expectTypeOf(event).toEqualTypeOf<"timed">();
    });
    expectTypeOf(
      channel.publish("workouts.42", "timed", { at: "2026-01-01" }),
    ).resolves.toEqualTypeOf<Receipt>();
    void hub.publish("workouts.42", "timed", { at: "2026-01-01" });
  });

  it("of the wrong type do not compile, on either side", () => {
    // @ts-expect-error -- text where a number belongs
    void channel.publish("workouts.42", "completed", { calories: "many" });
    // @ts-expect-error -- a key is missing
    void channel.publish("workouts.42", "completed", {});
    // @ts-expect-error -- what comes out, not what goes in
    void channel.publish("workouts.42", "timed", { at: new Date() });
    // @ts-expect-error -- text where a number belongs
    void hub.publish("workouts.42", "completed", { calories: "many" });
    // @ts-expect-error -- what comes out, not what goes in
    void hub.publish("workouts.42", "timed", { at: new Date() });
    // @ts-expect-error -- the data is missing
    void hub.publish("workouts.42", "completed");
    // @ts-expect-error -- the data has no such key
    channel.subscribe("workouts.42").on("completed", ({ data }) => data.calorie);
  });

  it("are told apart by the event when listening to all, also as an iterable", async () => {
    const subscription = channel.subscribe("scores.a.b");
    subscription.onAny((notification) => {
      expectTypeOf(notification).toEqualTypeOf<NotificationOf<Topics, "scores.a.b">>();
      if (notification.event === "ended") expectTypeOf(notification.data).toEqualTypeOf<{ winner: string }>();
      else expectTypeOf(notification.data).toEqualTypeOf<{ home: number }>();
    });
    for await (const notification of subscription) {
      expectTypeOf(notification.event).toEqualTypeOf<"changed" | "ended">();
    }
  });
});

describe("capabilities of a transport that is known", () => {
  type Without<K extends CapabilityName> = Omit<Capabilities, K> & { readonly [N in K]: "none" };
  type Memory = ReturnType<typeof memoryTransport>["capabilities"];
  const rooms = defineTopics({
    news: { said: type<string>() },
    "presence-room.{id}": { said: type<string>() },
  });
  const over = <C extends Capabilities>(wire: Transport<C>) =>
    createChannel({ topics: rooms, transport: wire });
  const full = over(memoryTransport(hub));
  const listening = over({} as Transport<Without<"clientPublish">>);
  const blind = over({} as Transport<Without<"presence">>);

  it("are those of the record that its adapter exports", () => {
    expectTypeOf<Memory["presence"]>().toEqualTypeOf<"emulated">();
    expectTypeOf<Memory["binary"]>().toEqualTypeOf<"none">();
    expectTypeOf<Weakest<Memory | Without<"history">>["history"]>().toEqualTypeOf<"none">();
    expectTypeOf<Weakest<Memory>["order"]>().toEqualTypeOf<"native">();
    expectTypeOf<Weakest<Capabilities>["history"]>().toEqualTypeOf<Support>();
  });

  it("do not let a client publish where clients cannot, nor subscribe to presence where there is none", () => {
    void full.publish("presence-room.1", "said", "x");
    full.subscribe("presence-room.1").onMembers(() => {});
    listening.subscribe("presence-room.1");
    // @ts-expect-error -- nobody publishes over this wire
    void listening.publish("news", "said", "x");
    blind.subscribe("news");
    void blind.publish("presence-room.1", "said", "x");
    // @ts-expect-error -- nobody is present over this wire
    blind.subscribe("presence-room.1");
    const both = fallback([memoryTransport(hub), {} as Transport<Without<"clientPublish">>]);
    // @ts-expect-error -- nobody publishes over one of these wires
    void over(both).publish("news", "said", "x");
  });

  it("are checked by the compiler as far as it knows them when the application requires some", () => {
    createChannel({ topics, transport: memoryTransport(hub), requires: ["history", "presence"] });
    createChannel({ topics, transport, requires: ["binary"] });
    // @ts-expect-error -- memory carries text only
    createChannel({ topics, transport: memoryTransport(hub), requires: ["binary"] });
    // @ts-expect-error -- no such capability
    createChannel({ topics, transport, requires: ["histroy"] });
  });

  it("are no obstacle to picking one of several at run time", () => {
    const wires = [memoryTransport(hub), {} as Transport<Without<"presence">>] as const;
    const picked = createChannel({ topics: rooms, transport: wires[anyString.length % 2 === 0 ? 0 : 1] });
    void picked.publish("news", "said", "x");
    picked.subscribe("presence-room.1");
  });

  it("make no other channel of it for who does not care", () => {
    expectTypeOf(full).toExtend<NotificationChannel<typeof rooms.map>>();
  });
});

describe("handlers", () => {
  it("receive the pattern's parameters, the data as the schema made it, and the identity", () => {
    hub.handle("scores.{league}.{match}", "ended", ({ params, data, identity }) => {
      expectTypeOf(params).toEqualTypeOf<{ readonly league: string; readonly match: string }>();
      expectTypeOf(data).toEqualTypeOf<{ winner: string }>();
      expectTypeOf(identity).toEqualTypeOf<{ user: string; admin: boolean }>();
    });
    hub.handle("workouts.{userId}", "timed", ({ params, data }) => {
      expectTypeOf(data).toEqualTypeOf<{ at: Date }>();
      // @ts-expect-error -- no such parameter
      return params.league;
    });
  });

  it("decide with the identity that authenticate made", () => {
    createHub({
      topics,
      authenticate: async ({ token }) => ({ user: token ?? "", level: 3 }),
      authorize: ({ identity }) => identity.level > 2,
    });
    createHub({
      topics,
      authenticate: () => ({ user: "a" }),
      // @ts-expect-error -- no such property
      authorize: ({ identity }) => identity.level > 2,
    });
    // @ts-expect-error -- text is no identity
    createHub({ topics, authenticate: () => "alice" });
    // @ts-expect-error -- a number is no decision
    createHub({ topics, authorize: () => 1 });
  });
});

describe("commands", () => {
  const orders = defineTopics({
    "orders.{id}": {
      placed: type<{ at: number }>(),
      place: command(z.object({ n: z.number() }), type<{ number: number }>()),
      due: command(type<object>(), z.object({ at: z.string().transform((text) => new Date(text)) })),
      forget: command(type<object>()),
      ping: command(volatile(type<object>()), type<"pong">()),
      free: type<{ n: number }>(),
    },
    "orders.{id}.lines.{line}": { add: command(type<{ n: number }>(), type<number>()) },
  });
  const shop = createHub({ topics: orders, authenticate: () => ({ user: "a", level: 1 }) });
  const client = createChannel({ topics: orders, transport });

  it("resolve with what the contract says that they return", () => {
    expectTypeOf(client.publish("orders.7", "place", { n: 1 })).resolves.toEqualTypeOf<
      Receipt<{ number: number }>
    >();
    expectTypeOf(client.publish("orders.7", "due", {})).resolves.toEqualTypeOf<Receipt<{ at: Date }>>();
    expectTypeOf(client.publish("orders.7", "forget", {})).resolves.toEqualTypeOf<Receipt<void>>();
    expectTypeOf(client.publish("orders.7", "ping", {})).resolves.toEqualTypeOf<Receipt<"pong">>();
    expectTypeOf(client.publish("orders.7", "placed", { at: 1 })).resolves.toEqualTypeOf<Receipt>();
  });

  it("give a handler their topic, parameters, data and identity, and want the result", () => {
    shop.handle("orders.{id}", "place", ({ topic, params, data, identity }) => {
      expectTypeOf(topic).toEqualTypeOf<`orders.${string}`>();
      expectTypeOf(params).toEqualTypeOf<{ readonly id: string }>();
      expectTypeOf(data).toEqualTypeOf<{ n: number }>();
      expectTypeOf(identity).toEqualTypeOf<{ user: string; level: number }>();
      return { number: data.n };
    });
    shop.handle("orders.{id}", "place", async ({ topic, data }) => {
      await shop.publish(topic, "placed", { at: data.n });
      return { number: 1 };
    });
    shop.handle("orders.{id}", "due", () => ({ at: "2026-01-01" }));
    shop.handle("orders.{id}", "forget", () => {});
    shop.handle("orders.{id}", "forget", async () => {});
    shop.handle("orders.{id}", "free", ({ data }) => data.n);
    shop.handle("orders.{id}.lines.{line}", "add", ({ topic, params, data }) => {
      expectTypeOf(topic).toEqualTypeOf<`orders.${string}.lines.${string}`>();
      expectTypeOf(params).toEqualTypeOf<{ readonly id: string; readonly line: string }>();
      return data.n;
    });
  });

  it("do not compile when a handler returns something else", () => {
    // @ts-expect-error -- text where a number belongs
    shop.handle("orders.{id}", "place", () => ({ number: "1" }));
    // @ts-expect-error -- nothing is returned
    shop.handle("orders.{id}", "place", () => {});
    // @ts-expect-error -- the same, later
    shop.handle("orders.{id}", "place", async () => ({ number: "1" }));
    // @ts-expect-error -- what comes out, not what goes in
    shop.handle("orders.{id}", "due", () => ({ at: new Date() }));
    // @ts-expect-error -- it returns nothing
    shop.handle("orders.{id}", "forget", () => 1);
    // @ts-expect-error -- text where a number belongs
    void client.publish("orders.7", "place", { n: "1" });
    // @ts-expect-error -- the result has no such key
    void client.publish("orders.7", "place", { n: 1 }).then(({ data }) => data.amount);
  });

  it("are neither heard nor published by the server", () => {
    const subscription = client.subscribe("orders.7");
    subscription.on("placed", () => {});
    // @ts-expect-error -- nobody hears a command
    subscription.on("place", () => {});
    expectTypeOf<NotificationOf<(typeof orders)["map"], "orders.7">["event"]>().toEqualTypeOf<
      "placed" | "free"
    >();
    // @ts-expect-error -- a command is for clients
    void shop.publish("orders.7", "place", { n: 1 });
    // @ts-expect-error -- what is superseded is no command
    command(conflated(type<object>()));
  });
});

describe("events that a contract does not declare", () => {
  const open = defineTopics({
    "orders.{id}": {
      shipped: type<{ at: number }>(),
      place: command(type<object>(), type<number>()),
      "*": type<{ free: true }>(),
    },
    news: { said: type<string>() },
  });
  const server = createHub({ topics: open });
  const client = createChannel({ topics: open, transport });

  it("are taken under any name where it says *, with that type, and the declared ones keep theirs", () => {
    const subscription = client.subscribe("orders.7");
    subscription.on("App\\Events\\OrderShipped", ({ data, event }) => {
      expectTypeOf(data).toEqualTypeOf<{ free: true }>();
      expectTypeOf(event).toEqualTypeOf<"App\\Events\\OrderShipped">();
    });
    subscription.on(anyString, ({ data }) => expectTypeOf(data).toEqualTypeOf<{ free: true }>());
    subscription.on("shipped", ({ data }) => expectTypeOf(data).toEqualTypeOf<{ at: number }>());
    subscription.onAny(({ data }) => expectTypeOf(data).toEqualTypeOf<{ at: number } | { free: true }>());
    void client.publish("orders.7", "order:shipped", { free: true });
    void server.publish("orders.7", "order:shipped", { free: true });
    server.handle("orders.{id}", "order:ship", ({ data }) => data.free);
    expectTypeOf<DataOf<(typeof open)["map"], "orders.7", "shipped">>().toEqualTypeOf<{ at: number }>();
  });

  it("do not compile with other data, under a name that is declared otherwise, or where there is no *", () => {
    // @ts-expect-error -- not what * says
    void server.publish("orders.7", "order:shipped", { free: false });
    // @ts-expect-error -- not what is declared
    void server.publish("orders.7", "shipped", { free: true });
    // @ts-expect-error -- this topic takes what it declares
    void server.publish("news", "told", "x");
  });
});

describe("contracts", () => {
  it("take schemas and nothing else", () => {
    // @ts-expect-error -- text is no schema
    defineTopics({ news: { said: "string" } });
    // @ts-expect-error -- a class is no schema
    defineTopics({ news: { said: Date } });
    // @ts-expect-error -- a topic has events
    defineTopics({ news: z.string() });
    // @ts-expect-error -- the map itself is not the contract
    createHub({ topics: { news: { said: z.string() } } });
  });
});
