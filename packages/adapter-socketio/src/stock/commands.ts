/**
 * Translates a stock client's events to messages of PROTOCOL.md. Pure; the caller validates the
 * result.
 */

/**
 * Builds the message that an event stands for; undefined for an event that is no command. `id`
 * makes the id of a publish that brings none.
 */
export function stockCommand(
  event: unknown,
  args: readonly unknown[],
  ref: number,
  id: () => string,
): unknown {
  if (event === "subscribe") {
    const [topic, options] = args;
    const { history, ...rest } = fields(options, "position", "history");
    const recent = typeof history === "number" ? { limit: history } : history;
    return { type: event, ref, topic, ...rest, ...(recent !== undefined && { history: recent }) };
  }
  if (event === "history") {
    const [topic, options] = args;
    return { type: event, ref, topic, ...fields(options, "before", "limit", "since") };
  }
  if (event === "unsubscribe") return { type: event, ref, topic: args[0] };
  if (event === "publish") {
    const [topic, name, data, options] = args;
    return { type: event, ref, topic, event: name, data, id: id(), ...fields(options, "id", "excludeSelf") };
  }
  if (event === "token") return { type: event, ref, token: args[0] };
  return undefined;
}

/** The fields of an options object that were given. */
function fields(options: unknown, ...names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof options !== "object" || options === null) return {};
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}
