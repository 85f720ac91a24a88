/** The parts of the Socket.IO transport that need no socket. */
import { encodeServerMessage, type ServerMessage } from "@bellwire/core/adapter";
import fc from "fast-check";
import { Decoder } from "socket.io-parser";
import { describe, expect, it } from "vitest";
import { eventPacket } from "../src/connection/encoding.ts";
import { readInbound } from "../src/connection/inbound.ts";
import { packetOf } from "../src/connection/packet.ts";
import { stockCommand } from "../src/stock/commands.ts";
import { stockAnswer, stockEvent } from "../src/stock/events.ts";

const property = (check: fc.IProperty<unknown[]>): void => {
  fc.assert(check, { seed: 20_260_101, numRuns: 5_000 });
  fc.assert(check, { numRuns: 5_000 });
};

describe("a packet", () => {
  it("is read by the library's own decoder as the same event, whatever the data", () => {
    const names = fc.stringMatching(/^[A-Za-z0-9_=@,.;-]{1,20}$/);
    const check = fc.property(
      names,
      fc.array(fc.jsonValue()),
      fc.constantFrom("/", "/bellwire"),
      (name, args, nsp) => {
        fc.pre(!["connect", "disconnect"].includes(name));
        const decoder = new Decoder();
        const decoded: unknown[] = [];
        decoder.on("decoded", (packet) => decoded.push(packet));
        const event = `event:${name}`;
        decoder.add(
          eventPacket(
            nsp,
            event,
            args.map((arg) => JSON.stringify(arg)),
          ),
        );
        expect(decoded).toEqual([
          { type: 2, nsp, data: [event, ...(JSON.parse(JSON.stringify(args)) as unknown[])] },
        ]);
      },
    );
    fc.assert(check, { seed: 20_260_101, numRuns: 500 });
    fc.assert(check, { numRuns: 500 });
  });

  it.each([
    [0, 2],
    [124, 2],
    [125, 4],
    [65_534, 4],
    [65_535, 10],
    [200_000, 10],
  ])("of %i characters is one final text frame with a header of %i bytes", (length, header) => {
    const { text, bytes, options } = packetOf("x".repeat(length));
    const [frame] = options.wsPreEncodedFrame;
    expect([text.length, bytes, frame.length]).toEqual([length, length + 1 + header, length + 1 + header]);
    expect([frame[0], frame[1]]).toEqual([0x81, header === 2 ? length + 1 : header === 4 ? 126 : 127]);
    if (header === 4) expect(frame.readUInt16BE(2)).toBe(length + 1);
    if (header === 10) expect(frame.readBigUInt64BE(2)).toBe(BigInt(length + 1));
    expect(frame.subarray(header).toString()).toBe(`4${text}`);
  });

  it("counts characters outside ASCII in bytes", () => {
    const [frame] = packetOf("ä".repeat(100)).options.wsPreEncodedFrame;
    expect([frame.length, frame[1], frame.readUInt16BE(2)]).toEqual([205, 126, 201]);
  });
});

