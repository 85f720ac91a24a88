/**
 * The messages between a client of hosted Pusher and the application's own server: Bellwire's own,
 * in requests instead of on a link. Shared by both sides; pure.
 */
import {
  type ClientMessage,
  readClientMessage,
  readServerMessage,
  type ServerMessage,
} from "@bellwire/core/adapter";

/**
 * The routes below one path. `auth` and `user` are also for stock clients, and `webhooks` is for
 * Pusher itself.
 */
export type RouteName = "hello" | "auth" | "user" | "history" | "publish" | "webhooks";

/** The type of message that each of Bellwire's own routes takes. */
export type RouteMessage<R extends "hello" | "history" | "publish"> = Extract<
  ClientMessage,
  { type: (typeof MESSAGE_OF)[R] }
>;
const MESSAGE_OF = { hello: "hello", history: "subscribe", publish: "publish" } as const;

/** The largest message in bytes: Pusher takes 10,240 bytes of data, metadata included. */
export const HOSTED_MESSAGE_BYTES = 9_700;
/** The idle timeout in milliseconds. pusher-js sends a ping after 25 s and should notice first. */
export const SILENCE = 45_000;
/** The largest number of messages in one request. */
export const MESSAGES_PER_REQUEST = 50;

/** A request of a client. */
export interface RouteRequest<M = ClientMessage> {
  /** The channel's session, as in `hello`. */
  readonly session: string;
  /** The id of its connection to Pusher. */
  readonly socket: string;
  readonly messages: readonly M[];
}

/**
 * An event in place of one that is too large for Pusher: the notification at its position has to be
 * read from the history.
 */
export const STORED_EVENT = "bellwire:stored";

/** The epoch in the metadata of a volatile event, which has no position. */
export const NO_EPOCH = "-";

const SOCKET = /^\d{1,20}\.\d{1,20}$/;
const ID = /^[\x21-\x7e]{1,64}$/;

/** Whether a value is the id of a connection to Pusher. */
export function isSocketId(value: unknown): value is string {
  return typeof value === "string" && SOCKET.test(value);
}

/**
 * The name under which the hub knows the session of a client of hosted Pusher: Pusher excludes by
 * the socket, the history by the session.
 */
export function hostedSession({ session, socket }: Pick<RouteRequest, "session" | "socket">): string {
  return `pusher/${socket}/${session}`;
}

/**
 * The connection to Pusher in a session's name, if the name is one of {@link hostedSession}'s or a
 * socket id alone.
 */
export function socketOf(name: string): string | undefined {
  if (isSocketId(name)) return name;
  const [, socket] = /^pusher\/([^/]+)(\/|$)/.exec(name) ?? [];
  return isSocketId(socket) ? socket : undefined;
}

/** Whether `excluded`, as the log has it, is the session of the client that asks. */
export function isExcluded(
  excluded: string | undefined,
  { session, socket }: Omit<RouteRequest, "messages">,
): boolean {
  if (excluded === undefined) return false;
  return (
    excluded === session || excluded === socket || /^pusher\/[^/]+\/(.*)$/s.exec(excluded)?.[1] === session
  );
}

/**
 * Reads the body of a request to one of Bellwire's own routes; undefined for anything else. Never
 * throws.
 */
export function readRouteRequest<R extends keyof typeof MESSAGE_OF>(
  route: R,
  text: string,
): RouteRequest<RouteMessage<R>> | undefined {
  const { session, socket, messages } = parse(text);
  if (typeof session !== "string" || !ID.test(session) || !isSocketId(socket)) return undefined;
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > MESSAGES_PER_REQUEST)
    return undefined;
  const read: RouteMessage<R>[] = [];
  for (const value of messages) {
    const decoded = readClientMessage(value);
    if (!decoded.ok || decoded.message.type !== MESSAGE_OF[route]) return undefined;
    read.push(decoded.message as RouteMessage<R>);
  }
  return { session, socket, messages: read };
}

/**
 * Reads an answer of one of Bellwire's own routes; undefined for anything else. Unknown messages of
 * newer servers are left out.
 */
export function readRouteAnswer(text: string): readonly ServerMessage[] | undefined {
  const { messages } = parse(text);
  if (!Array.isArray(messages)) return undefined;
  return messages.flatMap((value) => {
    const decoded = readServerMessage(value);
    return decoded.ok ? decoded.message : [];
  });
}

/** A signature for one channel, or the error. */
export interface ChannelAuth {
  readonly channel: string;
  readonly auth?: string;
  readonly channel_data?: string;
  readonly error?: unknown;
}

/** Reads the signatures for several channels; undefined for anything else. */
export function readAuthAnswer(text: string): readonly ChannelAuth[] | undefined {
  const { channels } = parse(text);
  return Array.isArray(channels) && channels.every(isChannelAuth) ? channels : undefined;
}

function isChannelAuth(value: unknown): value is ChannelAuth {
  const { channel, auth, channel_data: data } = object(value);
  const isText = (part: unknown): boolean => part === undefined || typeof part === "string";
  return typeof channel === "string" && isText(auth) && isText(data);
}

/** Parses a JSON object; returns an empty object for anything else. */
export function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return object(JSON.parse(text));
  } catch {
    return {};
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
