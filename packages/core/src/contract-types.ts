/** What a contract knows of a concrete topic, for the compiler: its events, what goes in and what comes out. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventDefinition, TopicMap } from "./contract.ts";

/** A pattern with its `{parameters}` replaced by `string`: what a concrete topic looks like. */
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

/** The names of a pattern's events: those it declares, for editors to offer, and any other where it declares `"*"`. */
export type EventName<Events> = string extends keyof Events
  ? string
  : Exclude<keyof Events & string, "*"> | ("*" extends keyof Events ? string & {} : never);

/** What a pattern declares of an event. */
export type DeclaredOf<Events, E extends string> = E extends keyof Events
  ? Events[E]
  : "*" extends keyof Events
    ? Events["*"]
    : never;

type SchemaOf<Declared> =
  Declared extends EventDefinition<infer S> ? S : Declared extends StandardSchemaV1 ? Declared : never;

/** What comes out of a declared event's schema. */
export type OutputOf<Declared> = StandardSchemaV1.InferOutput<SchemaOf<Declared>>;

/** What a command's handler returns: as the schema takes it, now or later. Unknown for an event that is no command. */
export type AnswerOf<Declared> = Declared extends { readonly returns: infer R extends StandardSchemaV1 }
  ? StandardSchemaV1.InferInput<R> | Promise<StandardSchemaV1.InferInput<R>>
  : unknown;

/** The events of a concrete topic that a client may publish, commands included. */
export type EventsOf<M extends TopicMap, T extends string> = EventName<M[PatternOf<M, T>]>;

/** The events of a concrete topic that its subscribers can hear: all but commands. */
export type HeardOf<M extends TopicMap, T extends string> = Heard<M[PatternOf<M, T>], EventsOf<M, T>>;

type Heard<Events, E> = E extends string
  ? DeclaredOf<Events, E> extends { readonly returns: StandardSchemaV1 }
    ? never
    : E
  : never;

/** What a listener of the event receives. */
export type DataOf<M extends TopicMap, T extends string, E extends string> = OutputOf<
  DeclaredOf<M[PatternOf<M, T>], E>
>;

/** What a publisher of the event gives. It differs from {@link DataOf} only where the schema transforms. */
export type InputOf<M extends TopicMap, T extends string, E extends string> = StandardSchemaV1.InferInput<
  SchemaOf<DeclaredOf<M[PatternOf<M, T>], E>>
>;

/** What a publish is answered with: what the command returns; unknown for an event that is no command. */
export type ResultOf<M extends TopicMap, T extends string, E extends string> =
  DeclaredOf<M[PatternOf<M, T>], E> extends { readonly returns: infer R extends StandardSchemaV1 }
    ? StandardSchemaV1.InferOutput<R>
    : unknown;
