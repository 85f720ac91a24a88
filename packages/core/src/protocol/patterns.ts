/**
 * Topic patterns: parsed once, looked up in time that grows with the topic and not with how many
 * patterns there are.
 */
import { isName, type TopicParams } from "./names.ts";

/**
 * A pattern, taken apart. Each of its segments, which dots separate, is its literals: a parameter
 * stands between two of them.
 */
export interface Pattern {
  readonly names: readonly string[];
  readonly segments: readonly (readonly string[])[];
}

/** The result of a look-up: the index of the pattern, and the values of its parameters. */
export interface Found {
  readonly index: number;
  readonly params: TopicParams;
}

/**
 * Parses `workouts.{userId}`. A parameter stands for one or more characters other than `.`; where a
 * segment has several, the first takes as much as it can, then the second. Throws a TypeError when
 * the pattern itself is off the grammar, or when it is ambiguous: two parameters have one name, or
 * nothing between them.
 */
export function parsePattern(pattern: string): Pattern {
  const names: string[] = [];
  const literal = pattern.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    names.push(name);
    return "=";
  });
  if (!isName(literal) || new Set(names).size < names.length || pattern.includes("}{"))
    throw new TypeError(`"${pattern}" is not a topic pattern`);
  return { names, segments: pattern.split(".").map((segment) => segment.split(/\{\w+\}/)) };
}

/**
 * Patterns whose segments have their parameters in the same places, by what stands around those
 * places.
 */
interface Shape {
  /**
   * For each segment how many characters stand before the first parameter and after the last; null:
   * it has no parameter.
   */
  readonly around: readonly (readonly [number, number] | null)[];
  /**
   * The indices of the patterns in the order of definition. Those of one key differ only between
   * two parameters of a segment.
   */
  readonly byKey: Map<string, number[]>;
}

/**
 * Makes the look-up of a topic, which must be a name: the first of the patterns that it matches. A
 * look-up asks one hash table for each shape among the patterns with as many segments as the topic,
 * and costs time in proportion to the topic's length; only patterns alike but for what stands
 * between two parameters of one segment are tried one by one (50 ns each).
 */
export function indexPatterns(patterns: readonly Pattern[]): (topic: string) => Found | undefined {
  const shapes = new Map<string, Shape>();
  const byCount = new Map<number, Shape[]>();
  patterns.forEach(({ segments }, index) => {
    const around = segments.map((literals) =>
      literals.length > 1 ? ([first(literals).length, last(literals).length] as const) : null,
    );
    const shape = at(shapes, JSON.stringify(around), () => {
      const made: Shape = { around, byKey: new Map() };
      at(byCount, segments.length, (): Shape[] => []).push(made);
      return made;
    });
    const key = segments.map((literals) =>
      literals.length > 1 ? `${first(literals)}{${last(literals)}` : first(literals),
    );
    at(shape.byKey, key.join("."), (): number[] => []).push(index);
  });
  return (topic) => {
    const parts = topic.split(".");
    let found: Found | undefined;
    for (const { around, byKey } of byCount.get(parts.length) ?? []) {
      for (const index of byKey.get(keyOf(parts, around)) ?? []) {
        if (found && found.index < index) break;
        const params = paramsOf(patterns[index] as Pattern, parts);
        if (params) found = { index, params };
      }
    }
    return found;
  };
}

/**
 * The text around the places of parameters in a topic; an impossible key where a parameter would be
 * empty.
 */
function keyOf(parts: readonly string[], around: Shape["around"]): string {
  let key = "";
  for (let n = 0; n < parts.length; n++) {
    const part = parts[n] as string;
    const [before, after] = around[n] ?? [part.length, -1];
    if (after >= 0 && part.length <= before + after) return "}";
    key += n > 0 ? "." : "";
    key += after < 0 ? part : `${part.slice(0, before)}{${part.slice(part.length - after)}`;
  }
  return key;
}

function paramsOf({ names, segments }: Pattern, parts: readonly string[]): TopicParams | undefined {
  const values: string[] = [];
  for (let n = 0; n < segments.length; n++) {
    if (!cut(parts[n] as string, segments[n] as readonly string[], values)) return undefined;
  }
  return Object.fromEntries(names.map((name, index) => [name, values[index] as string]));
}

/**
 * Cuts a part at the literals and adds what is between them. From the right, each literal is taken
 * where it occurs last: that leaves most to the parameters on the left, and if there is no room
 * then, there is none in any other way.
 */
function cut(part: string, literals: readonly string[], values: string[]): boolean {
  const [head, tail] = [first(literals), last(literals)];
  if (literals.length === 1) return part === head;
  if (!part.startsWith(head) || !part.endsWith(tail)) return false;
  const from = values.length;
  let end = part.length - tail.length;
  for (let n = literals.length - 2; n >= 0; n--) {
    const literal = literals[n] as string;
    const start = n > 0 ? part.lastIndexOf(literal, end - literal.length - 1) : 0;
    const after = start + literal.length;
    if (start < 0 || after >= end) return false;
    values.splice(from, 0, part.slice(after, end));
    end = start;
  }
  return true;
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

const first = (literals: readonly string[]): string => literals[0] as string;
const last = (literals: readonly string[]): string => literals[literals.length - 1] as string;
