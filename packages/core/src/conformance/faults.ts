/** The faults of a connection. Every field's default is no fault. */

/** The faults of one direction of a connection. */
export interface DirectionFaults {
  /** Milliseconds by which every byte is delayed. */
  readonly latency?: number | undefined;
  /** Up to so many more milliseconds, uniformly; the order of the bytes is kept. */
  readonly jitter?: number | undefined;
  /** Bandwidth in bytes per second. */
  readonly bytesPerSecond?: number | undefined;
  /** The most bytes in one write; 1 sends every byte by itself. */
  readonly slice?: number | undefined;
  /** Slicing ends after so many bytes, since a long replay would take minutes. Default: never. */
  readonly slicedBytes?: number | undefined;
  /** A fault that occurs once, at an exact byte. */
  readonly accident?: Accident | undefined;
}

/** A fault that occurs once, when `at` bytes have passed in the direction. */
export interface Accident {
  readonly at: number;
  /**
   * `cut` closes both sides; `reset` does so with RST; `finish` passes a FIN on and drops the rest
   * of this direction; `freeze` holds this direction until `heal`; `corrupt` flips one bit of the
   * byte; `duplicate` passes the chunk from there on twice.
   */
  readonly kind: "cut" | "reset" | "finish" | "freeze" | "corrupt" | "duplicate";
}

/** The faults of one connection. */
export interface ConnectionFaults {
  /** From the client to the server. */
  readonly up?: DirectionFaults | undefined;
  /** From the server to the client. */
  readonly down?: DirectionFaults | undefined;
}
