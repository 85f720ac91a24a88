/**
 * Contracts with the schemas of three libraries and with types alone; what a contract must look
 * like.
 */
import {
  BellwireError,
  type Contract,
  conflated,
  defineTopics,
  type TopicMap,
  type,
  volatile,
} from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub, type Hub } from "@bellwire/core/server";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type as ark } from "arktype";
import * as v from "valibot";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonOf, validate } from "../src/contract.ts";

const SECRET = "s3cr3t-value";

/**
 * A schema of each library: `calories` is a number, `note` is text of which its length is
 * delivered, `kind` is one of two.
 */
interface Given {
  calories: number;
  note: string;
  kind: "run" | "swim";
}
interface Made {
  calories: number;
  note: number;
  kind: "run" | "swim";
}
let transformations = 0;
const lengthOf = (text: string): number => {
  transformations += 1;
  return text.length;
};
const schemas: Readonly<Record<string, StandardSchemaV1<Given, Made>>> = {
  zod: z.object({
    calories: z.number(),
    note: z.string().transform(lengthOf),
    kind: z.enum(["run", "swim"]),
  }),
  valibot: v.object({
    calories: v.number(),
    note: v.pipe(v.string(), v.transform(lengthOf)),
    kind: v.picklist(["run", "swim"]),
  }),
  arktype: ark({
    calories: "number",
    note: ark("string").pipe(lengthOf),
    kind: "'run' | 'swim'",
  }),
  "zod, asynchronously": z.object({
    calories: z.number(),
    note: z.string().transform(async (text) => lengthOf(text)),
    kind: z.enum(["run", "swim"]),
  }),
  "valibot, asynchronously": v.objectAsync({
    calories: v.number(),
    note: v.pipeAsync(
      v.string(),
      v.transformAsync(async (text) => lengthOf(text)),
    ),
    kind: v.picklist(["run", "swim"]),
  }),
};
const good: Given = { calories: 320, note: "hello", kind: "run" };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A hub and a client, each with a contract of its own. */
function pair<M extends TopicMap>(hubTopics: Contract<M>, channelTopics: Contract<M> = hubTopics) {
  const clock = new VirtualClock();
  const complaints: unknown[] = [];
  const report = (error: unknown) => complaints.push(error);
  const hub: Hub<M> = createHub({ topics: hubTopics, clock, authorize: () => true, onError: report });
  const channel = createChannel({ topics: channelTopics, transport: memoryTransport(hub), clock });
  const errors: unknown[] = [];
  channel.onError((error) => errors.push(error));
  closing.push(async () => {
    channel.close();
    await hub.close({ flush: 0 });
  });
  return { hub, channel, errors, complaints };
}

async function rejection(promise: Promise<unknown>): Promise<BellwireError> {
  const error: unknown = await promise.then(
    () => expect.fail("did not reject"),
    (reason: unknown) => reason,
  );
  if (error instanceof BellwireError) return error;
  return expect.fail(`not a BellwireError: ${String(error)}`);
}

describe.each(Object.entries(schemas))("a schema of %s", (_, schema) => {
  const topics = defineTopics({ workouts: { completed: schema } });

  it("delivers what it makes of the data, transformed once, whoever publishes", async () => {
    const { hub, channel, errors } = pair(topics);
    const heard: unknown[] = [];
    const workouts = channel.subscribe("workouts");
    workouts.on("completed", ({ data }) => heard.push(data));
    await workouts.ready();
    await hub.publish("workouts", "completed", good);
    await channel.publish("workouts", "completed", { ...good, note: "four" });
    await settle();
    expect(heard).toEqual([
      { calories: 320, note: 5, kind: "run" },
      { calories: 320, note: 4, kind: "run" },
    ]);
    expect(errors).toEqual([]);
  });

  it("gives a command's handler what it makes of the data, transformed once", async () => {
    const { hub, channel } = pair(topics);
    hub.handle("workouts", "completed", ({ data }) => ({ note: data.note }));
    const { data } = await channel.publish("workouts", "completed", good);
    expect(data).toEqual({ note: 5 });
  });

  it.each([
    ["a wrong type", { ...good, calories: SECRET }, "data.calories"],
    ["a value that is not listed", { ...good, kind: SECRET }, "data.kind"],
    ["a missing key", { calories: 1, note: SECRET }, "data.kind"],
    ["no object", SECRET, "data"],
    ["null", null, "data"],
  ])("refuses %s wherever it enters, names the path and never the value", async (_, data, path) => {
    const { hub, channel } = pair(topics);
    const doors = [
      () => hub.publish("workouts", "completed", data as never),
      () => channel.publish("workouts", "completed", data as never),
    ];
    for (const publish of doors) {
      const { code, message } = await rejection(publish());
      expect(code).toBe("invalid_data");
      expect(message.split(/[:,] /)).toContain(path);
      expect(message).not.toContain(SECRET);
    }
  });

  it("refuses at the hub what a client let through, and tells the client the path and not the value", async () => {
    const loose = defineTopics({ workouts: { completed: type<Given>() } });
    const { channel, complaints } = pair(topics as unknown as typeof loose, loose);
    const bad = { ...good, calories: SECRET as unknown as number };
    const { code, message } = await rejection(channel.publish("workouts", "completed", bad));
    expect(code).toBe("invalid_data");
    expect(message).toContain("data.calories");
    expect(message).not.toContain(SECRET);
    expect(complaints).toEqual([]);
  });

  it("skips and reports at the client what a hub let through, and goes on", async () => {
    const loose = defineTopics({ workouts: { completed: type<Given>() } });
    const { hub, channel, errors } = pair(loose, topics as unknown as typeof loose);
    const workouts = channel.subscribe("workouts");
    const heard: number[] = [];
    workouts.on("completed", ({ position }) => heard.push(position.offset));
    await workouts.ready();
    await hub.publish("workouts", "completed", good);
    await hub.publish("workouts", "completed", { ...good, calories: SECRET as unknown as number });
    await hub.publish("workouts", "completed", good);
    await settle();
    expect(heard).toEqual([1, 3]);
    expect(errors).toEqual([expect.objectContaining({ code: "invalid_data" })]);
    expect(String(errors[0])).toContain("data.calories");
    expect(String(errors[0])).not.toContain(SECRET);
  });
});

