/**
 * JSON as texts, so that it can be what no value can: keys twice, numbers out of range, half a
 * surrogate, no end to nesting.
 */
import type { Random } from "@bellwire/core/conformance";
import { times, type Weighted, weighted } from "./chance.ts";

/** An object before it is text: keys may come twice, and values are JSON or something like it. */
export type Fields = (readonly [key: string, json: string])[];

/** The text of an object. */
export function objectText(fields: Fields): string {
  return `{${fields.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(",")}}`;
}

const ODD: readonly string[] = [
  "null",
  "true",
  "false",
  "[]",
  "{}",
  '""',
  "0",
  "-0",
  "-1",
  "0.5",
  "1e999",
  "-1e999",
  "1e-400",
  "9007199254740993",
  "9007199254740991",
  "1e30",
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '"hasOwnProperty"',
  '"toString"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u2028"',
  '"\\r\\nx: y\\r\\n\\r\\n"',
  '"\u{1f600}"',
  '"*"',
  '"news.*"',
  '"news.{name}"',
  '"$news"',
  '"#news"',
  '"pusher:x"',
  '"__news"',
  '"../../etc/passwd"',
  '"news."',
  '"%00"',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toJSON":"x"}',
  '{"then":1}',
  '{"length":1e9}',
  '{"a":1,"a":2}',
  '{"_placeholder":true,"num":0}',
  '{"_placeholder":true,"num":1e9}',
  '{"type":"Buffer","data":[1]}',
];

const DEPTHS: Weighted<number> = [
  [20, 10],
  [20, 100],
  [10, 1_000],
  [10, 4_000],
  [5, 30_000],
  [1, 100_000],
];

/** Something nested so often. */
export function nested(random: Random): string {
  const depth = weighted(random, DEPTHS);
  if (random.chance(0.5)) return "[".repeat(depth) + "]".repeat(depth);
  return '{"a":'.repeat(depth >> 2) + "1" + "}".repeat(depth >> 2);
}

const LENGTHS: Weighted<number> = [
  [30, 65],
  [30, 165],
  [20, 201],
  [20, 1_025],
  [8, 11_000],
  [4, 65_000],
  [4, 65_530],
  [1, 1_048_577],
];

/** A long string. */
export function long(random: Random): string {
  return `"${random.pick(["a", "-", ".", "é", "\\u0000"]).repeat(weighted(random, LENGTHS))}"`;
}

/** A value that nobody expects, whatever it is for. */
export function hostileValue(random: Random): string {
  const draw = random.int(100);
  if (draw < 80) return random.pick(ODD);
  if (draw < 86) return nested(random);
  if (draw < 92) return long(random);
  if (draw < 96) return `[${times(random.int(6), () => random.pick(ODD)).join(",")}]`;
  return objectText(
    times(random.int(5), () => [random.pick(["a", "__proto__", "id", ""]), random.pick(ODD)]),
  );
}

/**
 * Changes fields so that they are no longer what they should be: once mostly, sometimes more often.
 */
export function mutatedFields(random: Random, fields: Fields): Fields {
  const changed: Fields = [...fields];
  do {
    const at = random.int(Math.max(1, changed.length));
    const [key, json] = changed[at] ?? ["type", '"hello"'];
    const change = random.int(10);
    if (change < 5) changed[at] = [key, hostileValue(random)];
    else if (change === 5) changed.splice(at, 1);
    else if (change === 6) changed.push([key, hostileValue(random)]);
    else if (change === 7) changed.unshift([key, hostileValue(random)]);
    else if (change === 8)
      changed.push([random.pick(["__proto__", "constructor", "x", ""]), hostileValue(random)]);
    else changed[at] = [random.pick(["Type", "typ", "__proto__", "toString"]), json];
  } while (random.chance(0.2));
  return changed;
}

/** Damages a text as a bad wire or a bad program would. */
export function damagedText(random: Random, text: string): string {
  const at = random.int(text.length + 1);
  switch (random.int(9)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text + random.pick(["}", ",", "\u0000", "x", " null", text]);
    case 2:
      return `\ufeff${text}`;
    case 3:
      return (
        text.slice(0, at) + random.pick(["\u0000", '"', "\\", "{", "\n", "\u{1f4a9}"]) + text.slice(at + 1)
      );
    case 4:
      return `[${text}]`;
    case 5:
      return JSON.stringify(text);
    case 6:
      return "";
    case 7:
      return `  \n${text}\t`;
    default:
      return hostileValue(random);
  }
}
