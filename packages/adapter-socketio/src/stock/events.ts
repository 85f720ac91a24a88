/**
 * Translates the hub's messages for a stock Socket.IO client: a notification is an event of its own
 * name with its data; everything else is an event whose name begins with `bellwire:`, which no
 * contract can have. Pure.
 */
import type { CloseCause, ErrorCode } from "@bellwire/core";
import type { Notified, ServerMessage } from "@bellwire/core/adapter";

/** An event, and its arguments as JSON. */
export interface StockEvent {
  readonly name: string;
  readonly args: readonly string[];
}

/** The content of a command's acknowledgement. */
export type StockAnswer = Readonly<Record<string, unknown>> & { readonly ok: boolean };

/** The data of `connect_error` and of `bellwire:error`. */
export interface StockFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
}

/**
 * Events that mean something else to Socket.IO's clients, or end their connection; and what is said
 * in their place, which is not said twice.
 */
const RESERVED = /^(event:)*(connect|connect_error|disconnect|disconnecting|newListener|removeListener)$/;

/**
 * The event of a message for a client that knows the topic's epoch; undefined when it means nothing
 * to a stock client.
 */
export function stockEvent(message: ServerMessage, epoch: string | undefined): StockEvent | undefined {
  const { type, ...rest } = message;
  if (message.type === "notification") return epoch === undefined ? undefined : notification(message, epoch);
  // Positions are compared by clients that may have lost something; between the hub and this end
  // nothing is.
  if (type === "head" || type === "skip" || type === "welcome" || type === "bye") return undefined;
  if (type === "ping" || type === "pong") return undefined;
  // Gaps, errors, the end of the token, who is present, and whatever the hub learns to say of a
  // topic.
  return { name: `bellwire:${type}`, args: [JSON.stringify(rest)] };
}

function notification(message: Notified, epoch: string): StockEvent {
  const { topic, event, offset, time } = message;
  const id = message.id ?? (offset > 0 ? `${epoch}/${offset}` : "");
  // A volatile event has no place to resume from.
  const position = offset > 0 ? { epoch, offset } : null;
  return {
    name: RESERVED.test(event) ? `event:${event}` : event,
    args: [message.json ?? JSON.stringify(message.data), JSON.stringify({ topic, id, position, time })],
  };
}

/** The acknowledgement of a command; undefined when the message answers none. */
export function stockAnswer(message: ServerMessage): StockAnswer | undefined {
  if (message.type === "subscribed") {
    const { position, gap } = message;
    return { ok: true, position, ...(gap && { gap }) };
  }
  if (message.type === "acknowledged") {
    const { position, data } = message;
    return { ok: true, position, ...(data !== undefined && { data }) };
  }
  if (message.type === "done") return { ok: true };
  if (message.type !== "error" || message.ref === undefined) return undefined;
  const { code, message: words, retryAfter } = message;
  return { ok: false, code, message: words, ...(retryAfter !== undefined && { retryAfter }) };
}

/**
 * The message for a client that is refused, whose link ends, or whose command failed without an
 * acknowledgement.
 */
export function stockFailure({ code, reason, retryAfter }: CloseCause): StockFailure {
  return {
    code,
    message: reason ?? "the hub closed the link",
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
