/**
 * The subscribers of a topic, the interface that fans messages out to them, and the event of
 * presence.
 */
import type { ErrorCode } from "../errors.ts";
import type { Link } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Batch, Outgoing } from "./outgoing.ts";

/**
 * The event of presence reports between hubs. The grammar reserves it, so no application's event
 * has this name.
 */
export const PRESENCE_EVENT = "__presence";

/** The interface of a link's queue to a topic. */
export interface Subscriber {
  /** The exclusion id of its channel, compared with an entry's `exclude`. */
  readonly session: string;
  readonly link: Link<ServerMessage>;
  /** Adds a message to the batch of this tick. */
  push(item: Outgoing): void;
  /** Sends a whole tick's batch to the link, or holds it back while the link is behind. */
  send(batch: Batch): void;
}

/**
 * The subscribers that are due the same messages, by link: a fan-out goes along the keys, as on a
 * thousand links every further object that is touched is a cache miss. MUST change only after
 * {@link Distributor.beforeChange}, and MUST NOT hold a subscriber whose link was closed.
 */
export type Audience = ReadonlyMap<Link<ServerMessage>, Subscriber>;

/**
 * The reason for which a subscriber leaves: for good, or with a link after which its client is
 * expected to reconnect.
 */
export type Departure = "left" | "lost";

/**
 * Close codes after which the client is expected to reconnect. `timeout` is absent: the hub has
 * waited for that client already.
 */
const RECONNECTS: ReadonlySet<ErrorCode> = new Set([
  "link_lost",
  "draining",
  "slow_consumer",
  "internal",
  "malformed",
  "rate_limited",
]);

/** The departure of a link's subscribers when the link ends. */
export function departureOf({ code }: CloseCause): Departure {
  return RECONNECTS.has(code) ? "lost" : "left";
}

/** Fans messages out to all subscribers of a topic. */
export interface Distributor {
  fanOut(audience: Audience, item: Outgoing): void;
  /** MUST be called before an audience changes. */
  beforeChange(): void;
}
