/** Who sent a client event: the hub carries no publisher, and Pusher tells a presence channel's members who it was. */
import { createHash } from "node:crypto";

/** How many senders are remembered. An event is on its way for a moment only. */
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

  remember(sent: SentEvent, user: string | number): void {
    this.#users.set(digest(sent), user);
    if (this.#users.size <= REMEMBERED) return;
    const [oldest] = this.#users.keys();
    if (oldest !== undefined) this.#users.delete(oldest);
  }

  /** The user, if it is a client event of a presence channel that came in through this emulator. */
  of(sent: SentEvent): string | number | undefined {
    if (!sent.event.startsWith("client-") || !sent.topic.startsWith("presence-")) return undefined;
    return this.#users.get(digest(sent));
  }
}

/** The whole event, not its id: publishers on other wires choose their ids, and none of them may speak in another's name. */
function digest({ topic, event, id, json }: SentEvent): string {
  return createHash("sha256").update(`${topic} ${event} ${id} ${json}`).digest("base64");
}
