/** One connection to Redis, whichever client makes it. It lives once. */

/** A reply: text, a number, null, or a list of them. */
export type Reply = string | number | null | readonly Reply[];

/** An open connection. After `onClose` nothing is answered any more. */
export interface Line {
  /** Sends one command. Rejects with the error that Redis gave, or when the connection is lost. */
  call(args: readonly string[]): Promise<Reply>;
  /** Resolves when Redis has confirmed the subscriptions. */
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** Ends the connection at once. */
  close(): void;
}

/** Is told of the events of a line. */
export interface LineObserver {
  message(channel: string, message: string): void;
  /** Called once, after `open` has resolved. */
  close(): void;
}

/** Opens connections as the application has configured its client. */
export interface Driver {
  /** Rejects when no connection comes about within so many milliseconds. */
  open(observer: LineObserver, timeout: number): Promise<Line>;
}
