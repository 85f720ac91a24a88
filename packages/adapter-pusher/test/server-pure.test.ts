/** The pure parts of the adapter: signatures, names, metadata, and readers of frames and bodies. */
import { type Notified, type ServerMessage, TokenBucket } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch, readTrigger } from "../src/api/published-event.ts";
import { type ApiRequest, judgeRequest } from "../src/api/request-auth.ts";
import { pusherClose } from "../src/connection/close-number.ts";
import { judgeTarget } from "../src/connection/target.ts";
import { DATA_KEY, METADATA_KEY, splitMetadata, withMetadata } from "../src/hosted/metadata.ts";
import { channelClass, userOfChannel } from "../src/protocol/channel-name.ts";
import { errorData, readErrorData } from "../src/protocol/pusher-error.ts";
import {
  bodyDigest,
  channelText,
  isSignature,
  requestText,
  sign,
  userText,
} from "../src/protocol/signature.ts";
import { readFrame } from "../src/stock/commands.ts";
import { gapText } from "../src/stock/events.ts";
import { FanOut } from "../src/stock/fan-out.ts";
import { MemberIds } from "../src/stock/member-id.ts";
import { Senders } from "../src/stock/senders.ts";
import { judgeSignin, judgeSubscription } from "../src/stock/verdict.ts";

/** The app of Pusher's own documentation. */
const docs = { id: "3", key: "278d425bdf160c739803", secret: "7ad3773142a6692b25b8" };

describe("a signature", () => {
  it.each([
    [
      "of a private channel",
      channelText("1234.1234", "private-foobar"),
      "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4",
    ],
    [
      "of a presence channel",
      channelText("1234.1234", "presence-foobar", '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'),
      "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80",
    ],
    [
      "of a user",
      userText("1234.1234", '{"id":"12345"}'),
      "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba",
    ],
  ])("%s is the documented one", (_, text, signature) => {
    expect(sign(docs.secret, text)).toBe(signature);
    expect(isSignature(docs.secret, text, signature)).toBe(true);
  });

  it("of a request is the documented one", () => {
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    expect(bodyDigest(body)).toBe("ec365a775a4cd0599faeb73354201b6f");
    const text = requestText("POST", "/apps/3/events", [
      ["body_md5", bodyDigest(body)],
      ["auth_version", "1.0"],
      ["auth_key", docs.key],
      ["auth_signature", "is not signed"],
      ["auth_timestamp", "1353088179"],
    ]);
    expect(sign(docs.secret, text)).toBe("da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c");
  });

  it.each([
    undefined,
    null,
    7,
    "",
    "58df",
    "z".repeat(64),
    "5".repeat(63),
    `${"5".repeat(64)}\n`,
    "58DF8B0C36D6982B82C3ECF6B4662E34FE8C25BBA48F5369F135BF843651C3A4",
  ])("is not %j", (signature) => {
    expect(isSignature(docs.secret, "1234.1234:private-foobar", signature)).toBe(false);
  });
});

describe("a channel's name", () => {
  it.each([
    ["news", "public", false, false],
    ["cache-news", "public", false, true],
    ["private-news", "private", false, false],
    ["private-cache-news", "private", false, true],
    ["private-encrypted-news", "private", true, false],
    ["private-encrypted-cache-news", "private", true, true],
    ["presence-news", "presence", false, false],
    ["presence-cache-news", "presence", false, true],
    ["x-private-news", "public", false, false],
    ["x-cache-private-news", "public", false, false],
    ["cache-private-news", "public", false, true],
    ["private", "public", false, false],
    ["Private-news", "public", false, false],
  ] as const)("%s is %s, encrypted: %s, cache: %s", (name, access, encrypted, cache) => {
    expect(channelClass(name)).toEqual({ access, encrypted, cache });
  });

  it("reveals the user of a user's own channel", () => {
    expect(userOfChannel("#server-to-user-a b/ä")).toBe("a b/ä");
    expect(userOfChannel("#server-to-user-")).toBeUndefined();
    expect(userOfChannel("x#server-to-user-1")).toBeUndefined();
  });
});

