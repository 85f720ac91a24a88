/**
 * The seam between Bellwire and a transport: decoded messages on one-shot links, the same on both
 * sides. A link lives once. A new connection is a new link; every retry is in one place, the
 * channel.
 */
import type { Capabilities } from "./capabilities.ts";
import type { CloseCause } from "./protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "./protocol/messages.ts";

/** One end of one connection. */
export interface Link<Out> {
  /**
   * Bytes accepted by `send` that the operating system has not taken yet. MUST count the wrapped
   * library's own buffer.
   */
  readonly buffered: number;
  /**
   * Sends a batch, in order, as one write where the transport can. Called only between `open` and
   * `close`. The same array is given to many links, so an adapter may keep its encoding by identity
   * and MUST NOT change it. MUST NOT throw: what cannot be sent closes the link.
   */
  send(batch: readonly Out[]): void;
  /**
   * Ends the connection. The observer's `close` follows, once, unless it already came. Calling it
   * again does nothing.
   */
  close(cause: CloseCause): void;
}

/**
 * The receiver of a link's events: at most one `open`, then messages, then exactly one `close`, and
 * nothing after it.
 */
export interface LinkObserver<In> {
  open(): void;
  /**
   * `bytes` is the message's size on the wire, when the adapter knows it; the hub's byte rate
   * counts it.
   */
  message(message: In, bytes?: number): void;
  close(cause: CloseCause): void;
  /** A message that could not be decoded; the link goes on unless the observer closes it. */
  malformed(reason: string): void;
}

/**
 * One adapter's way to make links, on the client. Holds no connection; one made of several may
 * remember which of them worked.
 */
export interface Transport<C extends Capabilities = Capabilities> {
  /**
   * The adapter's name: `ws`, `sse`, `socketio`, `pusher`, `memory`; of several, `fallback(ws,
   * sse)`.
   */
  readonly name: string;
  readonly capabilities: C;
  /**
   * Starts a connection and returns at once. A failure to connect is a `close` without an `open`.
   * MUST NOT throw.
   */
  connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage>;
}
