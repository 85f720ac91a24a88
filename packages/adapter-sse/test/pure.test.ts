/** The parts without a connection: event text, cursors, the order of commands, translation. */

import { type Position } from "@bellwire/core";
import { isEventName, type ServerMessage } from "@bellwire/core/adapter";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventText } from "../src/connection/event-text.ts";
import { readCommands } from "../src/native/commands.ts";
import { Inbox, WAITING_COMMANDS } from "../src/native/inbox.ts";
import { Cursor, readCursor } from "../src/stock/cursor.ts";
import { translate } from "../src/stock/events.ts";

function parsed(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
}

const epoch = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 64,
});
const topic = fc.stringMatching(/^t[A-Za-z0-9_\-=@,.;]{1,40}$/);
const position = fc.record({ epoch, offset: fc.nat() });

describe("event text", () => {
  it("carries any data through a parser, with every line break as LF", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("\r", "\n", "a", ":", " ", "é", "\0") }), (data) => {
        expect(parsed(eventText({ event: "e", id: "1", data }))).toEqual([
          { event: "e", id: "1", data: data.replace(/\r\n?/g, "\n") },
        ]);
      }),
    );
  });

  it.each(["a\nb", "a\rb", "a\r\ndata: forged", "a\0", "\u0085"])(
    "refuses %j as an id or an event",
    (value) => {
      expect(() => eventText({ id: value, data: "" })).toThrow(RangeError);
      expect(() => eventText({ event: value, data: "" })).toThrow(RangeError);
    },
  );

  it.each(["order:shipped", "App\\Events\\OrderShipped", 'said "hello"', ": comment", "заказ", "🔔"])(
    "carries an event called %j through a parser",
    (event) => {
      expect(isEventName(event)).toBe(true);
      expect(parsed(eventText({ event, id: "1", data: "x" }))).toEqual([{ event, id: "1", data: "x" }]);
    },
  );

  it.each(["\u2028", "é"])("refuses %j as an id, because ids come back in a header", (id) => {
    expect(() => eventText({ id, data: "" })).toThrow(RangeError);
  });
});

describe("cursor", () => {
  it("reads every position that it was made of, for the topics asked for", () => {
    fc.assert(
      fc.property(fc.dictionary(topic, position, { noNullPrototype: true, maxKeys: 20 }), (positions) => {
        const entries = new Map(Object.entries(positions));
        if (entries.size === 0) return;
        const { text } = new Cursor(entries);
        expect(text).toMatch(/^[!-~]+$/);
        expect(readCursor(text, [...entries.keys(), "another"])).toEqual(entries);
      }),
    );
  });

  it("never throws, whatever a client sends, and reads nothing but positions", () => {
    const made = fc.array(
      fc.constantFrom("a", ":", "/", "%", "%zz", "%0a", "9", "1n4k7x", "99999999999999999", "-1"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          made.map((parts) => parts.join("")),
        ),
        (text) => {
          for (const { epoch: read, offset } of readCursor(text, ["a", "b"])?.values() ?? []) {
            expect(read).toMatch(/^[!-~]{1,64}$/);
            expect(Number.isSafeInteger(offset)).toBe(true);
          }
        },
      ),
    );
  });

  it("refuses one that is too long unread", () => {
    expect(readCursor("a:b:1/".repeat(1_000_000), ["a"])).toBeUndefined();
  });
});