describe("metadata", () => {
  const metadata = { offset: 7, epoch: "e1", time: 1_700_000_000_000 };

  it("is one more key of an object", () => {
    expect(withMetadata('{"n":1}', metadata)).toBe(
      '{"n":1,"$bellwire":{"offset":7,"epoch":"e1","time":1700000000000}}',
    );
    expect(withMetadata("{}", { ...metadata, id: "i" })).toBe(
      '{"$bellwire":{"offset":7,"epoch":"e1","time":1700000000000,"id":"i"}}',
    );
  });

  it.each(['"123"', '"{}"', "7", "null", "true", "[1]", '""'])(
    "wraps %s, which a client would decode twice or not know what to do with",
    (json) => {
      const text = withMetadata(json, metadata);
      expect(Object.keys(JSON.parse(text) as object)).toEqual([DATA_KEY, METADATA_KEY]);
      expect(splitMetadata(JSON.parse(text))).toEqual({ data: JSON.parse(json) as unknown, metadata });
    },
  );

  it("comes apart again, whatever the data", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom(DATA_KEY, METADATA_KEY, "__proto__", "constructor"));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("list"), tie("map")),
      leaf: fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
      list: fc.array(tie("tree"), { maxLength: 3 }),
      map: fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
    }));
    fc.assert(
      fc.property(tree, fc.nat(), fc.option(fc.constant("id-1"), { nil: undefined }), (data, offset, id) => {
        const json = JSON.stringify(data);
        const whole = { ...metadata, offset, ...(id !== undefined && { id }) };
        const split = splitMetadata(JSON.parse(withMetadata(json, whole)));
        expect(split.metadata).toEqual(whole);
        expect(JSON.stringify(split.data)).toBe(json);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    null,
    7,
    "x",
    [],
    {},
    { [METADATA_KEY]: null },
    { [METADATA_KEY]: { offset: -1, epoch: "e", time: 1 } },
    { [METADATA_KEY]: { offset: 1, epoch: "", time: 1 } },
    { [METADATA_KEY]: { offset: 1, epoch: "e", time: "1" } },
    { [METADATA_KEY]: { offset: 1, epoch: "e", time: 1, id: "a b" } },
  ])("is not found in %j, which stays as it is", (value) => {
    expect(splitMetadata(value)).toEqual({ data: value, metadata: undefined });
  });
});

describe("pusher:error", () => {
  it("carries Bellwire's code beside Pusher's number", () => {
    const error = { code: "forbidden", message: "no", channel: "private-x" } as const;
    expect(errorData(error)).toEqual({ ...error, code: null, reason: "forbidden" });
    expect(readErrorData(JSON.parse(JSON.stringify(errorData({ ...error, number: 4301 }))))).toEqual({
      ...error,
      number: 4301,
    });
    expect(readErrorData({ code: null, message: "hosted" })).toEqual({ message: "hosted" });
    expect(readErrorData("x")).toEqual({});
  });
});

describe("what a client sends", () => {
  it.each([
    ['{"event":"pusher:ping","data":{}}', { kind: "ping" }],
    ['{"event":"pusher:pong"}', { kind: "pong" }],
    [
      '{"event":"pusher:subscribe","data":{"auth":"","channel":"news"}}',
      { kind: "subscribe", channel: "news", auth: undefined, channelData: undefined },
    ],
    [
      '{"event":"pusher:subscribe","data":{"auth":"k:s","channel":"presence-x","channel_data":"{}"}}',
      { kind: "subscribe", channel: "presence-x", auth: "k:s", channelData: "{}" },
    ],
    ['{"event":"pusher:unsubscribe","data":{"channel":"news"}}', { kind: "unsubscribe", channel: "news" }],
    [
      '{"event":"pusher:signin","data":{"auth":"k:s","user_data":"{}"}}',
      { kind: "signin", auth: "k:s", userData: "{}" },
    ],
    [
      '{"event":"client-x","channel":"private-a","data":{"n":1}}',
      { kind: "event", event: "client-x", channel: "private-a", data: { n: 1 } },
    ],
  ])("%s is understood", (text, frame) => {
    expect(readFrame(text)).toEqual({ ok: true, frame });
  });

  it.each([
    "",
    "null",
    "[]",
    "7",
    "\ufeff{}",
    "{",
    "{}",
    '{"event":7}',
    '{"event":"pusher:subscribe"}',
    '{"event":"pusher:subscribe","data":"{\\"channel\\":\\"news\\"}"}',
    '{"event":"pusher:subscribe","data":"\\"{\\\\\\"channel\\\\\\":1}\\""}',
    '{"event":"pusher:subscribe","data":[]}',
    '{"event":"pusher:subscribe","data":{"channel":7}}',
    '{"event":"pusher:subscribe","data":{"channel":"a","auth":7}}',
    '{"event":"pusher:subscribe","data":{"channel":"presence-a","auth":"k:s","channel_data":{"user_id":"1"}}}',
    '{"event":"pusher:subscribe","data":{"__proto__":{"channel":"news"}}}',
    '{"event":"pusher:signin","data":{"auth":"k:s","user_data":{"id":"1"}}}',
    '{"event":"pusher:unsubscribe","data":{}}',
    '{"event":"pusher:connection_established","data":{}}',
    '{"event":"pusher_internal:member_added","channel":"presence-a","data":{}}',
    '{"event":"completed","channel":"private-a","data":{}}',
    '{"event":"x-client-y","channel":"private-a","data":{}}',
    '{"event":"client-x","data":{}}',
    '{"event":"client-x","channel":["private-a"],"data":{}}',
  ])("%s is refused in words that do not repeat it", (text) => {
    const read = readFrame(text);
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toMatch(/news|k:s|private-a|user_id/);
  });

  it("never throws for any text", () => {
    const event = fc.record(
      { event: fc.anything(), channel: fc.anything(), data: fc.anything() },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      event.map((value) => JSON.stringify(value) ?? ""),
    );
    fc.assert(
      fc.property(text, (given) => void readFrame(given)),
      { numRuns: 2_000 },
    );
    expect(readFrame("[".repeat(60_000)).ok).toBe(false);
    expect(
      readFrame(`{"event":"client-x","channel":"private-a","data":${"[".repeat(9_000)}${"]".repeat(9_000)}}`)
        .ok,
    ).toBe(true);
  });
});

