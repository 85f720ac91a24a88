/** How many requests are taken: so many of one client, and so many at a time of all. */
import { TokenBucket } from "@bellwire/core/adapter";

/** Requests per second of one client, and how many may come at once. */
const RATE = 20;
const BURST = 100;
/** Requests under way at a time; each may hold a body and ask the application. */
const AT_A_TIME = 256;
/** Clients that are remembered. Who is forgotten starts with a full allowance. */
const REMEMBERED = 10_000;

export class RequestRates {
  readonly #clients: Map<string, TokenBucket> = new Map();
  #underWay = 0;

  /** Whether a request is taken; {@link done} follows one that is. `client` is its token, or without one its address. */
  take(client: string, now: number): boolean {
    if (this.#underWay >= AT_A_TIME) return false;
    const allowance = this.#clients.get(client) ?? new TokenBucket(RATE, BURST, now);
    // The one that asked longest ago is the first in the map, and the first to be forgotten.
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

  done(): void {
    this.#underWay -= 1;
  }
}