describe("an inbound value", () => {
  it("gives a message, or a reason that does not quote it, and never an exception", () => {
    const message = fc.record(
      {
        type: fc.constantFrom("hello", "subscribe", "publish", "ping", "token", "__proto__", "x"),
        ref: fc.oneof(fc.integer(), fc.double(), fc.constant(1)),
        topic: fc.string(),
        event: fc.string(),
        id: fc.string(),
        data: fc.jsonValue(),
        position: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    property(
      fc.property(fc.oneof(message, fc.jsonValue(), fc.anything()), (value) => {
        const read = readInbound(value, 1_000);
        if (read.ok) expect(read.bytes).toBeLessThanOrEqual(1_000);
        else expect(read.reason.length).toBeLessThan(60);
      }),
    );
  });

  it("is refused when it contains bytes, however deep", () => {
    const publish = (data: unknown) => ({ type: "publish", ref: 1, topic: "a", event: "b", id: "c", data });
    for (const bytes of [
      Buffer.from("x"),
      new Uint8Array(1),
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
    ]) {
      expect(readInbound(publish({ a: [{ b: bytes }] }), 1_000)).toMatchObject({
        ok: false,
        reason: "binary",
      });
    }
    expect(readInbound(publish({ a: [{ b: "x" }] }), 1_000)).toMatchObject({ ok: true });
  });

  it("may have exactly the limit in bytes of UTF-8, and not one more", () => {
    const ping = { type: "ping", pad: "ä" };
    const size = Buffer.byteLength(JSON.stringify(ping));
    expect(readInbound(ping, size)).toMatchObject({ ok: true, bytes: size });
    expect(readInbound(ping, size - 1)).toMatchObject({ ok: false, code: "too_large" });
  });
});

describe("a stock client's events", () => {
  const id = (): string => "made";

  it("become messages of the protocol", () => {
    const position = { epoch: "e", offset: 1 };
    expect(stockCommand("subscribe", ["a"], 1, id)).toEqual({ type: "subscribe", ref: 1, topic: "a" });
    expect(stockCommand("subscribe", ["a", { position, other: 1 }], 2, id)).toEqual({
      type: "subscribe",
      ref: 2,
      topic: "a",
      position,
    });
    const subscribe = { type: "subscribe", ref: 2, topic: "a" };
    expect(stockCommand("subscribe", ["a", { history: 5 }], 2, id)).toEqual({
      ...subscribe,
      history: { limit: 5 },
    });
    const since = { history: { since: 7 } };
    expect(stockCommand("subscribe", ["a", since], 2, id)).toEqual({ ...subscribe, ...since });
    expect(stockCommand("history", ["a", { before: position, limit: 3, other: 1 }], 2, id)).toEqual({
      type: "history",
      ref: 2,
      topic: "a",
      before: position,
      limit: 3,
    });
    expect(stockCommand("unsubscribe", ["a"], 3, id)).toEqual({ type: "unsubscribe", ref: 3, topic: "a" });
    const publish = { type: "publish", ref: 4, topic: "a", event: "b", data: 7 };
    expect(stockCommand("publish", ["a", "b", 7], 4, id)).toEqual({ ...publish, id: "made" });
    const options = { id: "own", excludeSelf: true, ref: 9 };
    expect(stockCommand("publish", ["a", "b", 7, options], 4, id)).toEqual({
      ...publish,
      id: "own",
      excludeSelf: true,
    });
    expect(stockCommand("token", ["t"], 5, id)).toEqual({ type: "token", ref: 5, token: "t" });
  });

  it("cannot become any other message of the protocol", () => {
    for (const event of ["hello", "ping", "pong", "bellwire", "", 7, null, {}, ["subscribe"]]) {
      expect(stockCommand(event, [{ type: "hello" }], 1, id)).toBeUndefined();
    }
  });

  it("are answered by acknowledgements, and other messages of the hub are events", () => {
    const position = { epoch: "e", offset: 1 };
    const answers: [ServerMessage, unknown][] = [
      [
        { type: "subscribed", ref: 1, topic: "a", position },
        { ok: true, position },
      ],
      [
        { type: "subscribed", ref: 1, topic: "a", position, gap: "epoch" },
        { ok: true, position, gap: "epoch" },
      ],
      [{ type: "done", ref: 1 }, { ok: true }],
      [
        { type: "acknowledged", ref: 1, position: null, data: 0 },
        { ok: true, position: null, data: 0 },
      ],
      [
        { type: "error", ref: 1, code: "forbidden", message: "no" },
        { ok: false, code: "forbidden", message: "no" },
      ],
      [{ type: "error", code: "forbidden", message: "no" }, undefined],
      [{ type: "ping" }, undefined],
    ];
    for (const [message, answer] of answers) expect(stockAnswer(message)).toEqual(answer);
    for (const type of ["ping", "pong"] as const) expect(stockEvent({ type }, "e")).toBeUndefined();
    expect(stockEvent({ type: "skip", topic: "a", offset: 1 }, "e")).toBeUndefined();
    expect(stockEvent({ type: "gap", topic: "a", position, reason: "overflow" }, "e")).toEqual({
      name: "bellwire:gap",
      args: [JSON.stringify({ topic: "a", position, reason: "overflow" })],
    });
  });

  it("never get a name that Socket.IO reserves: it becomes event:name", () => {
    for (const event of [
      "connect",
      "connect_error",
      "disconnect",
      "disconnecting",
      "newListener",
      "removeListener",
    ]) {
      const message = { type: "notification", topic: "a", event, data: 1, offset: 1, time: 1 } as const;
      expect(stockEvent(message, "e")?.name).toBe(`event:${event}`);
      expect(encodeServerMessage(message)).toContain(`"${event}"`);
    }
    const error = { type: "notification", topic: "a", event: "error", data: 1, offset: 1, time: 1 } as const;
    expect(stockEvent(error, "e")?.name).toBe("error");
  });
});
