/**
 * `native`: the transport provides it. `emulated`: Bellwire adds it. `none`: it is not available on
 * this transport.
 */
export type Support = "native" | "emulated" | "none";

/**
 * The capabilities of a transport. The conformance kit skips a case only where one of them is
 * `none`, and prints the skip.
 */
export interface Capabilities {
  /** Notifications that were missed while away are replayed. */
  readonly history: Support;
  /** Notifications from before the subscription can be read, with it and page by page. */
  readonly paging: Support;
  /** Notifications of a topic arrive in the order of their offsets. */
  readonly order: Support;
  /** `publish` resolves only after the append. */
  readonly acknowledgement: Support;
  /** Clients can publish. */
  readonly clientPublish: Support;
  /** Subscribers of `presence-` topics see each other. */
  readonly presence: Support;
  /** Data may hold bytes that are not text. */
  readonly binary: Support;
  /** The largest message the transport takes, in bytes of UTF-8. */
  readonly maxMessageBytes: number;
}

/**
 * The capabilities that a transport supports or lacks; `createChannel` takes these as `requires`.
 */
export type CapabilityName = Exclude<keyof Capabilities, "maxMessageBytes">;

/** The names of capabilities that the types do not show to be missing. */
export type Supported<C extends Capabilities> = {
  [K in CapabilityName]: C[K] extends "none" ? never : K;
}[CapabilityName];

/** The capabilities that several transports have in common. */
export type Weakest<C extends Capabilities> = {
  readonly [K in CapabilityName]: Support extends C[K]
    ? Support
    : "none" extends C[K]
      ? "none"
      : "emulated" extends C[K]
        ? "emulated"
        : "native";
} & { readonly maxMessageBytes: number };
