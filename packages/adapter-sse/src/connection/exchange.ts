/**
 * One request as the endpoint sees it, and its answer. Node's servers and fetch-style ones have one
 * class each.
 */
import { type BodyFailure, type HttpReply, type RequestFacts } from "@bellwire/core/http";
import type { Encoding } from "./encoding.ts";

/** The open response of a stream. */
export interface Sink {
  readonly encoding: Encoding;
  /** Bytes written that the operating system, or the surrounding server, has not taken yet. */
  readonly buffered: number;
  /** Takes bytes of the {@link Sink.encoding}. MUST NOT throw; bytes after the end are dropped. */
  write(bytes: Uint8Array): void;
  /** Ends the response after all bytes were written. */
  end(): void;
  /** Ends the connection; bytes that were not written are lost. */
  destroy(): void;
}

/** One request. `reply` or `stream` is called once. */
export interface Exchange extends RequestFacts {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  /** Whether the request has a body, which no request for a stream does. */
  readonly hasBody: boolean;
  /**
   * Declares that a stream is to answer. Where a connection answers its requests in order, it then
   * takes no further request.
   */
  claim(): void;
  reply(reply: HttpReply): void;
  /** Sends status 200 and the headers at once. */
  stream(headers: Readonly<Record<string, string>>): Sink;
  /** Reads a body of at most `limit` bytes that arrives within 10 s. */
  body(limit: number): Promise<Uint8Array | BodyFailure>;
  /**
   * Calls back once when the connection or the stream that carries the response has ended, from
   * either side; at once if it already has.
   */
  onEnd(callback: () => void): void;
}
