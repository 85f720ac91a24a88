/** The event `pusher:error`: its texts are the hosted service's where they are known; Bellwire's code stands beside them as `reason`. */
import { type ErrorCode } from "@bellwire/core";
import { isErrorCode } from "@bellwire/core/adapter";

/** What went wrong with one request of a client. The connection goes on. */
export interface PusherError {
  readonly code: ErrorCode;
  /** For people. Never carries what the client sent, but for the channel's name. */
  readonly message: string;
  /** The channel that it is about. */
  readonly channel?: string | undefined;
  /** Pusher's own number; hosted sends null for most. */
  readonly number?: number | undefined;
}

/** The number of an event that a client sent faster than allowed. It closes nothing. */
export const CLIENT_EVENT_RATE = 4301;

/** The texts, so that client, emulator and tests mean the same. */
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

/** The data of `pusher:error`, an object and not, as elsewhere, its text. */
export function errorData({
  code,
  message,
  channel,
  number,
}: PusherError): Readonly<Record<string, unknown>> {
  return { code: number ?? null, message, channel, reason: code };
}

/** Reads the data of a `pusher:error`. One that another server than Bellwire's wrote has no code of ours. Never throws. */
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
