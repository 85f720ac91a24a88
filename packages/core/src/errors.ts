/**
 * The failure vocabulary. Every failure that Bellwire reports, on a link, in a rejected promise or
 * in a thrown error, carries one of these codes; programs branch on the code, never on the text.
 */

/**
 * The meaning of a code for the peer: whether the same thing may be tried again, and the WebSocket
 * close code that carries it.
 */
export interface ErrorFact {
  /** Whether trying again later, unchanged, can succeed. */
  readonly retryable: boolean;
  /**
   * The WebSocket close code (RFC 6455, section 7.4) when the code ends a link; absent when it
   * never does.
   */
  readonly close?: number;
}

/**
 * Every stable error code. PROTOCOL.md explains each in a line; `ERRORS[code].retryable` says
 * whether to try again.
 */
export const ERRORS = {
  /** The application closed it. */
  normal: { retryable: false, close: 1000 },
  /** The connection was lost, or could not be made. */
  link_lost: { retryable: true, close: 1006 },
  /** The hub is shutting down; `retryAfter` is the delay until a reconnect. */
  draining: { retryable: true, close: 1001 },
  /** The hub has as many links, or takes new ones as fast, as it is allowed to. */
  overloaded: { retryable: true, close: 4503 },
  /** The peer did not show a sign of life in time. */
  timeout: { retryable: true, close: 4408 },
  /**
   * The subscriber fell behind by more than the link may hold; its next link recovers the missed
   * notifications.
   */
  slow_consumer: { retryable: true, close: 4509 },
  /** A message does not follow PROTOCOL.md, or was damaged on the way. */
  malformed: { retryable: true, close: 4400 },
  /** The other end does not support the protocol version. */
  unsupported_protocol: { retryable: false, close: 4406 },
  /** A message is larger than the transport or the hub takes. */
  too_large: { retryable: false, close: 1009 },
  /** The token is missing, wrong or expired. */
  unauthorized: { retryable: false, close: 4401 },
  /** The token is valid and does not permit this. */
  forbidden: { retryable: false, close: 4403 },
  /** More messages, subscriptions or links than allowed; `retryAfter` says when to try again. */
  rate_limited: { retryable: true, close: 4429 },
  /** The topic's name is off the grammar, or no pattern of the contract matches it. */
  unknown_topic: { retryable: false },
  /** The topic has no such event in the contract. */
  unknown_event: { retryable: false },
  /** The data does not satisfy the contract. */
  invalid_data: { retryable: false },
  /** An option is wrong; the message names its path and what is allowed. */
  invalid_option: { retryable: false },
  /** The channel's outbox is full; nothing was queued. */
  outbox_full: { retryable: true },
  /**
   * The answer did not come in time. A publish may have been appended; trying again with the same
   * id is safe.
   */
  no_answer: { retryable: true },
  /** The caller's AbortSignal fired. */
  aborted: { retryable: false },
  /** The channel, hub or subscription is closed. */
  closed: { retryable: false },
  /** A handler of the application failed on the server. Its error stays there. */
  internal: { retryable: true, close: 1011 },
} as const satisfies Record<string, ErrorFact>;

/** A stable error code; see {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

const brand = Symbol.for("bellwire.error");

/**
 * The one error class. `code` is stable; `message` is for people and never carries tokens, payloads
 * or stacks of a peer.
 */
export class BellwireError extends Error {
  override readonly name: string = "BellwireError";
  /** The kind of the failure, from the closed list {@link ERRORS}. */
  readonly code: ErrorCode;
  /** Milliseconds to wait before trying again, when the other side asked for that. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { retryAfter?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryAfter = options.retryAfter;
  }

  /** @internal Found by `in`, also by another copy of this package. */
  get [brand](): true {
    return true;
  }

  /** Whether trying again later, unchanged, can succeed. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/**
 * Whether a value is a {@link BellwireError}, also one from another copy of this package (ESM
 * beside CommonJS).
 */
export function isBellwireError(value: unknown): value is BellwireError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Whether a string is one of the stable codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(ERRORS, value);
}