describe("order of commands", () => {
  const sized = (value: number) => ({ value, bytes: 1 });

  it("delivers every command once, in order, however requests are cut, shuffled and repeated", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }).chain((sizes) => {
          let first = 1;
          const requests = sizes.map((size) => {
            const commands = Array.from({ length: size }, (_, index) => sized(first + index));
            first += size;
            return { first: first - size, commands };
          });
          return fc.shuffledSubarray([...requests, ...requests], { minLength: 2 * requests.length });
        }),
        (requests) => {
          const seen: number[] = [];
          const inbox = new Inbox<{ value: number; bytes: number }>(({ value }) => seen.push(value), 1_000);
          for (const { first, commands } of requests) expect(inbox.take(first, commands)).toBe(true);
          const total = Math.max(...requests.map(({ first, commands }) => first + commands.length - 1));
          expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
        },
      ),
    );
  });

  it("bounds the commands and the bytes that wait for an earlier command", () => {
    const seen: number[] = [];
    const inbox = new Inbox<{ value: number; bytes: number }>(({ value }) => seen.push(value), 100);
    const many = Array.from({ length: WAITING_COMMANDS + 1 }, (_, index) => sized(index + 2));
    expect(inbox.take(2, many)).toBe(false);
    expect(inbox.take(2, [{ value: 2, bytes: 101 }])).toBe(false);
    expect(inbox.take(2, [{ value: 2, bytes: 100 }])).toBe(true);
    expect(inbox.take(3, [{ value: 3, bytes: 1 }])).toBe(false);
    expect(inbox.take(1, [{ value: 1, bytes: 1_000 }])).toBe(true);
    expect(seen).toEqual([1, 2]);
  });
});

describe("reading commands", () => {
  it("takes any JSON array and nothing else, and never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const commands = readCommands(Buffer.from(JSON.stringify(values)));
        expect(commands?.map(({ text }) => JSON.parse(text) as unknown)).toEqual(
          JSON.parse(JSON.stringify(values)),
        );
      }),
    );
    for (const bad of ["", "{}", "null", "[", "1", "[1,]", "\uFEFF"])
      expect(readCommands(Buffer.from(bad))).toBeUndefined();
    expect(readCommands(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).toBeUndefined();
  });

  it("survives nesting of any depth", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(() => readCommands(Buffer.from(`[${deep},1]`))).not.toThrow();
  });
});

describe("translation for stock clients", () => {
  const at = (offset: number): Position => ({ epoch: "e", offset });
  const cursor = new Cursor(
    new Map([
      ["a", at(1)],
      ["b", at(7)],
    ]),
  );
  const notification = (name: string, offset: number): ServerMessage => ({
    type: "notification",
    topic: name,
    event: "done",
    data: { n: 1 },
    offset,
    time: 0,
  });

  it("gives every notification an id that resumes all topics", () => {
    const { text } = translate([notification("b", 8), notification("a", 2)], cursor);
    const [first, second] = parsed(text);
    expect(first).toMatchObject({ event: "done", data: '{"n":1}' });
    expect(readCursor(first?.id ?? "", ["a", "b"])).toEqual(
      new Map([
        ["a", at(1)],
        ["b", at(8)],
      ]),
    );
    expect(readCursor(second?.id ?? "", ["a", "b"])).toEqual(
      new Map([
        ["a", at(2)],
        ["b", at(8)],
      ]),
    );
  });

  it("gives a volatile notification no id", () => {
    const { text, cursor: after } = translate([notification("a", 0)], cursor);
    expect(parsed(text)).toEqual([{ event: "done", id: undefined, data: '{"n":1}' }]);
    expect(after.text).toBe(cursor.text);
  });

  it("reports a gap, also when the topic is ahead of the stream", () => {
    const gap = { type: "gap", topic: "a", position: { epoch: "f", offset: 3 }, reason: "epoch" } as const;
    expect(parsed(translate([gap], cursor).text)[0]).toMatchObject({ event: "bellwire-gap" });
    const head = { type: "head", topic: "b", position: at(9) } as const;
    const [event] = parsed(translate([head], cursor).text);
    expect(JSON.parse(event?.data ?? "")).toEqual({ topic: "b", reason: "transport", position: at(9) });
    expect(translate([{ ...head, position: at(7) }], cursor).text).toBe("");
  });

  it("moves past skipped offsets without an event", () => {
    const { text, cursor: after } = translate([{ type: "skip", topic: "a", offset: 4 }], cursor);
    expect([text, after.at("a")]).toEqual(["", at(4)]);
  });

  it("drops a topic whose subscription the hub ended", () => {
    const error = { type: "error", topic: "a", code: "forbidden", message: "no" } as const;
    const { text, cursor: after } = translate([error, notification("a", 2)], cursor);
    expect(parsed(text).map(({ event }) => event)).toEqual(["bellwire-error"]);
    expect(after.topics).toEqual(["b"]);
  });
});
