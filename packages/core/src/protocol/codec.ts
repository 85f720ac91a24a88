/**
 * The JSON codec: one message, one JSON text. Control messages are objects with a `type`; a
 * notification, by far the most frequent message, is an array: `["n", topic, event, data, offset,
 * time, id?]`. Decoding returns a result and never throws, whatever the bytes.
 */
import { isErrorCode } from "../errors.ts";
import { isObject } from "../options.ts";
import type { ClientMessage, Notified, Position, ServerMessage } from "./messages.ts";
import { isId } from "./names.ts";

/** A decoded message, or a description of the error. The description never quotes the text. */
export type Decoded<M> =
  | { readonly ok: true; readonly message: M }
  | { readonly ok: false; readonly reason: string };

/** Encodes a message of a client. */
export function encodeClientMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

/** Encodes a message of a hub. */
export function encodeServerMessage(message: ServerMessage): string {
  return message.type === "notification" ? encodeNotification(message) : JSON.stringify(message);
}

function encodeNotification(message: Notified): string {
  // A topic needs no escaping: the grammar has neither quotes, backslashes nor control characters.
  // An event's name may have them.
  const event = JSON.stringify(message.event);
  const data = message.json ?? JSON.stringify(message.data);
  const id = message.id === undefined ? "" : `,${JSON.stringify(message.id)}`;
  return `["n","${message.topic}",${event},${data},${message.offset},${message.time}${id}]`;
}

/** Decodes a message of a client. */
export function decodeClientMessage(text: string): Decoded<ClientMessage> {
  return decode(text, readClientMessage);
}

/**
 * Decodes a message of a hub. A message type this release does not know is an error; the channel
 * reports and skips it.
 */
export function decodeServerMessage(text: string): Decoded<ServerMessage> {
  return decode(text, readServerMessage);
}

/** Checks a message of a client, on a transport that parses JSON itself. */
export function readClientMessage(value: unknown): Decoded<ClientMessage> {
  const message = readFields(value, CLIENT) as ClientMessage | string;
  if (typeof message === "string") return result<ClientMessage>(message);
  // A hub repeats a position in its answer: further keys would be sent back, and held for slow
  // consumers.
  if (message.type === "subscribe") {
    const { position, history } = message;
    return result<ClientMessage>({
      ...message,
      ...(position && { position: only(position, "epoch", "offset") }),
      ...(history && { history: only(history, "limit", "since") }),
    });
  }
  if (message.type === "history" && message.before)
    return result<ClientMessage>({ ...message, before: only(message.before, "epoch", "offset") });
  return result(message);
}

/** A copy with these keys alone, as far as they are present. */
function only<T extends object, K extends keyof T & string>(value: T, ...keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]),
  ) as Pick<T, K>;
}

/** Checks a message of a hub, on a transport that parses JSON itself. */
export function readServerMessage(value: unknown): Decoded<ServerMessage> {
  return result(
    Array.isArray(value) ? readNotification(value) : (readFields(value, SERVER) as ServerMessage | string),
  );
}

function decode<M>(text: string, read: (value: unknown) => Decoded<M>): Decoded<M> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Nothing is no message either.
  }
  return read(value);
}

function result<M>(message: M | string): Decoded<M> {
  return typeof message === "string" ? { ok: false, reason: message } : { ok: true, message };
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isInteger: Check = (value) => Number.isSafeInteger(value);
const isRef: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isOffset: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isMilliseconds: Check = (value) => typeof value === "number" && value >= 0 && value < 2 ** 53;
const isText = (value: unknown): value is string => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isAnything: Check = () => true;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
/** Whether a value is a {@link Position}. */
export function isPosition(value: unknown): value is Position {
  return isObject(value) && isId(value.epoch) && isOffset(value.offset);
}

const isOptionalId = optional(isId);
const isMember: Check = (value) => isObject(value) && isText(value.id);
const isRecent: Check = (value) => isObject(value) && isBound(value.limit) && isBound(value.since);
const isBound: Check = (value) => value === undefined || isOffset(value);

// Marked pure, so that a bundle for browsers, which never decodes these, can leave the table out.
const CLIENT: Readonly<Record<ClientMessage["type"], Readonly<Record<string, Check>>>> = {
  hello: { protocol: isInteger, session: isId, token: /* @__PURE__ */ optional(isText) },
  subscribe: {
    ref: isRef,
    topic: isText,
    position: /* @__PURE__ */ optional(isPosition),
    history: /* @__PURE__ */ optional(isRecent),
  },
  unsubscribe: { ref: isRef, topic: isText },
  history: {
    ref: isRef,
    topic: isText,
    before: /* @__PURE__ */ optional(isPosition),
    limit: isBound,
    since: isBound,
  },
  publish: {
    ref: isRef,
    topic: isText,
    event: isText,
    data: isAnything,
    id: isId,
    excludeSelf: /* @__PURE__ */ optional(isFlag),
  },
  token: { ref: isRef, token: isText },
  ping: {},
  pong: {},
};

// A topic or a reason that a client does not know is text like any other: the one finds no
// subscription, the other is a gap all the same.
const SERVER: Readonly<
  Record<Exclude<ServerMessage["type"], "notification">, Readonly<Record<string, Check>>>
> = {
  welcome: { idleTimeout: isMilliseconds, maxMessageBytes: isOffset },
  subscribed: { ref: isRef, topic: isText, position: isPosition, gap: optional(isText) },
  done: { ref: isRef },
  skip: { topic: isText, offset: isOffset },
  gap: { topic: isText, position: isPosition, reason: isText },
  head: { topic: isText, position: isPosition },
  acknowledged: { ref: isRef, position: (value) => value === null || isPosition(value), data: isAnything },
  error: {
    ref: optional(isRef),
    topic: optional(isText),
    code: isErrorCode,
    message: isText,
    retryAfter: optional(isMilliseconds),
  },
  members: {
    topic: isText,
    members: (value) => Array.isArray(value) && value.every(isMember),
    count: isOffset,
  },
  joined: { topic: isText, member: isMember },
  left: { topic: isText, id: isText },
  expiring: { in: isMilliseconds },
  ping: {},
  pong: {},
  bye: { code: isErrorCode, reason: optional(isText), retryAfter: optional(isMilliseconds) },
};

/**
 * Copies the known keys of a message whose every field passes its check; unknown keys are ignored,
 * as PROTOCOL.md says.
 */
function readFields(
  value: unknown,
  shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>,
): Fields | string {
  if (!isObject(value)) return "not a message";
  const { type } = value;
  if (!isText(type) || !Object.hasOwn(shapes, type)) return "unknown type";
  const message: Record<string, unknown> = { type };
  for (const [key, check] of Object.entries(shapes[type] as Readonly<Record<string, Check>>)) {
    const field = value[key];
    if (!check(field)) return `${type}: bad "${key}"`;
    if (field !== undefined) message[key] = field;
  }
  return message;
}

function readNotification(value: readonly unknown[]): Notified | string {
  const [type, topic, event, data, offset, time, id] = value;
  if (type !== "n") return "unknown type";
  if (!isText(topic) || !isText(event) || !isOffset(offset) || !isMilliseconds(time) || !isOptionalId(id))
    return "n: bad field";
  return { type: "notification", topic, event, data, offset, time, id } as Notified;
}
