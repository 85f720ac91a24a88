/** Bounds the requests of one client per second, and those of all clients under way. */
import { TokenBucket } from "@bellwire/core/adapter";

/** Requests per second of one client, and the largest number at once. */
const RATE = 20;
const BURST = 100;
/** The largest number of requests under way; each may hold a body and ask the application. */
const AT_A_TIME = 256;
/**
 * The largest number of clients that are remembered. A forgotten client starts with a full
 * allowance.
 */
const REMEMBERED = 10_000;

export class RequestRates {
  readonly #clients: Map<string, TokenBucket> = new Map();
  #underWay = 0;

  /**
   * Whether a request is taken; {@link done} follows one that is. `client` is its token, or without
   * one its address.
   */
  take(client: string, now: number): boolean {
    if (this.#underWay >= AT_A_TIME) return false;
    const allowance = this.#clients.get(client) ?? new TokenBucket(RATE, BURST, now);
    // The client whose last request is the oldest comes first, and is forgotten first.
    this.#clients.delete(client);
    this.#clients.set(client, allowance);
    if (this.#clients.size > REMEMBERED) {
      const [oldest] = this.#clients.keys();
      if (oldest !== undefined) this.#clients.delete(oldest);
    }
    if (allowance.take(1, now) > 0) return false;
    this.#underWay += 1;
    return true;
  }

  /** An accepted request has been answered. */
  done(): void {
    this.#underWay -= 1;
  }
}
