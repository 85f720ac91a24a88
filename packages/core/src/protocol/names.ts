/**
 * The grammar of topics, events and ids. They are compared as bytes; topics are also legal on
 * Pusher.
 */

const NAME = /^(?![$#]|pusher|__)[A-Za-z0-9_\-=@,.;]{1,164}$/;
const EVENT = /^(?!pusher(_internal)?:|bellwire[:-]|__|\*$)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;
const ID = /^[\x21-\x7e]{1,64}$/;

/** Whether a string may name a topic. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/**
 * Whether a string may name an event: 1 to 200 printable characters, spaces within included, such
 * as `App\\Events\\OrderShipped`. Reserved are what begins with `pusher:`, `pusher_internal:`,
 * `bellwire:`, `bellwire-` or `__`, and `*`, which in a contract stands for all others.
 */
export function isEventName(value: unknown): value is string {
  return typeof value === "string" && EVENT.test(value) && value === value.trim();
}

/**
 * Whether a string may be a publish id, a session id or an epoch: 1 to 64 printable ASCII
 * characters.
 */
export function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

/** `private-` and `presence-` topics need an authorization. */
export function needsAuthorization(topic: string): boolean {
  return topic.startsWith("private-") || hasPresence(topic);
}

/** Whether subscribers of the topic are its members. */
export function hasPresence(topic: string): boolean {
  return topic.startsWith("presence-");
}

/** The values of a pattern's `{names}` in a topic. */
export type TopicParams = Readonly<Record<string, string>>;
