/**
 * The links of each user, here and on other hubs. A hub reports only users with two links or more:
 * most users have one, and reporting it would cost a message for every link.
 */
import { LinkCounts, type UserLinks } from "./link-counts.ts";
import type { Peers } from "./peers.ts";

/** Links of a user from which on they are reported. */
const REPORTED = 2;
/** Milliseconds within which changes are reported together. */
const TOGETHER = 500;
/** Beats that repeat a change, since a broker may lose a message. */
const REPEATED = 6;
/** Beats between two reports of all users. */
const WHOLE = 4;

interface Report {
  readonly users: readonly UserLinks[];
  /** Whether users who are missing have no links to report. */
  readonly whole: boolean;
}

export class UserLinksCounter {
  readonly #peers: Peers;
  readonly #here: Map<string, number> = new Map();
  readonly #elsewhere: LinkCounts = new LinkCounts();
  /** Users whom the other hubs count for this one, with the beats that repeat their last change. */
  readonly #reported: Map<string, number> = new Map();
  #beats = 0;
  #waiting = false;
  #withdrawn = false;

  constructor(peers: Peers) {
    this.#peers = peers;
    peers.hear("links", (hub, body) => {
      const { users, whole } = body as Report;
      if (whole) this.#elsewhere.replace(hub, users);
      else this.#elsewhere.change(hub, users);
    });
    peers.onBeat(this.#beat);
    const forget = (hub: string): void => this.#elsewhere.forget(hub);
    peers.onLeaving(forget);
    peers.onForgotten(forget);
  }

  /** Counts a link of the user, and returns its links on all hubs. */
  add(user: string): number {
    const links = (this.#here.get(user) ?? 0) + 1;
    this.#here.set(user, links);
    if (links >= REPORTED) this.#report(user);
    return links + this.#elsewhere.of(user);
  }

  remove(user: string): void {
    const links = (this.#here.get(user) ?? 1) - 1;
    if (links > 0) this.#here.set(user, links);
    else this.#here.delete(user);
    if (this.#reported.has(user)) this.#report(user);
  }

  /** The other hubs no longer count the links of this one. */
  withdraw(): void {
    if (this.#withdrawn) return;
    this.#withdrawn = true;
    if (this.#reported.size > 0) this.#peers.say("links", { users: [], whole: true });
  }

  #report(user: string): void {
    if (this.#peers.alone || this.#withdrawn) return;
    this.#reported.set(user, REPEATED);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#peers.after(TOGETHER, () => {
      this.#waiting = false;
      this.#say(false, REPEATED);
    });
  }

  readonly #beat = (): void => {
    this.#beats = (this.#beats + 1) % WHOLE;
    const whole = this.#beats === 0;
    this.#say(whole, 1);
    for (const [user, beats] of this.#reported) {
      if (beats > 0) this.#reported.set(user, beats - 1);
      else if (this.#linksOf(user)[1] === 0) this.#reported.delete(user);
    }
  };

  /** Reports all users, or those whose change has to be repeated at least `beats` times. */
  #say(whole: boolean, beats: number): void {
    if (!this.#peers.any || this.#withdrawn) return;
    const users: UserLinks[] = [];
    for (const [user, left] of this.#reported) if (whole || left >= beats) users.push(this.#linksOf(user));
    if (whole || users.length > 0) this.#peers.say("links", { users, whole } satisfies Report);
  }

  #linksOf(user: string): UserLinks {
    const links = this.#here.get(user) ?? 0;
    return [user, links >= REPORTED ? links : 0];
  }
}
