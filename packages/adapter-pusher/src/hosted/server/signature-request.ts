/** Reads requests for signatures, of Bellwire's own clients and of stock clients. */
import { BellwireError } from "@bellwire/core";
import type { Handshake } from "@bellwire/core/adapter";
import { hasContentType } from "@bellwire/core/http";
import { isSocketId, MESSAGES_PER_REQUEST, parse } from "../routes.ts";

export interface SignatureRequest {
  readonly socket: string;
  readonly session: string;
  /** The channel that a stock client asks for. */
  readonly channel: unknown;
  /** The channels that Bellwire's own client asks for. */
  readonly channels: readonly string[] | undefined;
}

/** Reads JSON of Bellwire's own client, or the form or JSON of a stock one. Throws `malformed`. */
export function readSignatureRequest(text: string, headers: Handshake["headers"]): SignatureRequest {
  const isForm = hasContentType(headers, "application/x-www-form-urlencoded");
  const fields = isForm ? Object.fromEntries(new URLSearchParams(text)) : parse(text);
  const {
    socket = fields.socket_id,
    session = "-",
    channels,
    channel_name: channel,
  } = fields as Readonly<Record<string, unknown>>;
  if (!isSocketId(socket) || typeof session !== "string") malformed();
  if (channels === undefined) return { socket, session, channel, channels: undefined };
  const isLegal =
    Array.isArray(channels) && channels.length <= MESSAGES_PER_REQUEST && channels.every(isText);
  if (!isLegal) malformed();
  return { socket, session, channel, channels };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Throws the error of a body that the route does not take. */
export function malformed(): never {
  throw new BellwireError("malformed", "the body is not what this route takes");
}
