/** Deliveries and reads give an entry exactly as it was appended, through every instance. */
import assert from "node:assert/strict";
import type { NewEntry } from "../../server/index.ts";
import type { BackplaneCase } from "./backplane-case.ts";
import { type BackplaneContext, TOPIC } from "./backplane-context.ts";
import { comparable } from "./heard.ts";

/** Appends entries with these fields, and fails unless each is delivered and read unchanged. */
async function carries(context: BackplaneContext, variants: readonly Partial<NewEntry>[]): Promise<void> {
  const listeners = await context.listenEverywhere(TOPIC);
  const expected = [];
  for (const [n, fields] of variants.entries()) {
    const entry = context.entry(fields);
    const { offset } = await context.append(TOPIC, entry, n);
    expected.push(comparable({ ...entry, offset }));
  }
  for (const [n, heard] of listeners.entries()) {
    await heard.count(variants.length);
    assert.deepEqual(heard.entries, expected, "the deliveries");
    assert.deepEqual(await context.log(TOPIC, n), expected, "the log");
  }
}

export const content: readonly BackplaneCase[] = [
  {
    name: "carries event, time, id and excluded session, and adds no field that was absent",
    async run(context) {
      await carries(context, [
        {},
        { id: "a" },
        { exclude: "b" },
        { id: "a", publisher: "user 1", exclude: "b" },
        { id: "c", publisher: "user 1" },
        { time: 0 },
        { time: 8_640_000_000_000_000 },
        { id: "!~\"'\\%{}$`", exclude: "~!*?[]:;|" },
        { id: "i".repeat(64), exclude: "e".repeat(64), event: "E".repeat(200) },
        { event: "App\\Events\\OrderShipped" },
        { event: "completed: half, 'more' or \"less\" (50 %)" },
        { event: "Überraschung \u{1F514} 終わり" },
      ]);
    },
  },
  {
    name: "carries empty and plain data",
    async run(context) {
      const texts = ["null", "true", "false", "0", "-0", "1e300", '""', "{}", "[]", '" "', '"0"'];
      await carries(
        context,
        texts.map((json) => ({ json })),
      );
    },
  },
  {
    name: "carries the text of the data byte for byte, without writing it anew",
    async run(context) {
      const texts = [
        '{ "b" : 1.0, "a" : 1e2, "b" : 2 }',
        "12345678901234567890.000000000000000001",
        '"\\u0000 \\ud800 \\/ \\u00e9"',
        '{"__proto__":{"a":1},"":[[],{}]}',
        " [1,\n\t2]\r\n",
      ];
      await carries(
        context,
        texts.map((json) => ({ json })),
      );
    },
  },
  {
    name: "carries every kind of character",
    async run(context) {
      const texts = [
        "héllo wörld",
        "\u{1F468}\u200D\u{1F469}\u200D\u{1F467} \u{1F1E9}\u{1F1EA}",
        "e\u0301 and \u00e9",
        "שלום \u202E مرحبا",
        "\u2028 \u2029 \uFEFF \u007F \u0085",
        "\u{10FFFF} \uFFFD \uFFFF",
        "'; DROP TABLE entries; -- %s $1 ?",
        "*3\r\n$3\r\nSET\r\n",
      ];
      await carries(
        context,
        texts.map((text) => ({ json: JSON.stringify(text) })),
      );
    },
  },
  {
    name: "carries data of 64 KiB, many times over",
    async run(context) {
      const texts = ["x", "\u{1F514}", "é", "\\"].map((text) => {
        const each = Buffer.byteLength(JSON.stringify(text)) - 2;
        return JSON.stringify(text.repeat(Math.floor(65_534 / each)));
      });
      await carries(
        context,
        texts.map((json) => ({ json })),
      );
    },
  },
];