describe("a subscription's signature", () => {
  const base = { socketId: "1234.1234", channel: "private-foobar", channelData: undefined, user: undefined };
  const auth = (text: string, app = docs) => `${app.key}:${sign(app.secret, text)}`;
  const own = auth("1234.1234:private-foobar");

  it("lets in", () => {
    expect(judgeSubscription(docs, { ...base, auth: own })).toEqual({ ok: true, value: {} });
  });

  it.each([
    ["none", undefined],
    ["empty", ""],
    ["another app's", auth("1234.1234:private-foobar", { ...docs, key: "other" })],
    ["another secret's", auth("1234.1234:private-foobar", { ...docs, secret: "other" })],
    ["another socket's", auth("1234.1235:private-foobar")],
    ["another channel's", auth("1234.1234:private-foobaz")],
    ["a signature over data that was not sent", auth("1234.1234:private-foobar:{}")],
    ["a signature without its key", own.slice(docs.key.length)],
    ["a signature with a character too many", `${own}0`],
    ["a user's", auth(userText("1234.1234", "private-foobar"))],
  ])("refuses %s", (_, given) => {
    const verdict = judgeSubscription(docs, { ...base, auth: given });
    expect(verdict).toMatchObject({ ok: false, error: { code: "forbidden", channel: "private-foobar" } });
    expect(JSON.stringify(verdict)).not.toContain(own.slice(docs.key.length + 1));
  });

  const presence = (channelData: string) =>
    judgeSubscription(docs, {
      ...base,
      channel: "presence-a",
      channelData,
      auth: auth(channelText("1234.1234", "presence-a", channelData)),
    });

  it("names the member of a presence channel, with a string as its id", () => {
    expect(presence('{"user_id":"u1","user_info":{"name":"Ann"}}')).toEqual({
      ok: true,
      value: { member: { id: "u1", info: { name: "Ann" } } },
    });
    expect(presence('{"user_id":10}')).toEqual({ ok: true, value: { member: { id: "10", numeric: true } } });
    expect(presence('{"user_id":"__proto__"}')).toEqual({ ok: true, value: { member: { id: "__proto__" } } });
  });

  it.each([
    "",
    "x",
    "null",
    "7",
    "[]",
    "{}",
    '{"user_id":""}',
    '{"user_id":null}',
    '{"user_id":{}}',
    '{"__proto__":{"user_id":"1"}}',
    `{"user_id":"${"x".repeat(129)}"}`,
    `{"user_id":"1","user_info":"${"x".repeat(11_000)}"}`,
  ])("refuses channel_data that is %s", (channelData) => {
    expect(presence(channelData)).toMatchObject({ ok: false, error: { code: "forbidden" } });
  });

  it("uses the signed-in user when there is no channel_data", () => {
    const channel = "presence-a";
    const subscription = { ...base, channel, auth: auth(channelText("1234.1234", channel)) };
    const user = { id: "u1", info: 7 };
    expect(judgeSubscription(docs, { ...subscription, user })).toEqual({ ok: true, value: { member: user } });
    expect(judgeSubscription(docs, subscription).ok).toBe(false);
  });

  it("lets a user sign in with an id that is a string", () => {
    const signin = (data: string) => judgeSignin(docs, "1234.1234", auth(userText("1234.1234", data)), data);
    expect(signin('{"id":"12345","user_info":{"name":"Ann"},"watchlist":["2"]}')).toEqual({
      ok: true,
      value: { id: "12345", info: { name: "Ann" } },
    });
    for (const data of ['{"id":12345}', '{"id":""}', "{}", "null", "x"]) {
      expect(signin(data)).toMatchObject({ ok: false, error: { code: "unauthorized" } });
    }
    expect(judgeSignin(docs, "1.1", auth(userText("1.2", '{"id":"1"}')), '{"id":"1"}').ok).toBe(false);
  });
});

