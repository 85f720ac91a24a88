/** The links of users on other hubs, as those have reported them. Pure. */

/** A user with its links on the reporting hub; 0 for a user who is no longer counted. */
export type UserLinks = readonly [user: string, links: number];

export class LinkCounts {
  readonly #hubs: Map<string, Map<string, number>> = new Map();
  readonly #sums: Map<string, number> = new Map();

  /** The links of a user on all other hubs. */
  of(user: string): number {
    return this.#sums.get(user) ?? 0;
  }

  /** A hub reports some of its users. */
  change(hub: string, users: readonly UserLinks[]): void {
    const counts = this.#hubs.get(hub) ?? new Map<string, number>();
    for (const [user, links] of users) {
      const sum = this.of(user) - (counts.get(user) ?? 0) + links;
      if (links > 0) counts.set(user, links);
      else counts.delete(user);
      if (sum > 0) this.#sums.set(user, sum);
      else this.#sums.delete(user);
    }
    if (counts.size > 0) this.#hubs.set(hub, counts);
    else this.#hubs.delete(hub);
  }

  /** A hub reports all of its users. */
  replace(hub: string, users: readonly UserLinks[]): void {
    this.forget(hub);
    this.change(hub, users);
  }

  /** A hub is gone. */
  forget(hub: string): void {
    this.change(
      hub,
      Array.from(this.#hubs.get(hub)?.keys() ?? [], (user) => [user, 0]),
    );
  }
}
