/** The JSON codec under hostile text, and the bytes of a notification on the wire. */

import { ERRORS, type ErrorCode, type Position } from "@bellwire/core";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
  type ServerMessage,
} from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventName, isId, isName } from "../src/protocol/names.ts";
import { holds } from "./property.ts";

/**
 * Values that hostile or careless peers put in place of others, as JSON text: numbers and keys that
 * no value can hold.
 */
const ODD_TEXTS = [
  "null",
  "true",
  '""',
  '"n"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"$x"',
  '"pusher"',
  "0",
  "-1",
  "-0",
  "0.5",
  "1e999",
  "-1e999",
  "9007199254740993",
  "[]",
  "[[]]",
  "{}",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"epoch":"e","offset":1e999}',
  '{"epoch":"__proto__","offset":1,"__proto__":{"polluted":true}}',
];
const ODD_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "type",
  "ref",
  "position",
  "history",
  "x",
  "",
];

const anyName = fc
  .oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z0-9_\-=@,.;]{1,30}$/) },
    { weight: 1, arbitrary: fc.constantFrom("constructor", "toString", "a".repeat(164), "private-x") },
  )
  .filter(isName);
const anyEvent = fc
  .oneof(
    { weight: 2, arbitrary: anyName },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "order:shipped",
        "App\\Events\\OrderShipped",
        'said "hello"',
        "\\",
        '"',
        "🔔",
      ),
    },
  )
  .filter(isEventName);
const anyId = fc.oneof(
  fc.stringMatching(/^[!-~]{1,64}$/),
  fc.constantFrom("__proto__", "constructor", '"\\'),
);
const anyRef = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const anyOffset = fc.maxSafeNat();
const anyTime = fc.oneof(fc.maxSafeNat(), fc.double({ min: 0, max: 1e15, noNaN: true })).map((n) => n + 0);
const anyPosition = fc.record({ epoch: anyId, offset: anyOffset });
const anyGapReason = fc.constantFrom(
  "evicted" as const,
  "epoch" as const,
  "overflow" as const,
  "limit" as const,
  "authorization" as const,
  "transport" as const,
);
const anyCode = fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[]));
/** Data as it is after a JSON round trip: no -0, and any keys. */
const anyData = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const anyMember = fc.record({ id: fc.string(), info: anyData }, { requiredKeys: ["id"] });
const type = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);

const clientMessages = {
  hello: fc.record(
    { type: type("hello"), protocol: fc.maxSafeInteger(), session: anyId, token: fc.string() },
    { requiredKeys: ["type", "protocol", "session"] },
  ),
  subscribe: fc.record(
    {
      type: type("subscribe"),
      ref: anyRef,
      topic: fc.string(),
      position: anyPosition,
      history: fc.record({ limit: anyOffset, since: anyOffset }, { requiredKeys: [] }),
    },
    { requiredKeys: ["type", "ref", "topic"] },
  ),
  history: fc.record(
    {
      type: type("history"),
      ref: anyRef,
      topic: fc.string(),
      before: anyPosition,
      limit: anyOffset,
      since: anyOffset,
    },
    { requiredKeys: ["type", "ref", "topic"] },
  ),
  unsubscribe: fc.record({ type: type("unsubscribe"), ref: anyRef, topic: fc.string() }),
  publish: fc.record(
    {
      type: type("publish"),
      ref: anyRef,
      topic: fc.string(),
      event: fc.string(),
      data: anyData,
      id: anyId,
      excludeSelf: fc.boolean(),
    },
    { requiredKeys: ["type", "ref", "topic", "event", "data", "id"] },
  ),
  token: fc.record({ type: type("token"), ref: anyRef, token: fc.string() }),
  ping: fc.record({ type: type("ping") }),
  pong: fc.record({ type: type("pong") }),
} satisfies { [T in ClientMessage["type"]]: fc.Arbitrary<Extract<ClientMessage, { type: T }>> };

