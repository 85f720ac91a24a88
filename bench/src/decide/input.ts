/**
 * Checks what users give as JSON: a wrong value names its path and what is allowed, and never
 * repeats the value.
 */

/** Something that the user gave is not what it must be. */
export class InvalidInput extends Error {
  /** Where it is: `requirements.users`, `prices.servers[0].cores`. */
  readonly path: string;
  /** The end of the sentence "must be …". */
  readonly allowed: string;

  constructor(path: string, allowed: string) {
    super(`${path}: must be ${allowed}`);
    this.name = "InvalidInput";
    this.path = path;
    this.allowed = allowed;
  }
}

/** The rule for a value. */
export interface Rule {
  readonly allowed: string;
  readonly test: (value: unknown) => boolean;
}

/** A plain object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A number of at least `least`; with a fraction unless `whole`. */
export function numberFrom(least: number, kind: "whole" | "any" = "any"): Rule {
  return {
    allowed: `a ${kind === "whole" ? "whole " : ""}number of at least ${least}`,
    test: (value) =>
      typeof value === "number" &&
      (kind === "whole" ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
      value >= least,
  };
}

/** One of the words. */
export function oneOf(...words: readonly string[]): Rule {
  return {
    allowed: words.map((word) => `"${word}"`).join(" or "),
    test: (value) => words.includes(value as string),
  };
}

/** Some of the words, at least one. */
export function someOf(...words: readonly string[]): Rule {
  return {
    allowed: `a list with at least one of ${words.map((word) => `"${word}"`).join(", ")}`,
    test: (value) => Array.isArray(value) && value.length > 0 && value.every((one) => words.includes(one)),
  };
}

/** A rule that permits null as well. */
export function orNull(rule: Rule): Rule {
  return { allowed: `${rule.allowed}, or null`, test: (value) => value === null || rule.test(value) };
}

/** true or false. */
export const flag: Rule = { allowed: "true or false", test: (value) => typeof value === "boolean" };

/** A text with at least one character. */
export const text: Rule = {
  allowed: "a non-empty string",
  test: (value) => typeof value === "string" && value.trim() !== "",
};

/** A day. */
export const day: Rule = {
  allowed: 'a day such as "2026-11-21"',
  test: (value) =>
    typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
};

/** A page on the web, or a path in this repository. */
export const address: Rule = {
  allowed: "an https address, or a path from the root of this repository",
  test: (value) => typeof value === "string" && /^(https:\/\/\S+|[\w.-]+(\/[\w.-]+)*(#\S+)?)$/.test(value),
};

/** Any list. */
export const list: Rule = { allowed: "a list", test: Array.isArray };

/** Whether a value is an object that is no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks that `value` is an object with exactly the keys of `rules`, those `optional` aside, each
 * as its rule says. Throws {@link InvalidInput} for the first that is not.
 */
export function checkObject(
  path: string,
  value: unknown,
  rules: Readonly<Record<string, Rule>>,
  optional: readonly string[] = [],
): asserts value is JsonObject {
  if (!isObject(value)) throw new InvalidInput(path, "an object");
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(rules, key))
      throw new InvalidInput(`${path}.${key}`, `absent; known are ${Object.keys(rules).join(", ")}`);
  }
  for (const [key, rule] of Object.entries(rules)) {
    const given = value[key];
    if (given === undefined ? !optional.includes(key) : !rule.test(given))
      throw new InvalidInput(`${path}.${key}`, rule.allowed);
  }
}

/** JSON text as a value. Throws {@link InvalidInput} when it is none. */
export function parseJson(path: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new InvalidInput(path, "JSON");
  }
}
