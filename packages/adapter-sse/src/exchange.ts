/** What the endpoint needs of a server: one request, and one of two ways to answer it. Node and fetch each have a shell of this. */
import type { CloseCause, ErrorCode } from "@bellwire/core";
import { type BodyFailure, type HttpReply, refusal } from "@bellwire/core/http";
import type { Wire } from "./wire.ts";

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

/** One request. `reply` or `stream` is called once. */
export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string | undefined;
  /** Whether it came over TLS, as far as this process knows. */
  readonly secure: boolean;
  /** Whether it brings a body, which no request for a stream does. */
  readonly hasBody: boolean;
  /** Says that a stream is to answer: where requests of a connection are answered in their order, none behind it will be taken. */
  claim(): void;
  reply(reply: HttpReply): void;
  /** Sends status 200 and the headers at once. */
  stream(headers: Readonly<Record<string, string>>): Sink;
  /** Reads the body, as far as `limit` bytes and within 10 s. */
  body(limit: number): Promise<Uint8Array | BodyFailure>;
  /** Calls back once when what carries the response has ended, from whichever side; at once if it already has. */
  onEnd(callback: () => void): void;
}

/** The HTTP status that says a close cause before a stream begins. EventSource gives up for good at any but 200. */
function statusOf(code: ErrorCode): number {
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

/** The answer to a request that is refused: the code and the reason, in JSON, and when to come back. */
export function refusalOf(cause: CloseCause & { readonly topic?: string | undefined }): HttpReply {
  return refusal(cause, statusOf(cause.code));
}