const serverMessages = {
  welcome: fc.record({ type: type("welcome"), idleTimeout: anyTime, maxMessageBytes: anyOffset }),
  subscribed: fc.record(
    { type: type("subscribed"), ref: anyRef, topic: anyName, position: anyPosition, gap: anyGapReason },
    { requiredKeys: ["type", "ref", "topic", "position"] },
  ),
  done: fc.record({ type: type("done"), ref: anyRef }),
  notification: fc.record(
    {
      type: type("notification"),
      topic: anyName,
      event: anyEvent,
      data: anyData,
      offset: anyOffset,
      time: anyTime,
      id: anyId,
    },
    { requiredKeys: ["type", "topic", "event", "data", "offset", "time"] },
  ),
  skip: fc.record({ type: type("skip"), topic: anyName, offset: anyOffset }),
  gap: fc.record({ type: type("gap"), topic: anyName, position: anyPosition, reason: anyGapReason }),
  head: fc.record({ type: type("head"), topic: anyName, position: anyPosition }),
  acknowledged: fc.record(
    {
      type: type("acknowledged"),
      ref: anyRef,
      position: fc.option(anyPosition, { nil: null }),
      data: anyData,
    },
    { requiredKeys: ["type", "ref", "position"] },
  ),
  error: fc.record(
    {
      type: type("error"),
      ref: anyRef,
      topic: anyName,
      code: anyCode,
      message: fc.string(),
      retryAfter: anyTime,
    },
    { requiredKeys: ["type", "code", "message"] },
  ),
  members: fc.record({
    type: type("members"),
    topic: anyName,
    members: fc.array(anyMember, { maxLength: 5 }),
    count: anyOffset,
  }),
  joined: fc.record({ type: type("joined"), topic: anyName, member: anyMember }),
  left: fc.record({ type: type("left"), topic: anyName, id: fc.string() }),
  expiring: fc.record({ type: type("expiring"), in: anyTime }),
  ping: fc.record({ type: type("ping") }),
  pong: fc.record({ type: type("pong") }),
  bye: fc.record(
    { type: type("bye"), code: anyCode, reason: fc.string(), retryAfter: anyTime },
    { requiredKeys: ["type", "code"] },
  ),
} satisfies { [T in ServerMessage["type"]]: fc.Arbitrary<Extract<ServerMessage, { type: T }>> };

const anyClientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(...Object.values(clientMessages));
const anyServerMessage: fc.Arbitrary<ServerMessage> = fc.oneof(...Object.values(serverMessages));

/** A message as text, field by field, so that a field can be repeated, forged or left out. */
function fieldsOf(message: ClientMessage | ServerMessage): [key: string, json: string][] {
  return Object.entries(message).map(([key, value]) => [key, JSON.stringify(value)]);
}

function textOf(
  message: ClientMessage | ServerMessage,
  fields: readonly (readonly [string, string])[],
): string {
  return message.type === "notification"
    ? `["n",${fields
        .slice(1)
        .map(([, json]) => json)
        .join(",")}]`
    : `{${fields.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(",")}}`;
}

type Damage = (text: string) => string;
const anyDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.constant<Damage>((text) => text),
  fc.constant<Damage>((text) => `\ufeff${text}`),
  fc.constant<Damage>((text) => `[${text}]`),
  fc.constant<Damage>((text) => text + text),
  fc.nat().map<Damage>((at) => (text) => text.slice(0, at % (text.length + 1))),
  fc.tuple(fc.nat(), fc.string({ unit: "binary", maxLength: 2 })).map<Damage>(([n, extra]) => (text) => {
    const at = n % (text.length + 1);
    return text.slice(0, at) + extra + text.slice(at + 1);
  }),
);

/** A message with a field forged, repeated, left out or added, or its text damaged. */
const forgeryOf = (anyMessage: fc.Arbitrary<ClientMessage | ServerMessage>) =>
  fc
    .tuple(
      anyMessage,
      fc.array(
        fc.record({
          act: fc.constantFrom("forge", "repeat", "omit", "add"),
          at: fc.nat(10),
          key: fc.constantFrom(...ODD_KEYS),
          json: fc.constantFrom(...ODD_TEXTS),
        }),
        { maxLength: 3 },
      ),
      anyDamage,
    )
    .map(([message, changes, damage]) => {
      const fields = fieldsOf(message);
      for (const { act, at, key, json } of changes) {
        const index = at % fields.length;
        const [name = key] = fields[index] ?? [];
        if (act === "forge") fields[index] = [name, json];
        else if (act === "repeat") fields.push([name, json]);
        else if (act === "add") fields.splice(index, 0, [key, json]);
        else if (fields.length > 1) fields.splice(index, 1);
      }
      return damage(textOf(message, fields));
    });