describe("a request to the HTTP API", () => {
  const now = 1_353_088_179;
  const body = Buffer.from('{"name":"foo"}');

  /** A request that is signed as a library does it, after `change`. */
  function signed(
    change: Partial<ApiRequest> & { parameters?: Record<string, string>; signedPath?: string } = {},
  ) {
    const request: ApiRequest = { method: "POST", path: "/apps/3/events", query: "", body, now, ...change };
    const parameters = {
      auth_key: docs.key,
      auth_timestamp: `${now}`,
      auth_version: "1.0",
      ...(request.body.length > 0 && { body_md5: bodyDigest(request.body) }),
      ...change.parameters,
    };
    const text = requestText(request.method, change.signedPath ?? request.path, Object.entries(parameters));
    const all = { ...parameters, auth_signature: sign(docs.secret, text) };
    const query = Object.entries(all)
      .map(([key, value]) => `${key}=${value}`)
      .join("&");
    return { ...request, query };
  }

  it("is accepted with a correct signature, up to 600 seconds early or late", () => {
    for (const at of [now, now - 600, now + 600])
      expect(judgeRequest(docs, signed({ now: at })).ok).toBe(true);
  });

  it.each([
    ["601 seconds late", signed({ now: now + 601 })],
    ["601 seconds early", signed({ now: now - 601 })],
    ["without a timestamp", signed({ parameters: { auth_timestamp: "" } })],
    ["with a timestamp that is no number", signed({ parameters: { auth_timestamp: "1e9" } })],
    ["of another app", signed({ parameters: { auth_key: "other" } })],
    ["of another version", signed({ parameters: { auth_version: "2.0" } })],
    ["with another body", { ...signed(), body: Buffer.from('{"name":"bar"}') }],
    ["with a body whose digest is not signed", signed({ parameters: { body_md5: "" } })],
    ["with another path", { ...signed(), path: "/apps/3/batch_events" }],
    ["with another method", { ...signed(), method: "GET" }],
    ["with another parameter", { ...signed(), query: `${signed().query}&info=user_count` }],
    ["without a signature", { ...signed(), query: signed().query.replace(/&auth_signature=.*/, "") }],
    ["with an empty query", { ...signed(), query: "" }],
  ])("is refused %s", (_, request) => {
    const verdict = judgeRequest(docs, request);
    expect(verdict.ok).toBe(false);
    expect(JSON.stringify(verdict)).not.toContain(docs.secret);
  });

  it("may be signed over the path in plain or escaped form, with values that are escaped only for transfer", () => {
    const path = "/apps/3/users/a%20b/terminate_connections";
    expect(judgeRequest(docs, signed({ path, signedPath: decodeURIComponent(path) })).ok).toBe(true);
    expect(judgeRequest(docs, signed({ path })).ok).toBe(true);
    const get = signed({
      method: "GET",
      path: "/apps/3/channels",
      body: Buffer.alloc(0),
      parameters: { filter_by_prefix: "presence-a,b c" },
    });
    for (const query of [
      get.query,
      get.query.replace("a,b c", "a%2Cb%20c"),
      get.query.replace("a,b c", "a%2Cb+c"),
    ]) {
      const verdict = judgeRequest(docs, { ...get, query });
      expect(verdict.ok && verdict.parameters.get("filter_by_prefix")).toBe("presence-a,b c");
    }
  });

  it("keeps a plus that was signed as a plus", () => {
    const verdict = judgeRequest(docs, signed({ parameters: { filter_by_prefix: "a+b" } }));
    expect(verdict.ok && verdict.parameters.get("filter_by_prefix")).toBe("a+b");
  });
});

