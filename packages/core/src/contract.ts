/**
 * The contract: one typed map of topics and events, shared by client and server. Types flow from it
 * to every `publish`, `subscribe` and `on`; schemas in it are run where data enters.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { CommandDefinition, EventDefinition, TopicMap } from "./contract-types.ts";
import { BellwireError } from "./errors.ts";
import { callable, checkOptions, having, type OptionRule } from "./options.ts";
import { isEventName, isName, type TopicParams } from "./protocol/names.ts";
import { indexPatterns, type Pattern, parsePattern } from "./protocol/patterns.ts";
import { explainTopic } from "./protocol/unknown-topic.ts";

export type * from "./contract-types.ts";

/**
 * A schema that carries a type and checks nothing: for contracts by types alone. `completed: type<{
 * calories: number }>()`.
 */
export function type<T>(): StandardSchemaV1<T, T> {
  return { "~standard": { version: 1, vendor: "bellwire", validate: (value) => ({ value: value as T }) } };
}

/**
 * An event without offset and history, such as typing or a cursor. Clients that are not connected,
 * or behind, never receive it.
 */
export function volatile<S extends StandardSchemaV1>(schema: S): EventDefinition<S, "volatile"> {
  return { schema, kind: "volatile" };
}

/**
 * An event of which only the newest counts, such as progress or a score: a slow consumer gets the
 * newest of each key. Throws `invalid_option`.
 */
export function conflated<S extends StandardSchemaV1>(
  schema: S,
  options: { readonly key?: (data: StandardSchemaV1.InferOutput<S>) => string } = {},
): EventDefinition<S, "conflated"> {
  checkOptions("conflated", options, { key: callable });
  return { schema, kind: "conflated", ...(options.key && { key: options.key as (data: never) => string }) };
}

/**
 * An event that clients publish and `hub.handle` takes; it is never logged, nobody hears it, and
 * without a handler it is refused with `unknown_event`. `returns` is what the handler's answer must
 * satisfy, at the hub and again at the client that asked, whose `publish` resolves with it; by
 * default nothing. `command(volatile(…))` does not wait in the outbox while the client is away.
 *
 * @example defineTopics({ "workouts.{userId}": { start: command(z.object({ kind: z.string() }),
 *   z.object({ id: z.string() })) } })
 */
export function command<S extends StandardSchemaV1>(
  schema: S | EventDefinition<S, "volatile">,
): CommandDefinition<S, StandardSchemaV1<void, void>>;
export function command<S extends StandardSchemaV1, R extends StandardSchemaV1>(
  schema: S | EventDefinition<S, "volatile">,
  returns: R,
): CommandDefinition<S, R>;
export function command(
  schema: StandardSchemaV1 | EventDefinition<StandardSchemaV1, "volatile">,
  returns: StandardSchemaV1 = type<void>() as StandardSchemaV1,
): CommandDefinition {
  return { ...(isSchema(schema) ? { schema, kind: "logged" } : schema), returns };
}

/**
 * A topic as the contract's look-up finds it. It never changes, so that it may be kept for as long
 * as the topic is in use.
 */
export interface TopicMatch {
  /** The first in the order of definition that the topic matches. */
  readonly pattern: string;
  readonly params: TopicParams;
  /**
   * The events that the contract declares for the pattern, by name; `"*"` for all others, where it
   * takes them.
   */
  readonly events: ReadonlyMap<string, EventDefinition>;
  /**
   * The definition of an event of this topic; undefined when the contract takes no event of that
   * name.
   */
  event(name: string): EventDefinition | undefined;
}

/** A contract; made by {@link defineTopics}, given to `createHub` and `createChannel`. */
export interface Contract<M extends TopicMap = TopicMap> {
  readonly map: M;
  /**
   * Looks a topic up, once for all that is asked of it; undefined when it is off the grammar or
   * matches no pattern.
   */
  find(topic: string): TopicMatch | undefined;
  /** Explains to people why a topic is not found; names it, cut to a bound. */
  explain(topic: string): string;
}

/**
 * Topics whose look-up a contract remembers; the one found first is forgotten first. At most about
 * 1 MB.
 */
const REMEMBERED = 1_000;

/** A contract as an option. */
export const contractRule: OptionRule = {
  allowed: "what defineTopics returns",
  test: (value) => having("find", "explain").test(value) && isMap((value as { map?: unknown }).map),
};

/**
 * Makes a contract. Throws a {@link BellwireError} `invalid_option` that names the path of the
 * error.
 *
 * @example defineTopics({ "workouts.{userId}": { completed: z.object({ calories: z.number() }),
 * typing: volatile(type<{}>()) } })
 */