const forgeries = { client: forgeryOf(anyClientMessage), server: forgeryOf(anyServerMessage) };
const anyText = fc.oneof(
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...ODD_TEXTS)).map((parts) => `["n",${parts.join(",")}]`),
  },
  { weight: 3, arbitrary: forgeries.client },
  { weight: 3, arbitrary: forgeries.server },
);

/**
 * The texts that may describe a text that is no message. They name fields of the protocol, and
 * nothing of the text.
 */
const REASON = /^(not JSON|not a message|unknown type|n: bad (field|id)|[a-z]+: bad "[a-zA-Z]+")$/;

const isWhole = (value: unknown, least: number) => Number.isSafeInteger(value) && Number(value) >= least;
const isPosition = (value: unknown): value is Position => {
  const { epoch, offset } = (value ?? {}) as Record<string, unknown>;
  return isId(epoch) && isWhole(offset, 0);
};
/**
 * A hub echoes a client's position, and so takes of it nothing else; a client may find more in the
 * hub's.
 */
const isBarePosition = (value: unknown): boolean =>
  isPosition(value) && Object.keys(value).join() === "epoch,offset";

/** The rule for each field, in every message that has it. */
const FIELD_RULES: Readonly<Record<string, (value: unknown) => boolean>> = {
  ref: (value) => isWhole(value, 1),
  offset: (value) => isWhole(value, 0),
  maxMessageBytes: (value) => isWhole(value, 0),
  protocol: Number.isSafeInteger,
  session: isId,
  position: (value) => value === null || isPosition(value),
  time: Number.isFinite,
  idleTimeout: Number.isFinite,
  in: Number.isFinite,
  retryAfter: Number.isFinite,
  count: (value) => isWhole(value, 0),
  excludeSelf: (value) => typeof value === "boolean",
  limit: (value) => isWhole(value, 0),
  since: (value) => isWhole(value, 0),
  history: (value) =>
    Object.entries(value as object).every(
      ([key, bound]) => (key === "limit" || key === "since") && isWhole(bound, 0),
    ),
  code: (value) => Object.hasOwn(ERRORS, value as string),
};

const KEYS: Readonly<Record<string, readonly string[]>> = {
  hello: ["protocol", "session", "token"],
  subscribe: ["ref", "topic", "position", "history"],
  history: ["ref", "topic", "before", "limit", "since"],
  unsubscribe: ["ref", "topic"],
  publish: ["ref", "topic", "event", "data", "id", "excludeSelf"],
  token: ["ref", "token"],
  welcome: ["idleTimeout", "maxMessageBytes"],
  subscribed: ["ref", "topic", "position", "gap"],
  done: ["ref"],
  notification: ["topic", "event", "data", "offset", "time", "id"],
  skip: ["topic", "offset"],
  gap: ["topic", "position", "reason"],
  head: ["topic", "position"],
  acknowledged: ["ref", "position", "data"],
  error: ["ref", "topic", "code", "message", "retryAfter"],
  members: ["topic", "members", "count"],
  joined: ["topic", "member"],
  left: ["topic", "id"],
  expiring: ["in"],
  bye: ["code", "reason", "retryAfter"],
  ping: [],
  pong: [],
};

function expectUnpolluted(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}

