/**
 * How a raw TCP connection becomes a subscriber of the fan-out topic: a script of what to wait for
 * and what to send.
 */

/** One connection while it joins. */
export interface JoiningConnection {
  readonly port: number;
  /** Sends bytes on the connection itself. */
  readonly write: (bytes: string | Buffer) => void;
  /** Gives up joining, and says why. */
  readonly fail: (reason: string) => void;
}

/**
 * Waits until the server has sent `until`, then acts. `received` is everything since the connection
 * began.
 */
export interface LoadStep {
  readonly until: string;
  readonly act?: (connection: JoiningConnection, received: string) => void;
}

/**
 * The whole script: the first bytes, and the steps; after the last the connection is subscribed.
 */
export interface LoadPlan {
  readonly request: string;
  readonly steps: readonly LoadStep[];
}
