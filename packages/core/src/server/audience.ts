/**
 * The subscribers of a topic, how a message reaches all of them, and the event by which hubs speak
 * of them.
 */
import type { ErrorCode } from "../errors.ts";
import type { Link } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Batch, Outgoing } from "./outgoing.ts";

/**
 * The event under which hubs speak of presence on a topic; off the grammar, so that no
 * application's event is like it.
 */
export const PRESENCE_EVENT = "__presence";

/** A link's way out, as a topic sees it. */
export interface Subscriber {
  /** The id of the channel behind it, compared with an entry's `exclude`. */
  readonly session: string;
  readonly link: Link<ServerMessage>;
  /** Adds a message to what it is due in this tick. */
  push(item: Outgoing): void;
  /** Hands a whole tick's batch to the link, or holds it back from a slow one. */
  send(batch: Batch): void;
}

/**
 * Everybody who is due the same messages, by link: a fan-out goes along the keys, as on a thousand
 * links every further object that is touched is a cache miss. MUST change only after {@link
 * Distributor.beforeChange}, and MUST NOT hold a subscriber whose link was closed.
 */
export type Audience = ReadonlyMap<Link<ServerMessage>, Subscriber>;

/** Why a subscriber leaves: for good, or with a link whose client is expected to reconnect. */
export type Departure = "left" | "lost";

/**
 * Close codes after which the client is expected to reconnect. A link that timed out was waited for
 * already.
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

/** How a topic reaches all of its subscribers. */
export interface Distributor {
  fanOut(audience: Audience, item: Outgoing): void;
  /** MUST be called before an audience changes. */
  beforeChange(): void;
}