describe.each(["client", "server"] as const)("decoding what a %s sent", (side) => {
  const decode: (text: string) => ReturnType<typeof decodeClientMessage | typeof decodeServerMessage> =
    side === "client" ? decodeClientMessage : decodeServerMessage;

  it("gives a message or a reason for any text, and never throws", () => {
    holds(
      fc.property(anyText, (text) => {
        const decoded = decode(text);
        if (decoded.ok) expect(Object.keys(KEYS)).toContain(decoded.message.type);
        else expect(decoded.reason).toMatch(REASON);
      }),
      10_000,
    );
    expectUnpolluted();
  });

  it("lets nothing through but the fields of the protocol, each as the protocol has it", () => {
    let understood = 0;
    holds(
      fc.property(forgeries[side], (text) => {
        const decoded = decode(text);
        if (!decoded.ok) return;
        understood += 1;
        const { type, ...fields } = decoded.message;
        if (type === "publish" || type === "notification") {
          expect(isId((fields as { id?: unknown }).id ?? "i")).toBe(true);
        }
        expect(Object.getPrototypeOf(decoded.message)).toBe(Object.prototype);
        for (const [key, value] of Object.entries(fields)) {
          expect(KEYS[type]).toContain(key);
          const bare = side === "client" && (key === "position" || key === "before");
          const rule = bare ? isBarePosition : FIELD_RULES[key];
          if (rule && !rule(value)) expect.fail(`${type}.${key} is ${JSON.stringify(value)}`);
        }
      }),
      10_000,
    );
    expect(understood).toBeGreaterThan(1_000);
    expectUnpolluted();
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{type:'ping'}"],
    ["a byte order mark", '\ufeff{"type":"ping"}'],
    ["null", "null"],
    ["a number", "1e999"],
    ["a string", '"ping"'],
    ["an array", '[{"type":"ping"}]'],
    ["an empty array", "[]"],
    ["an object without a type", "{}"],
    ["an unknown type", '{"type":"pingg"}'],
    ["a type that every object has", '{"type":"constructor"}'],
    ["the prototype as type", '{"type":"__proto__"}'],
    ["a type that is inherited", '{"__proto__":{"type":"ping"}}'],
    ["fields that are inherited", '{"type":"done","__proto__":{"ref":1}}'],
    ["a nesting of 100,000 arrays", "[".repeat(100_000) + "]".repeat(100_000)],
    ["a nesting of 100,000 objects", '{"x":'.repeat(100_000) + "0" + "}".repeat(100_000)],
    ["a nesting without an end", "[".repeat(100_000)],
    ["a megabyte of a type", JSON.stringify({ type: "x".repeat(1_000_000) })],
  ])("refuses %s", (_, text) => {
    const decoded = decode(text);
    expect(decoded.ok).toBe(false);
    if (!decoded.ok) expect(decoded.reason).toMatch(REASON);
    expectUnpolluted();
  });

  it("takes the last of a key that is there twice", () => {
    expect(decode('{"type":"bye","type":"ping"}')).toEqual({ ok: true, message: { type: "ping" } });
  });

  it("ignores keys it does not know", () => {
    expect(decode('{"type":"pong","__proto__":{"polluted":true},"constructor":1,"x":2}')).toEqual({
      ok: true,
      message: { type: "pong" },
    });
    expectUnpolluted();
  });
});

describe("fields of a client's message", () => {
  const hello = { type: "hello", protocol: 1, session: "s" };
  const subscribe = { type: "subscribe", ref: 1, topic: "t" };
  const publish = { type: "publish", ref: 1, topic: "t", event: "e", data: 1, id: "i" };
  const forged = (message: object, key: string, json: string) =>
    decodeClientMessage(`${JSON.stringify(message).slice(0, -1)},${JSON.stringify(key)}:${json}}`);

  it.each([
    [hello, "session", ["1", "null", '""', '"a b"', '"\\u0000"', '"\\ud800"', `"${"x".repeat(65)}"`, "[]"]],
    [hello, "protocol", ['"1"', "1.5", "1e999", "9007199254740993", "null"]],
    [hello, "token", ["1", "null", "{}", '["a"]']],
    [subscribe, "ref", ["0", "-0", "-1", "1.5", "1e999", "9007199254740993", '"1"', "null", "[1]"]],
    [subscribe, "topic", ["null", "1", '["t"]', '{"toString":1}']],
    [
      subscribe,
      "position",
      [
        "null",
        "1",
        "[]",
        "{}",
        '{"epoch":"e"}',
        '{"epoch":"e","offset":-1}',
        '{"epoch":"e","offset":1e999}',
        '{"epoch":"e","offset":9007199254740993}',
        '{"epoch":"","offset":1}',
        `{"epoch":"${"e".repeat(1_000_000)}","offset":1}`,
        '{"__proto__":{"epoch":"e","offset":1}}',
      ],
    ],
    [publish, "id", ['""', "1", '"a b"', '"\\n"', `"${"x".repeat(1_000_000)}"`, "null"]],
    [publish, "excludeSelf", ["1", '"true"', "null"]],
    [publish, "event", ["1", "null", "{}"]],
  ])("of %j is refused a bad %s", (message, key, values) => {
    for (const json of values) {
      const decoded = forged(message, key, json);
      expect(decoded, json.slice(0, 50)).toEqual({ ok: false, reason: `${message.type}: bad "${key}"` });
    }
  });

  it("take of a position the epoch and the offset, and nothing that may stand beside them", () => {
    const decoded = forged(
      subscribe,
      "position",
      '{"epoch":"e","offset":1,"__proto__":{"polluted":true},"x":2}',
    );
    expect(decoded).toEqual({ ok: true, message: { ...subscribe, position: { epoch: "e", offset: 1 } } });
    expect(JSON.stringify(decoded)).not.toMatch(/polluted|x/);
  });

  it("may name a session, a user's id or a topic like something that every object has", () => {
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(decodeClientMessage(JSON.stringify({ ...hello, session: name }))).toMatchObject({ ok: true });
      expect(decodeClientMessage(JSON.stringify({ ...subscribe, topic: name }))).toMatchObject({ ok: true });
    }
  });

  it("keep what JSON holds as data, whatever its keys", () => {
    const text = `{"type":"publish","ref":1,"topic":"t","event":"e","id":"i","data":{"__proto__":{"polluted":1},"\\ud800":[-0]}}`;
    const decoded = decodeClientMessage(text);
    if (!decoded.ok || decoded.message.type !== "publish") return expect.fail("not understood");
    expect(JSON.stringify(decoded.message.data)).toBe('{"__proto__":{"polluted":1},"\\ud800":[0]}');
    expectUnpolluted();
  });
});