describe("what a server publishes", () => {
  const event = { name: "done", channel: "news", data: "{}" };

  it("is read with its data parsed if it is JSON, and as text otherwise", () => {
    const data = (text: string) => {
      const events = readTrigger(JSON.stringify({ ...event, data: text }));
      return Array.isArray(events) ? events[0]?.data : events;
    };
    expect(data('{"n":1}')).toEqual({ n: 1 });
    expect(data('"{\\"n\\":1}"')).toBe('{"n":1}');
    expect(data("123")).toBe(123);
    expect(data("hello")).toBe("hello");
    expect(data("")).toBe("");
  });

  it("goes to one or several channels, to each once", () => {
    const names = (body: object) => {
      const events = readTrigger(JSON.stringify(body));
      return Array.isArray(events) ? events.map(({ channel }) => channel) : events;
    };
    expect(names(event)).toEqual(["news"]);
    expect(names({ name: "done", data: "{}", channels: ["a", "b", "a"] })).toEqual(["a", "b"]);
    const many = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);
    expect(names({ name: "done", data: "{}", channels: many(100) })).toHaveLength(100);
    expect(names({ name: "done", data: "{}", channels: many(101) })).toMatchObject({ status: 400 });
  });

  it.each([
    ["data as an object", { data: { n: 1 } }, 400],
    ["no data", { data: undefined }, 400],
    ["too much data", { data: "x".repeat(10_241) }, 413],
    ["more bytes than characters", { data: "ä".repeat(5_121) }, 413],
    ["no name", { name: undefined }, 400],
    ["a name of the protocol", { name: "pusher:subscribe" }, 400],
    ["a name off the grammar", { name: "a\nb" }, 400],
    ["a channel off the grammar", { channel: "a b" }, 400],
    ["a reserved channel", { channel: "#x" }, 400],
    ["a name that is too long", { channel: "x".repeat(165) }, 400],
    ["no channel", { channel: undefined }, 400],
    ["a channel that is no string", { channel: 7 }, 400],
    ["a socket id with a line break", { socket_id: "1.1\n" }, 400],
    ["an illegal socket id", { socket_id: "1" }, 400],
    ["info that is no string", { info: ["user_count"] }, 400],
  ])("is refused with %s", (_, change, status) => {
    const changed = { ...event, ...change };
    expect(readTrigger(JSON.stringify(changed))).toMatchObject({ status });
    expect(readBatch(JSON.stringify({ batch: [event, changed] }))).toMatchObject({ status });
  });

  it("is at most ten events in a batch", () => {
    const batch = (count: number) =>
      readBatch(JSON.stringify({ batch: Array.from({ length: count }, () => event) }));
    expect(batch(10)).toHaveLength(10);
    expect(batch(11)).toMatchObject({ status: 400 });
    expect(batch(0)).toEqual([]);
  });

  it.each([
    "",
    "null",
    "[]",
    "7",
    "{",
    '{"batch":7}',
    '{"batch":[null]}',
    '{"channels":{}}',
    '{"channels":[]}',
  ])("is not %s", (body) => {
    expect(readTrigger(body)).toMatchObject({ status: 400 });
    expect(readBatch(body)).toMatchObject({ status: 400 });
  });
});

describe("a connection", () => {
  it.each([
    [`${docs.key}?protocol=7&client=js&version=8.6.0&flash=false`, undefined],
    [`${docs.key}?protocol=5`, undefined],
    [`${docs.key}?protocol=8`, 4007],
    [`${docs.key}?protocol=4`, 4007],
    [`${docs.key}?protocol=seven`, 4007],
    [`${docs.key}?protocol=7.1`, 4007],
    [`${docs.key}?client=js`, 4008],
    [docs.key, 4008],
    [`other?protocol=7`, 4001],
    [`?protocol=7`, 4001],
    [`${docs.key}/x?protocol=7`, 4001],
  ])("to /app/%s is closed with %s", (target, number) => {
    expect(judgeTarget(docs, target)?.number).toBe(number);
  });

  it.each([
    "normal",
    "draining",
    "overloaded",
    "timeout",
    "slow_consumer",
    "malformed",
    "unauthorized",
    "forbidden",
    "rate_limited",
    "internal",
    "too_large",
    "link_lost",
  ] as const)(
    "that the hub closes with %s gets no number at which clients never come back, unless they should not",
    (code) => {
      const { number, reason } = pusherClose({ code, retryAfter: 1_500 });
      expect(number).toBeLessThan(4_300);
      expect(number >= 4_000 && number < 4_100).toBe(["normal", "unauthorized", "forbidden"].includes(code));
      expect(reason).toBe(`${code};retryAfter=1500`);
    },
  );
});

