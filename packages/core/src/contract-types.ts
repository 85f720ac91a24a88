/** The types of a contract, and those that the compiler infers from it for a concrete topic. */
import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * How an event travels: `logged` takes an offset and is replayed, `volatile` is live only,
 * `conflated` is logged but superseded.
 */
export type EventKind = "logged" | "volatile" | "conflated";

/** One event of the contract. A bare Standard Schema stands for `{ schema, kind: "logged" }`. */
export interface EventDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Kind extends EventKind = EventKind,
> {
  readonly schema: Schema;
  readonly kind: Kind;
  /**
   * For `conflated`: a slow consumer keeps only the newest notification of each key. Default: one
   * key per event.
   */
  readonly key?: (data: never) => string;
  /** Makes the event a command; the schema of its handler's return value. */
  readonly returns?: StandardSchemaV1;
}

/**
 * An event that clients publish and no subscriber receives: a handler of the hub takes it, and
 * answers.
 */
export type CommandDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Returns extends StandardSchemaV1 = StandardSchemaV1,
> = EventDefinition<Schema, "logged" | "volatile"> & { readonly returns: Returns };

/**
 * The argument of `defineTopics`: topic patterns, their events, and each event's schema or
 * definition. The event `"*"` stands for every event that the pattern does not declare.
 */
export type TopicMap = Readonly<Record<string, Readonly<Record<string, StandardSchemaV1 | EventDefinition>>>>;

/** A pattern with its `{parameters}` replaced by `string`: the type of its concrete topics. */
export type TopicName<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${TopicName<Tail>}`
  : Pattern;

/** The parameter names of a pattern. */
export type ParamName<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Tail}`
  ? Name | ParamName<Tail>
  : never;

/** Every concrete topic of a contract. */
export type TopicsOf<M extends TopicMap> = { [P in keyof M & string]: TopicName<P> }[keyof M & string];

/** The patterns that a concrete topic matches. */
export type PatternOf<M extends TopicMap, T extends string> = {
  [P in keyof M & string]: T extends TopicName<P> ? P : never;
}[keyof M & string];

/**
 * The names of a pattern's events: those it declares, for editors to offer, and any other where it
 * declares `"*"`.
 */
export type EventName<Events> = string extends keyof Events
  ? string
  : Exclude<keyof Events & string, "*"> | ("*" extends keyof Events ? string & {} : never);

/** The declaration of an event in a pattern. */
export type DeclaredOf<Events, E extends string> = E extends keyof Events
  ? Events[E]
  : "*" extends keyof Events
    ? Events["*"]
    : never;

type SchemaOf<Declared> =
  Declared extends EventDefinition<infer S> ? S : Declared extends StandardSchemaV1 ? Declared : never;

/** The output of a declared event's schema. */
export type OutputOf<Declared> = StandardSchemaV1.InferOutput<SchemaOf<Declared>>;

/**
 * The return value of a command's handler: the schema's input, now or as a promise. Unknown for an
 * event that is no command.
 */
export type AnswerOf<Declared> = Declared extends { readonly returns: infer R extends StandardSchemaV1 }
  ? StandardSchemaV1.InferInput<R> | Promise<StandardSchemaV1.InferInput<R>>
  : unknown;

/** The events of a concrete topic that a client may publish, commands included. */
export type EventsOf<M extends TopicMap, T extends string> = EventName<M[PatternOf<M, T>]>;

/** The events of a concrete topic that its subscribers receive: all but commands. */
export type HeardOf<M extends TopicMap, T extends string> = Heard<M[PatternOf<M, T>], EventsOf<M, T>>;

type Heard<Events, E> = E extends string
  ? DeclaredOf<Events, E> extends { readonly returns: StandardSchemaV1 }
    ? never
    : E
  : never;

/** The data that a listener of the event receives. */
export type DataOf<M extends TopicMap, T extends string, E extends string> = OutputOf<
  DeclaredOf<M[PatternOf<M, T>], E>
>;

/**
 * The data that a publisher of the event gives. It differs from {@link DataOf} only where the
 * schema transforms.
 */
export type InputOf<M extends TopicMap, T extends string, E extends string> = StandardSchemaV1.InferInput<
  SchemaOf<DeclaredOf<M[PatternOf<M, T>], E>>
>;

/** The answer to a publish: the command's return value; unknown for an event that is no command. */
export type ResultOf<M extends TopicMap, T extends string, E extends string> =
  DeclaredOf<M[PatternOf<M, T>], E> extends { readonly returns: infer R extends StandardSchemaV1 }
    ? StandardSchemaV1.InferOutput<R>
    : unknown;
