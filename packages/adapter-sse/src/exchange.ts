/** What the endpoint needs of a server: one request, and one of two ways to answer it. Node and fetch each have a shell of this. */
import type { CloseCause, ErrorCode } from "@bellwire/core";
import type { Wire } from "./wire.ts";

/** A whole answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The open response of a stream. */
export interface Sink {
  readonly wire: Wire;
  /** Bytes written that the operating system, or the server around us, has not taken yet. */
  readonly buffered: number;
  /** Takes bytes in the wire's framing. MUST NOT throw; what comes after the end is dropped. */
  write(bytes: Uint8Array): void;
  /** Ends the response once everything was written. */
  end(): void;
  /** Ends the connection and gives up what was not written. */
  destroy(): void;
}

/** Why a body could not be had. */
export type BodyFailure = "too_large" | "timeout" | "lost";

/** One request. `reply` or `stream` is called once. */
export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string | undefined;
  reply(reply: Reply): void;
  /** Sends status 200 and the headers at once. */
  stream(headers: Readonly<Record<string, string>>): Sink;
  /** Reads the body, as far as `limit` bytes and within `ms` milliseconds. */
  body(limit: number, ms: number): Promise<Uint8Array | BodyFailure>;
  /** Calls back once when the connection, or the response, has ended, from whichever side; at once if it already has. */
  onEnd(callback: () => void): void;
}

/** The HTTP status that says a close cause before a stream begins. EventSource gives up for good at any but 200. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 503;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  malformed: 400,
  unsupported_protocol: 400,
  unauthorized: 401,
  forbidden: 403,
  unknown_topic: 404,
  too_large: 413,
  rate_limited: 429,
};

/** The answer to a request that is refused: the code, in JSON, and when to come back. */
export function refusal(
  cause: CloseCause & { readonly topic?: string | undefined },
  status: number = statusOf(cause.code),
): Reply {
  const { code, reason, topic, retryAfter } = cause;
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(retryAfter !== undefined && { "retry-after": `${Math.ceil(retryAfter / 1000)}` }),
    },
    body: JSON.stringify({ code, reason, topic }),
  };
}
