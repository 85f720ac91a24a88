/**
 * Translates the hub's messages for a stock Socket.IO client: a notification is an event of its own
 * name with its data; everything else is an event whose name begins with `bellwire:`, which no
 * contract can have. Pure.
 */
import type { CloseCause, ErrorCode } from "@bellwire/core";
import type { Acknowledged, HistoryPage, Notified, ServerMessage } from "@bellwire/core/adapter";

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
 * Event names that Socket.IO's clients reserve. The prefixed forms are matched as well, so that
 * they get one more prefix and no two events share a name.
 */
const RESERVED = /^(event:)*(connect|connect_error|disconnect|disconnecting|newListener|removeListener)$/;

/**
 * The event for a message; undefined for messages that stock clients do not need. `epoch` is the
 * topic's epoch as far as the client knows it, and notifications need it.
 */
export function stockEvent(message: ServerMessage, epoch: string | undefined): StockEvent | undefined {
  const { type, ...rest } = message;
  if (message.type === "notification") return epoch === undefined ? undefined : notification(message, epoch);
  // Clients compare positions to detect a loss; between the hub and this end nothing is lost.
  if (type === "head" || type === "skip" || type === "welcome" || type === "bye") return undefined;
  if (type === "ping" || type === "pong") return undefined;
  // Gaps, errors, token expiry and presence, and any message that is added to the protocol later.
  return { name: `bellwire:${type}`, args: [JSON.stringify(rest)] };
}

function notification(message: Notified, epoch: string): StockEvent {
  const { topic, event, offset, time } = message;
  const id = message.id ?? (offset > 0 ? `${epoch}/${offset}` : "");
  // A volatile event has no position.
  const position = offset > 0 ? { epoch, offset } : null;
  return {
    name: RESERVED.test(event) ? `event:${event}` : event,
    args: [message.json ?? JSON.stringify(message.data), JSON.stringify({ topic, id, position, time })],
  };
}

/** The acknowledgement of a command; undefined when the message answers no command. */
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

/** The acknowledgement of `history`: notifications with what `meta` has elsewhere, oldest first. */
export function stockPage({ position, data }: Acknowledged): StockAnswer {
  const { notifications, more } = data as HistoryPage;
  const { epoch } = position ?? { epoch: "" };
  return {
    ok: true,
    notifications: notifications.map(([, topic, event, value, offset, time, id]) => ({
      event,
      data: value,
      topic,
      id: id ?? `${epoch}/${String(offset)}`,
      position: { epoch, offset },
      time,
    })),
    before: more ? position : null,
  };
}

/**
 * The data for a client that is refused, for a link that ends, and for a failed command without an
 * acknowledgement.
 */
export function stockFailure({ code, reason, retryAfter }: CloseCause): StockFailure {
  return {
    code,
    message: reason ?? "the hub closed the link",
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
