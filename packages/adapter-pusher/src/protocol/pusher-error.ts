/**
 * The event `pusher:error`. Its texts are the hosted service's where they are known; Bellwire's
 * code is the field `reason`.
 */
import { type ErrorCode } from "@bellwire/core";
import { isErrorCode } from "@bellwire/core/adapter";

/** The failure of one request of a client. The connection goes on. */
export interface PusherError {
  readonly code: ErrorCode;
  /** For people. It repeats nothing that the client sent, except the channel's name. */
  readonly message: string;
  /** The channel of the request. */
  readonly channel?: string | undefined;
  /** Pusher's own number; the hosted service sends null for most. */
  readonly number?: number | undefined;
}

/** The number for client events beyond the rate. It does not close the connection. */
export const CLIENT_EVENT_RATE = 4301;

/** The texts that clients, our hub and tests share. */
export const ERROR_TEXT = {
  authRequired: (channel: string): string => `Auth info required to subscribe to ${channel}`,
  existing: (channel: string): string => `Existing subscription to channel ${channel}`,
  invalidKey: "Invalid key in subscription auth data",
  invalidSignature: (signed: string): string =>
    `Invalid signature: Expected HMAC SHA256 hex digest of ${signed}`,
  invalidChannel: "Invalid channel name",
  unknownChannel: (channel: string): string => `Channel ${channel} does not exist`,
  forbidden: (channel: string): string => `Not allowed to subscribe to ${channel}`,
  clientEventRate: "Client event rejected - at most 10 per second",
} as const;

/** The data of `pusher:error`: an object, where other events carry its text. */
export function errorData({
  code,
  message,
  channel,
  number,
}: PusherError): Readonly<Record<string, unknown>> {
  return { code: number ?? null, message, channel, reason: code };
}

/**
 * Reads the data of a `pusher:error`. Data of another server than Bellwire's has no `code`. Never
 * throws.
 */
export function readErrorData(data: unknown): Partial<PusherError> {
  if (typeof data !== "object" || data === null) return {};
  const { code: number, message, channel, reason: code } = data as Readonly<Record<string, unknown>>;
  return {
    ...(isErrorCode(code) && { code }),
    ...(typeof message === "string" && { message }),
    ...(typeof channel === "string" && { channel }),
    ...(typeof number === "number" && { number }),
  };
}
