/**
 * The senders of client events. Notifications carry no publisher, but in Pusher's protocol an event
 * on a presence channel names its sender.
 */
import { createHash } from "node:crypto";

/** The number of senders that are remembered. An event is on its way only for a moment. */
const REMEMBERED = 10_000;

/** An event as it is published and as it comes back. */
export interface SentEvent {
  readonly topic: string;
  readonly event: string;
  readonly id?: string | undefined;
  readonly json?: string | undefined;
}

export class Senders {
  readonly #users: Map<string, string | number> = new Map();

  /** Remembers the sender until the event comes back. */
  remember(sent: SentEvent, user: string | number): void {
    this.#users.set(digest(sent), user);
    if (this.#users.size <= REMEMBERED) return;
    const [oldest] = this.#users.keys();
    if (oldest !== undefined) this.#users.delete(oldest);
  }

  /** The sender of a client event that a presence channel of this server received. */
  of(sent: SentEvent): string | number | undefined {
    if (!sent.event.startsWith("client-") || !sent.topic.startsWith("presence-")) return undefined;
    return this.#users.get(digest(sent));
  }
}

/**
 * Digests the whole event instead of its id: clients of other transports choose their ids, and none
 * of them may send in another user's name.
 */
function digest({ topic, event, id, json }: SentEvent): string {
  return createHash("sha256").update(`${topic} ${event} ${id} ${json}`).digest("base64");
}
