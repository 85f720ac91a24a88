/** The grammar of topics, events, ids and patterns. Names are compared as bytes and are also legal on Pusher. */

const NAME = /^(?![$#]|pusher|__)[A-Za-z0-9_\-=@,.;]{1,164}$/;
const ID = /^[\x21-\x7e]{1,64}$/;

/** Whether a string may name a topic or an event. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** Whether a string may be a publish id, a session id or an epoch: 1 to 64 printable ASCII characters. */
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

/** What a pattern's `{names}` stood for in a topic. */
export type TopicParams = Readonly<Record<string, string>>;

/**
 * Compiles `workouts.{userId}` into a matcher. A parameter stands for one or more characters other than `.`.
 * Throws a TypeError when the pattern itself is off the grammar, or when it cannot be told which parameter is what: two of one name,
 * or two that nothing separates.
 */
export function compilePattern(pattern: string): (topic: string) => TopicParams | undefined {
  const names: string[] = [];
  const literal = pattern.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    names.push(name);
    return "=";
  });
  if (!isName(literal) || new Set(names).size < names.length || pattern.includes("}{"))
    throw new TypeError(`"${pattern}" is not a topic pattern`);
  if (names.length === 0) return (topic) => (topic === pattern ? {} : undefined);
  const source = pattern
    .split(/\{[^}]*\}/)
    .map((part) => part.replace(/[.]/g, "\\$&"))
    .join("([^.]+)");
  const expression = new RegExp(`^${source}$`);
  return (topic) => {
    const match = expression.exec(topic);
    return match
      ? Object.fromEntries(names.map((name, index) => [name, match[index + 1] as string]))
      : undefined;
  };
}
