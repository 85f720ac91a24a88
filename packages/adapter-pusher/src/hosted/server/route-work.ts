/** The work of each route for a client whose token was accepted. */

import { BellwireError, type ErrorCode, isBellwireError } from "@bellwire/core";
import type { ClientRequest } from "@bellwire/core/adapter";
import {
  type Acknowledged,
  encodeServerMessage,
  type Failed,
  isName,
  needsAuthorization,
  PROTOCOL_VERSION,
  type Publish,
  type Subscribe,
} from "@bellwire/core/adapter";
import type { PusherApp } from "../../protocol/app.ts";
import { channelClass } from "../../protocol/channel-name.ts";
import { channelText, sign, userText } from "../../protocol/signature.ts";
import {
  type ChannelAuth,
  HOSTED_MESSAGE_BYTES,
  isExcluded,
  type RouteMessage,
  type RouteRequest,
  SILENCE,
} from "../routes.ts";

/** Bytes of history in one answer; clients ask again for topics that do not fit. */
const ANSWER_BYTES = 1_048_576;
/** Milliseconds after which they ask again. */
const AGAIN = 100;

/** The part of an error that clients receive. */
export interface Failing {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfter?: number;
}

/** The part of an error that a client receives; `report` receives the application's own errors. */
export function failing(error: unknown, report: (error: unknown) => void): Failing {
  if (!isBellwireError(error)) {
    report(error);
    return { code: "internal", message: "the server failed" };
  }
  const { code, message, retryAfter } = error;
  // Another hub follows the one that closes.
  if (code === "closed") return { code: "draining", message, retryAfter: 1_000 };
  return { code, message, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Answers `hello`. Throws `unsupported_protocol`. */
export function greet(
  { identity }: ClientRequest,
  { messages: [hello] }: RouteRequest<RouteMessage<"hello">>,
): string {
  if (hello?.protocol !== PROTOCOL_VERSION)
    throw new BellwireError("unsupported_protocol", `this server speaks ${PROTOCOL_VERSION}`);
  const welcome = { type: "welcome", idleTimeout: SILENCE, maxMessageBytes: HOSTED_MESSAGE_BYTES } as const;
  const { expiresAt } = identity;
  const rest = expiresAt === undefined ? undefined : Math.max(0, expiresAt - Date.now());
  return answer([
    encodeServerMessage(welcome),
    ...(rest === undefined ? [] : [encodeServerMessage({ type: "expiring", in: rest })]),
  ]);
}

/** Reads every notification that a client missed, for each of its topics. */
export async function readHistory(
  client: ClientRequest,
  request: RouteRequest<Subscribe>,
  report: (error: unknown) => void,
): Promise<string> {
  const texts: string[] = [];
  let bytes = 0;
  for (const question of request.messages) {
    const { ref } = question;
    const found =
      bytes < ANSWER_BYTES
        ? await readTopic(client, question, request).catch((error: unknown) => [
            failed(ref, failing(error, report)),
          ])
        : [failed(ref, { code: "rate_limited", message: "too much at once", retryAfter: AGAIN })];
    for (const text of found) {
      texts.push(text);
      bytes += text.length;
    }
  }
  return answer(texts);
}

async function readTopic(
  client: ClientRequest,
  { ref, topic, position }: Subscribe,
  asking: Pick<RouteRequest, "session" | "socket">,
): Promise<string[]> {
  const history = await client.read(topic, position);
  const reply = { type: "subscribed", ref, topic } as const;
  if (!history.ok) return [encodeServerMessage({ ...reply, position: history.head, gap: history.reason })];
  return [
    encodeServerMessage({ ...reply, position: position ?? history.head }),
    ...history.entries.map(({ event, json, offset, time, id, exclude }) =>
      encodeServerMessage(
        isExcluded(exclude, asking)
          ? { type: "skip", topic, offset }
          : {
              type: "notification",
              topic,
              event,
              data: undefined,
              json,
              offset,
              time,
              ...(id !== undefined && { id }),
            },
      ),
    ),
  ];
}

/** Publishes a client's notifications one after the other. */
export async function publishAll(
  client: ClientRequest,
  { messages }: RouteRequest<Publish>,
  report: (error: unknown) => void,
): Promise<string> {
  const texts: string[] = [];
  for (const { ref, topic, event, data, id, excludeSelf = false } of messages) {
    const text = await client.publish({ topic, event, data, id, excludeSelf }).then(
      (given) => encodeServerMessage({ type: "acknowledged", ref, ...given } satisfies Acknowledged),
      (error: unknown) => failed(ref, failing(error, report)),
    );
    texts.push(text);
  }
  return answer(texts);
}

/**
 * Signs for one channel. Rejects with the hub's error, and with `forbidden` for a channel that is
 * not signed for.
 */
export async function signChannel(
  client: ClientRequest,
  app: PusherApp,
  socket: string,
  channel: unknown,
): Promise<ChannelAuth> {
  if (!isName(channel)) throw new BellwireError("unknown_topic", "no such topic in the contract");
  if (!needsAuthorization(channel) || channelClass(channel).encrypted)
    throw new BellwireError("forbidden", "only private and presence channels are signed for");
  const member = await client.admit(channel);
  const data = member && JSON.stringify({ user_id: member.id, user_info: member.info });
  const auth = `${app.key}:${sign(app.secret, channelText(socket, channel, data))}`;
  return { channel, auth, ...(data !== undefined && { channel_data: data }) };
}

/** Signs for each of several channels, or answers with the error. */
export async function signChannels(
  client: ClientRequest,
  app: PusherApp,
  socket: string,
  channels: readonly string[],
  report: (error: unknown) => void,
): Promise<string> {
  const signed = channels.map((channel) =>
    signChannel(client, app, socket, channel).catch((error: unknown) => ({
      channel,
      error: failing(error, report),
    })),
  );
  return JSON.stringify({ channels: await Promise.all(signed) });
}

/** Signs a user in. Throws `forbidden` for an anonymous client. */
export function signUser({ identity }: ClientRequest, app: PusherApp, socket: string): string {
  const { user, info } = identity;
  if (user === undefined) throw new BellwireError("forbidden", "only users sign in");
  const data = JSON.stringify({ id: user, user_info: info });
  const auth = `${app.key}:${sign(app.secret, userText(socket, data))}`;
  return JSON.stringify({ auth, user_data: data });
}

function answer(texts: readonly string[]): string {
  return `{"messages":[${texts.join(",")}]}`;
}

function failed(ref: number, reason: Failing): string {
  return encodeServerMessage({ type: "error", ref, ...reason } satisfies Failed);
}
