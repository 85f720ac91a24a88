/** What a connection may suffer. Every field's default is: nothing. */

/** What happens to one direction of one connection. */
export interface DirectionFaults {
  /** Milliseconds by which everything is late. */
  readonly latency?: number | undefined;
  /** Milliseconds of uniform chance on top of `latency`; the order of the bytes is kept. */
  readonly jitter?: number | undefined;
  /** The most that passes, in bytes per second. */
  readonly bytesPerSecond?: number | undefined;
  /** The most bytes in one write, so that 1 sends every byte for itself. */
  readonly slice?: number | undefined;
  /** The bytes after which nothing is sliced any more: byte by byte a long replay takes minutes. Default: never. */
  readonly slicedBytes?: number | undefined;
  /** Something that happens once, at an exact byte. */
  readonly accident?: Accident | undefined;
}

/** Something that happens once, when `at` bytes have passed in the direction. */
export interface Accident {
  readonly at: number;
  /**
   * `cut` closes both sides, `reset` does so with RST, `finish` sends a FIN on and swallows the rest of this direction, `freeze`
   * holds this direction until `heal`, `corrupt` flips one bit of the byte, `duplicate` passes the chunk from there on twice.
   */
  readonly kind: "cut" | "reset" | "finish" | "freeze" | "corrupt" | "duplicate";
}

/** What happens to one connection. */
export interface ConnectionFaults {
  /** From the client to the server. */
  readonly up?: DirectionFaults | undefined;
  /** From the server to the client. */
  readonly down?: DirectionFaults | undefined;
}