export function defineTopics<const M extends TopicMap>(map: M): Contract<M> {
  if (!isMap(map)) throw new BellwireError("invalid_option", "topics: must be an object of topic patterns");
  const entries = Object.entries(map).map(([pattern, events]) => ({
    pattern,
    parsed: patternOf(pattern),
    ...eventsOf(pattern, events),
  }));
  const look = indexPatterns(entries.map(({ parsed }) => parsed));
  const remembered = new Map<string, TopicMatch>();
  const find = (topic: string): TopicMatch | undefined => {
    const before = remembered.get(topic);
    if (before) return before;
    const found = isName(topic) ? look(topic) : undefined;
    if (!found) return undefined;
    const { pattern, events, event } = entries[found.index] as (typeof entries)[number];
    // Handlers and `authorize` are given the parameters, and those of one must not change
    // another's.
    const match: TopicMatch = { pattern, params: Object.freeze(found.params), events, event };
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    remembered.set(topic, match);
    return match;
  };
  return {
    map,
    find,
    explain: explainTopic,
  };
}

function patternOf(pattern: string): Pattern {
  try {
    return parsePattern(pattern);
  } catch {
    throw new BellwireError(
      "invalid_option",
      `topics["${pattern}"]: must be 1 to 164 of A-Z a-z 0-9 _ - = @ , . ; with {names} for parameters, different and apart, and not start with $ # pusher __`,
    );
  }
}

function eventsOf(pattern: string, events: TopicMap[string]): Pick<TopicMatch, "events" | "event"> {
  const path = `topics["${pattern}"]`;
  if (!isMap(events)) throw new BellwireError("invalid_option", `${path}: must be an object of events`);
  const map = new Map(
    Object.entries(events).map(([event, value]): [string, EventDefinition] => {
      const fail = (allowed: string): never => {
        throw new BellwireError("invalid_option", `${path}.${event}: must be ${allowed}`);
      };
      if (event !== "*" && !isEventName(event))
        return fail(
          "named by 1 to 200 printable characters, and not start with pusher: bellwire: bellwire- __",
        );
      const definition = isSchema(value) ? { schema: value, kind: "logged" as const } : value;
      if (!isDefinition(definition))
        return fail("a Standard Schema, type(), volatile(), conflated() or command()");
      return [event, definition];
    }),
  );
  const others = map.get("*");
  return {
    events: map,
    event: others
      ? (name) => (isEventName(name) ? (map.get(name) ?? others) : undefined)
      : (name) => map.get(name),
  };
}

/** An object of values by name. A schema in its place is a contract with one level left out. */
function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isSchema(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

/**
 * Recognized by the standard's own key: schemas of some libraries have a `kind` of their own, and
 * some are functions.
 */
function isSchema(value: unknown): value is StandardSchemaV1 {
  if (!isObject(value)) return false;
  const standard = value["~standard"];
  return isObject(standard) && typeof standard.validate === "function";
}

function isDefinition(value: unknown): value is EventDefinition {
  if (!isObject(value) || !isSchema(value.schema)) return false;
  const { kind, key, returns } = value;
  const known = kind === "logged" || kind === "volatile" || (kind === "conflated" && returns === undefined);
  return (
    known && (key === undefined || typeof key === "function") && (returns === undefined || isSchema(returns))
  );
}

/**
 * Runs a schema: the value as the schema made it, or a promise of it where the schema is
 * asynchronous. Throws or rejects with `invalid_data`. Its message names paths only and may travel;
 * its `cause` is the schema's issues, which often quote values.
 */
export function validate(schema: StandardSchemaV1, data: unknown): unknown {
  const result = schema["~standard"].validate(data);
  return result instanceof Promise ? result.then(valueOf) : valueOf(result);
}

/**
 * The data as JSON. Throws `invalid_data` for what JSON cannot hold: undefined, a function, a
 * cycle, a nesting without end.
 */
export function jsonOf(data: unknown): string {
  let cause: unknown;
  try {
    const json: string | undefined = JSON.stringify(data);
    if (json !== undefined) return json;
  } catch (error) {
    cause = error;
  }
  throw new BellwireError("invalid_data", "data: must be JSON", { cause });
}

function valueOf(result: StandardSchemaV1.Result<unknown>): unknown {
  if (!result.issues) return result.value;
  const paths = result.issues.slice(0, 3).map(({ path = [] }) => {
    // A library's own kind of array may not survive `map`: an empty one of arktype's comes back as
    // [0].
    const keys = Array.from(path, (part) => String(typeof part === "object" ? part.key : part));
    // Keys come from the data, too: one of a megabyte would travel and be held for slow consumers.
    return ["data", ...keys].join(".").slice(0, 100);
  });
  const where = Array.from(new Set(paths)).join(", ");
  throw new BellwireError("invalid_data", `${where}: must satisfy the contract`, { cause: result.issues });
}
