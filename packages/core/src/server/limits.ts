/**
 * Every bound of a hub in one table, with its default. All of them can be set; none can be switched
 * off.
 */
import { atLeast, checkOptions, withDefaults } from "../options.ts";

/** Bounds of a hub. Times in milliseconds, sizes in bytes, rates per second. */
export interface Limits {
  /** Inbound message, on every transport. */
  readonly messageBytes: number;
  /** Links of the whole process. */
  readonly links: number;
  /**
   * Links of one user, on all hubs of the backplane. Another hub's are known after half a second,
   * and only where the user has two or more on it.
   */
  readonly linksPerUser: number;
  /** New links per second; as many again may come in a burst. */
  readonly linkRate: number;
  /** Time from open to a valid hello. */
  readonly helloTimeout: number;
  /** Subscriptions of one link. */
  readonly subscriptions: number;
  /** Subscriptions per second, and how many may come in a burst. */
  readonly subscribeRate: number;
  readonly subscribeBurst: number;
  /** Inbound messages per second, and how many may come in a burst. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** Inbound bytes per second; as many again may come in a burst. */
  readonly byteRate: number;
  /**
   * Messages over its rates that a link may send in a burst, more at `messageRate`; one more closes
   * it. Each 4 KiB counts as one.
   */
  readonly refusedMessages: number;
  /** Publishes of one link that wait for those before them; more are refused for a while. */
  readonly waitingPublishes: number;
  /** Malformed messages of one link; this many close it. */
  readonly malformed: number;
  /** Time for `authenticate`, `authorize` and handlers; what takes longer is refused. */
  readonly decisionTimeout: number;
  /** The most that one link may hold for a slow consumer, the transport's own buffer included. */
  readonly queueBytes: number;
  readonly queueMessages: number;
  /** Notifications replayed in one recovery. */
  readonly recovery: number;
  /**
   * Time without a message after which the hub pings, and the time it then waits for a sign of
   * life.
   */
  readonly pingInterval: number;
  readonly pongTimeout: number;
  /**
   * Time between two comparisons of the deliveries with the head of the backplane. A fifth of it
   * passes between two beats to the other hubs.
   */
  readonly positionCheck: number;
  /** Time before a token's end at which its client is warned. */
  readonly expiryNotice: number;
  /** Members of a `presence-` topic that one snapshot names. */
  readonly members: number;
  /** A member's info as JSON. */
  readonly memberBytes: number;
  /**
   * Time that a member stays present after its link was lost, so that a reconnect is not visible.
   */
  readonly presenceGrace: number;
}

/** The defaults of GUARANTEES.md. */
export const DEFAULT_LIMITS: Limits = {
  messageBytes: 65_536,
  links: 10_000,
  linksPerUser: 20,
  linkRate: 200,
  helloTimeout: 5_000,
  subscriptions: 128,
  subscribeRate: 10,
  subscribeBurst: 50,
  messageRate: 50,
  messageBurst: 100,
  byteRate: 262_144,
  refusedMessages: 1_000,
  waitingPublishes: 256,
  malformed: 5,
  decisionTimeout: 5_000,
  queueBytes: 1_048_576,
  queueMessages: 1_000,
  recovery: 300,
  pingInterval: 25_000,
  pongTimeout: 10_000,
  positionCheck: 10_000,
  expiryNotice: 30_000,
  members: 1_000,
  memberBytes: 1_024,
  presenceGrace: 5_000,
};

/**
 * The defaults with what the application sets. Throws `invalid_option` with the path
 * `createHub.limits.…`.
 */
export function limitsFrom(options: Partial<Limits> = {}): Limits {
  checkOptions(
    "createHub.limits",
    options,
    Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((key) => [key, atLeast(1)])),
  );
  return withDefaults(DEFAULT_LIMITS, options);
}