describe("encoding", () => {
  it.each(Object.keys(clientMessages) as (keyof typeof clientMessages)[])(
    "and decoding a client's %s gives it back",
    (name) => {
      const anyMessage: fc.Arbitrary<ClientMessage> = clientMessages[name];
      const property = fc.property(anyMessage, (message) => {
        expect(decodeClientMessage(encodeClientMessage(message))).toEqual({ ok: true, message });
      });
      holds(property, 1_000);
    },
  );

  it.each(Object.keys(serverMessages) as (keyof typeof serverMessages)[])(
    "and decoding a hub's %s gives it back",
    (name) => {
      const anyMessage: fc.Arbitrary<ServerMessage> = serverMessages[name];
      const property = fc.property(anyMessage, (message) => {
        expect(decodeServerMessage(encodeServerMessage(message))).toEqual({ ok: true, message });
      });
      holds(property, 1_000);
    },
  );

  it("uses the JSON of the data when it is there", () => {
    const property = fc.property(serverMessages.notification, (message) => {
      const json = JSON.stringify(message.data);
      expect(encodeServerMessage({ ...message, data: "unused", json })).toBe(encodeServerMessage(message));
    });
    holds(property, 1_000);
  });
});

describe("a notification on a WebSocket", () => {
  /** The length of an unmasked frame's header (RFC 6455, section 5.2). */
  const frameHeader = (bytes: number) => (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);
  const overhead = (topic: string, event: string, data: unknown, offset: number, id?: string) => {
    const time = Date.UTC(2026, 5, 1, 12, 30, 15, 250);
    const message = { type: "notification", topic, event, data, offset, time, ...(id && { id }) } as const;
    const bytes = Buffer.byteLength(encodeServerMessage(message));
    return bytes + frameHeader(bytes) - Buffer.byteLength(topic + event + JSON.stringify(data));
  };

  it("costs at most 40 bytes beside the names and the data, frame included, up to the billionth offset", () => {
    const anyCase = fc.tuple(anyName, anyName, fc.string({ maxLength: 60_000 }), fc.nat(999_999_999));
    const property = fc.property(anyCase, ([topic, event, data, offset]) => {
      expect(overhead(topic, event, data, offset)).toBeLessThanOrEqual(40);
    });
    holds(property, 1_000);
    expect(overhead("workouts.42", "completed", { workoutId: "w1", calories: 320 }, 1)).toBe(30);
    expect(overhead("workouts.42", "completed", { text: "x".repeat(60_000) }, 999_999_999)).toBe(40);
  });

  it("costs three bytes and its length more with a publisher's id", () => {
    expect(overhead("workouts.42", "completed", 1, 1, "x".repeat(16))).toBe(30 + 3 + 16);
    expect(overhead("workouts.42", "completed", 1, 1, "x".repeat(64))).toBe(30 + 3 + 64);
  });
});

it("takes a gap of a reason that only a later hub knows for a gap, which must not be lost", () => {
  const text = '{"type":"gap","topic":"news.a","position":{"epoch":"e","offset":3},"reason":"moonshine"}';
  expect(decodeServerMessage(text)).toMatchObject({ ok: true, message: { reason: "moonshine" } });
});