describe("an allowance", () => {
  it("allows a burst, then a rate per second, and saves up at most one burst", () => {
    const allowance = new TokenBucket(10, 3, 0);
    const taken = (now: number) =>
      Array.from({ length: 5 }, () => allowance.take(1, now)).filter((ms) => ms === 0).length;
    expect([taken(0), taken(99), taken(200), taken(60_000)]).toEqual([3, 0, 2, 3]);
  });
});

describe("a batch for many connections", () => {
  const notification = (offset: number, rest: object = {}): Notified => ({
    type: "notification",
    topic: "news",
    event: "done",
    data: { n: offset },
    json: `{"n":${offset}}`,
    offset,
    time: 5,
    ...rest,
  });
  const standing = (live: boolean, name = "news") => new Map([[name, { live }]]);
  /** The texts in the frames, all of which are short. */
  const texts = (frames: Buffer | undefined): string[] => {
    const found: string[] = [];
    for (let at = 0; frames && at < frames.length; ) {
      const short = frames.readUInt8(at + 1);
      const start = short < 126 ? at + 2 : at + 4;
      const length = short < 126 ? short : frames.readUInt16BE(at + 2);
      found.push(frames.toString("utf8", start, start + length));
      at = start + length;
    }
    return found;
  };

  it("is encoded once for all whose channels are live", () => {
    const fanOut = new FanOut(new Senders(), new MemberIds());
    const batch = [
      notification(1),
      { type: "head", topic: "news", position: { epoch: "e", offset: 1 } },
    ] as const;
    const one = fanOut.encode(batch, standing(true));
    expect(texts(one)).toEqual(['{"event":"done","channel":"news","data":"{\\"n\\":1}"}']);
    expect(fanOut.encode(batch, standing(true))).toBe(one);
  });

  it("is handled message by message where a channel is not live", () => {
    const fanOut = new FanOut(new Senders(), new MemberIds());
    const batch = [notification(1)];
    expect(fanOut.encode(batch, standing(false))).toBeUndefined();
    expect(fanOut.encode(batch, new Map())).toBeUndefined();
    const frames = fanOut.encode(batch, standing(true));
    expect(fanOut.encode(batch, standing(false))).toBeUndefined();
    expect(fanOut.encode(batch, standing(true))).toBe(frames);
    expect(fanOut.encode([notification(2)], new Map())).toBeUndefined();
  });

  it.each<ServerMessage>([
    { type: "welcome", idleTimeout: 1, maxMessageBytes: 1 },
    { type: "subscribed", ref: 1, topic: "news", position: { epoch: "e", offset: 0 } },
    { type: "members", topic: "news", members: [], count: 0 },
    { type: "gap", topic: "news", position: { epoch: "e", offset: 0 }, reason: "epoch" },
    { type: "acknowledged", ref: 1, position: null },
    { type: "error", code: "internal", message: "x" },
  ])("is handled message by message when it holds $type", (message) => {
    expect(
      new FanOut(new Senders(), new MemberIds()).encode([notification(1), message], standing(true)),
    ).toBeUndefined();
  });

  it("has an event for a gap, with the reason and without a position", () => {
    const position = { epoch: "e", offset: 7 };
    expect(gapText({ type: "gap", topic: "news", position, reason: "overflow" })).toBe(
      '{"event":"bellwire:gap","channel":"news","data":"{\\"reason\\":\\"overflow\\"}"}',
    );
  });

  it("names the sender of a client event, and of no other event with its id", () => {
    const senders = new Senders();
    const fanOut = new FanOut(senders, new MemberIds());
    const sent = { topic: "presence-a", event: "client-x", id: "i", json: '{"n":1}' };
    senders.remember(sent, "ann");
    const name = (message: Notified) =>
      (
        JSON.parse(texts(fanOut.encode([message], standing(true, message.topic)))[0] ?? "{}") as {
          user_id?: string;
        }
      ).user_id;
    expect(name(notification(1, sent))).toBe("ann");
    expect(name(notification(2, { ...sent, json: '{"n":2}' }))).toBeUndefined();
    expect(name(notification(3, { ...sent, topic: "presence-b" }))).toBeUndefined();
    expect(name(notification(4, { ...sent, id: undefined }))).toBeUndefined();
  });
});
