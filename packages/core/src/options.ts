/**
 * Checks option objects where they enter: an error names the option's path and the allowed values,
 * and never the given value.
 */
import { BellwireError } from "./errors.ts";

/** The rule for one option. `allowed` completes the sentence "must be …". */
export interface OptionRule {
  readonly allowed: string;
  readonly test: (value: unknown) => boolean;
}

/** The rules of an option object by key. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/**
 * A finite number of at least `least`, and whole unless it is milliseconds that may have a
 * fraction.
 */
export function atLeast(least: number): OptionRule {
  return {
    allowed: `a whole number of at least ${least}`,
    test: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  };
}

/** A time span above zero; it may have a fraction, and may be Infinity. */
export const milliseconds: OptionRule = {
  allowed: "milliseconds above 0",
  test: (value) => typeof value === "number" && value > 0,
};

/** An object that is no array. */
export const object: OptionRule = { allowed: "an object", test: isObject };

/** A function. */
export const callable: OptionRule = { allowed: "a function", test: (value) => typeof value === "function" };

/** true or false. */
export const flag: OptionRule = { allowed: "true or false", test: (value) => typeof value === "boolean" };

/** A string with at least one character. */
export const text: OptionRule = {
  allowed: "a non-empty string",
  test: (value) => typeof value === "string" && value !== "",
};

/** An object that has all the methods named. */
export function having(...methods: readonly [string, ...string[]]): OptionRule {
  return {
    allowed: `an object with ${methods.join(", ")}`,
    test: (value) => isObject(value) && methods.every((name) => typeof value[name] === "function"),
  };
}

/** One of the values listed. */
export function oneOf(...values: readonly string[]): OptionRule {
  return {
    allowed: values.map((value) => `"${value}"`).join(" or "),
    test: (value) => values.includes(value as string),
  };
}

/**
 * Checks that `options` is an object with only the keys of `rules`, each present one as its rule
 * says and the `required` ones present. Throws `invalid_option` with the path of the first that is
 * not.
 */
export function checkOptions(
  path: string,
  options: unknown,
  rules: OptionRules,
  required: readonly string[] = [],
): void {
  const fail = (where: string, allowed: string): never => {
    throw new BellwireError("invalid_option", `${where}: must be ${allowed}`);
  };
  if (!isObject(options)) return fail(path, object.allowed);
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(rules, key))
      fail(`${path}.${key}`, `absent; known options are ${Object.keys(rules).join(", ")}`);
  }
  for (const [key, rule] of Object.entries(rules)) {
    const value = optionOf(options, key);
    if (value === undefined ? required.includes(key) : !rule.test(value))
      fail(`${path}.${key}`, rule.allowed);
  }
}

/** Whether a value is an object that is no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * An option as all code reads it: the object's own, or inherited, as from a class with getters; but
 * never what every object inherits, for options by topic may have a topic named "constructor".
 */
export function optionOf(options: object, key: string): unknown {
  if (key in Object.prototype && !Object.hasOwn(options, key)) return undefined;
  return (options as Readonly<Record<string, unknown>>)[key];
}

/**
 * The defaults, overridden by the given options. An option given as undefined stays at its default.
 */
export function withDefaults<T extends object>(defaults: T, given: Partial<T> = {}): T {
  const set = Object.entries(defaults).map(([key, value]) => [key, optionOf(given, key) ?? value] as const);
  return Object.fromEntries(set) as T;
}