describe("validation", () => {
  it("runs the schema once wherever data enters", async () => {
    const topics = defineTopics({ workouts: { completed: schemas.zod as StandardSchemaV1<Given, Made> } });
    const { hub, channel } = pair(topics);
    await channel.subscribe("workouts").ready();
    transformations = 0;
    await hub.publish("workouts", "completed", good);
    await settle();
    expect(transformations).toBe(2);
  });

  it("keeps the schema's own words for the caller, as the error's cause", async () => {
    const { hub } = pair(defineTopics({ workouts: { completed: z.object({ calories: z.number() }) } }));
    const { cause } = await rejection(hub.publish("workouts", "completed", { calories: SECRET as never }));
    expect(cause).toEqual([expect.objectContaining({ path: ["calories"] })]);
  });

  it("names three paths at most, each once and cut at 100 characters, for keys come from the data", () => {
    const many = z.record(z.string(), z.number());
    const data = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}`.repeat(10_000), "x"]));
    expect(() => validate(many, data)).toThrow(BellwireError);
    try {
      validate(many, data);
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(400);
    }
    const both = z.object({ a: z.string().min(5).regex(/x/) });
    expect(() => validate(both, { a: "b" })).toThrow(/^data\.a: [^,]*$/);
  });

  it("names paths as issues may write them: keys, indices, symbols and segments", () => {
    const path = ["list", 0, { key: "name" }, Symbol("s")];
    const schema: StandardSchemaV1 = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: SECRET, path }] }) },
    };
    expect(() => validate(schema, 1)).toThrow(/^data\.list\.0\.name\.Symbol\(s\): /);
    expect(() => validate(schema, 1)).not.toThrow(new RegExp(SECRET));
  });

  it("of types alone lets everything through", () => {
    const data = { anything: [1, null] };
    expect(validate(type<string>(), data)).toBe(data);
  });

  it("refuses to publish what JSON cannot hold, without saying what it is", () => {
    const cyclic: Record<string, unknown> = { [SECRET]: 1 };
    cyclic.self = cyclic;
    const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) as unknown;
    for (const data of [undefined, () => SECRET, Symbol(SECRET), 1n, cyclic, deep]) {
      expect(() => jsonOf(data)).toThrow(expect.objectContaining({ code: "invalid_data" }));
      expect(() => jsonOf(data)).not.toThrow(new RegExp(SECRET));
    }
  });
});

describe("a contract", () => {
  const schema = z.object({});

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "topics:"],
    ["null", null, "topics:"],
    ["text", "workouts", "topics:"],
    ["an array", [], "topics:"],
    ["a function", () => ({}), "topics:"],
    ["a schema", schema, "topics:"],
    ["types alone", type(), "topics:"],
    ["a schema where events are due", { workouts: schema }, 'topics["workouts"]:'],
    ["a function schema where events are due", { workouts: ark("string") }, 'topics["workouts"]:'],
    ["types alone where events are due", { workouts: type() }, 'topics["workouts"]:'],
    ["an array where events are due", { workouts: [schema] }, 'topics["workouts"]:'],
    ["null where events are due", { workouts: null }, 'topics["workouts"]:'],
    ["undefined where events are due", { workouts: undefined }, 'topics["workouts"]:'],
    ["an event where events are due", { workouts: volatile(schema) }, 'topics["workouts"].kind:'],
    ["an event without a schema", { workouts: { completed: null } }, 'topics["workouts"].completed:'],
    ["an event of a constructor", { workouts: { completed: Date } }, 'topics["workouts"].completed:'],
    ["volatile nothing", { workouts: { a: volatile(undefined as never) } }, 'topics["workouts"].a:'],
    ["an unknown kind", { workouts: { a: { schema, kind: "durable" } } }, 'topics["workouts"].a:'],
    ["no kind", { workouts: { a: { schema } } }, 'topics["workouts"].a:'],
    ["a key that is no function", { t: { a: { schema, kind: "conflated", key: "id" } } }, 'topics["t"].a:'],
    ["a second event that is wrong", { t: { a: schema, b: 1 } }, 'topics["t"].b:'],
    ["an empty event", { t: { "": schema } }, 'topics["t"].:'],
    ["an event with a line break", { t: { "a\nb": schema } }, 'topics["t"].a\nb:'],
    ["an event of 201", { t: { ["e".repeat(201)]: schema } }, `topics["t"].${"e".repeat(201)}:`],
    ["a reserved event", { t: { "pusher:ping": schema } }, 'topics["t"].pusher:ping:'],
    ["an empty topic", { "": { a: schema } }, 'topics[""]:'],
    ["a topic of 165", { ["t".repeat(165)]: { a: schema } }, `topics["${"t".repeat(165)}"]:`],
    ["a topic with a slash", { "a/b": { a: schema } }, 'topics["a/b"]:'],
    ["a reserved topic", { $sys: { a: schema } }, 'topics["$sys"]:'],
    ["a topic of the prototype", JSON.parse('{"__proto__":{}}'), 'topics["__proto__"]:'],
    ["a parameter without an end", { "t.{id": { a: schema } }, 'topics["t.{id"]:'],
    ["a parameter without a name", { "t.{}": { a: schema } }, 'topics["t.{}"]:'],
    ["a parameter with a dash", { "t.{user-id}": { a: schema } }, 'topics["t.{user-id}"]:'],
    ["two parameters of one name", { "t.{id}.{id}": { a: schema } }, 'topics["t.{id}.{id}"]:'],
    ["parameters that touch", { "t.{a}{b}": { a: schema } }, 'topics["t.{a}{b}"]:'],
    ["a pattern of Pusher's", { "pusher-{a}": { a: schema } }, 'topics["pusher-{a}"]:'],
  ])("is refused when it is %s", (_, map, path) => {
    const define = () => defineTopics(map as TopicMap);
    expect(define).toThrow(BellwireError);
    expect(define).toThrow(expect.objectContaining({ code: "invalid_option" }));
    try {
      define();
    } catch (error) {
      expect((error as Error).message.slice(0, path.length)).toBe(path);
      expect((error as Error).message).toMatch(/: must be \S/);
    }
  });

  it("says of a wrong event name that it is the name, and of a wrong schema that it is the schema", () => {
    const text = (events: unknown): string => {
      try {
        defineTopics({ t: events } as TopicMap);
      } catch (error) {
        return (error as Error).message;
      }
      return expect.fail("was taken");
    };
    expect(text({ "pusher:ping": schema })).toMatch(/printable characters/);
    expect(text({ "pusher:ping": schema })).not.toMatch(/Standard Schema/);
    expect(text({ said: "string" })).toMatch(/Standard Schema/);
    expect(text({ said: "string" })).not.toMatch(/printable/);
  });

  it("takes events of any name when it declares *, and those it declares as it declares them", () => {
    const topics = defineTopics({
      "orders.{id}": { shipped: z.object({ at: z.number() }), "*": volatile(type<unknown>()) },
      news: { said: schema },
    });
    const orders = topics.find("orders.7");
    expect(orders?.event("shipped")?.kind).toBe("logged");
    expect(orders?.event("App\\Events\\OrderShipped")?.kind).toBe("volatile");
    expect(topics.find("orders.7")?.event("order:shipped")?.kind).toBe("volatile");
    for (const reserved of ["*", "pusher:ping", "bellwire:gap", "__presence", "", "a\nb"])
      expect(orders?.event(reserved)).toBeUndefined();
    expect(topics.find("news")?.event("told")).toBeUndefined();
  });

  it("may be empty, and may use the names that every object has", () => {
    expect(defineTopics({}).find("anything")).toBeUndefined();
    const topics = defineTopics({
      constructor: { toString: schema },
      "valueOf.{constructor}": { a: schema },
    });
    expect(topics.find("constructor")?.event("toString")?.kind).toBe("logged");
    expect(topics.find("constructor")?.event("valueOf")).toBeUndefined();
    expect(topics.find("toString")).toBeUndefined();
    expect(topics.find("valueOf.x")?.params).toEqual({ constructor: "x" });
  });

  it("finds the first pattern that matches, and only events of that one", () => {
    const topics = defineTopics({
      "news.sport": { goal: schema },
      "news.{name}": { said: schema },
      "news.{name}.{id}": { deep: schema },
    });
    expect(topics.find("news.sport")).toMatchObject({ pattern: "news.sport", params: {} });
    expect(topics.find("news.sport")?.event("said")).toBeUndefined();
    expect(topics.find("news.a")?.event("said")).toBeDefined();
    expect(topics.find("news.a")).toMatchObject({ pattern: "news.{name}", params: { name: "a" } });
    expect(topics.find("news.a.b")?.params).toEqual({ name: "a", id: "b" });
    for (const unknown of ["news", "news.", "news..b", "anews.b", "news.a.b.c", "news.a b", "", "__proto__"])
      expect(topics.find(unknown)).toBeUndefined();
  });

  it("answers everything about a topic in one look-up, which can be kept", () => {
    const topics = defineTopics({ "news.{name}": { said: schema, typing: volatile(schema) } });
    const found = topics.find("news.sport");
    expect(found).toMatchObject({ pattern: "news.{name}", params: { name: "sport" } });
    expect(found?.event("said")).toEqual({ schema, kind: "logged" });
    expect(found?.event("typing")?.kind).toBe("volatile");
    expect(found?.event("heard")).toBeUndefined();
    expect(Array.from(found?.events.keys() ?? [])).toEqual(["said", "typing"]);
    expect(topics.find("sport")).toBeUndefined();
    expect(topics.find("news.a b")).toBeUndefined();
  });

  it("says of a topic that it does not know what it is and what is wrong with it, and no more than fits into a line", () => {
    const contract = defineTopics({ "orders.{id}": { said: schema } });
    const explain = (topic: string): string => contract.explain(topic);
    expect(explain("order.7")).toMatch(/^"order\.7": no pattern/);
    expect(explain("orders/7")).toMatch(/^"orders\/7": "\/" at 7 is not allowed/);
    expect(explain("orders.7\u202e")).toMatch(/^"orders\.7\\u202e": "\\u202e" at 9 is not allowed/);
    expect(explain("bestellung.ä")).toMatch(/"\\u00e4" at 12 is not allowed/);
    expect(explain("🔔")).toMatch(/^"\\ud83d\\udd14": "\\ud83d\\udd14" at 1 /);
    expect(explain("")).toMatch(/^"": it is empty/);
    expect(explain("pusher.x")).toMatch(/must not begin with pusher/);
    expect(explain("x".repeat(165))).toMatch(/165 characters/);
    for (const hostile of [
      "\0".repeat(10_000),
      "🔔".repeat(10_000),
      "\ud800".repeat(10_000),
      '"'.repeat(10_000),
    ]) {
      expect(explain(hostile)).toMatch(/^[ -~]+$/);
      expect(explain(hostile).length).toBeLessThan(800);
    }
    expect(explain(7 as never)).toMatch(/must be text/);
  });

  it("remembers 1,000 topics and no more, and nobody can change what it remembers", () => {
    const topics = defineTopics({ "news.{name}": { said: schema } });
    const first = topics.find("news.0");
    expect(topics.find("news.0")).toBe(first);
    expect(() => Object.assign(first?.params ?? {}, { name: "x" })).toThrow(TypeError);
    for (let n = 1; n < 1_000; n++) topics.find(`news.${n}`);
    expect(topics.find("news.0")).toBe(first);
    topics.find("news.1000");
    expect(topics.find("news.0")).not.toBe(first);
    expect(topics.find("news.0")).toEqual(first);
  });

  it("knows how each event travels", () => {
    const key = (data: { id: string }) => data.id;
    const item = z.object({ id: z.string() });
    const topics = defineTopics({
      t: { a: item, b: volatile(item), c: conflated(item), d: conflated(item, { key }) },
    });
    const kinds = ["a", "b", "c", "d"].map((name) => topics.find("t")?.event(name));
    expect(kinds).toEqual([
      { schema: item, kind: "logged" },
      { schema: item, kind: "volatile" },
      { schema: item, kind: "conflated" },
      { schema: item, kind: "conflated", key },
    ]);
  });

  it.each([null, 1, [], "id", { key: "id" }, { key: null }, { kye: () => "" }])(
    "refuses %j as options of a conflated event",
    (options) => {
      expect(() => conflated(type(), options as never)).toThrow(
        expect.objectContaining({
          code: "invalid_option",
          message: expect.stringMatching(/^conflated(\.\w+)?: must be /) as unknown,
        }),
      );
    },
  );
});
