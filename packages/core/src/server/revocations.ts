/**
 * Revocations on all hubs: carried out here at once, told to the others, and repeated, because a
 * broker may lose a message. A hub that was cut off from the engine asks for those of that time.
 * Each hub carries one out once, so that a user who has the right again does not lose it to a
 * repetition.
 */
import type { Clock } from "../clock.ts";
import { randomId } from "../random-id.ts";
import type { Peers } from "./peers.ts";

/** Milliseconds between the first repetitions, of which there are three. */
const SOON = 200;
const FIRST = 3;
/** Repetitions in all, also with the beats; one that the engine refused does not count. */
const TIMES = 8;
/** Revocations that are being repeated; above it, the oldest are no longer. */
const REPEATED = 10_000;
/** Ids that are remembered; each is repeated within 15 s while the engine answers. */
const REMEMBERED = 50_000;
/** Revocations that are kept for hubs that were cut off, and the milliseconds for that. */
const KEPT = 2_000;
const KEPT_FOR = 3_600_000;
/** Beats with which a hub that was cut off asks for them. */
const ASKED = 3;
/**
 * Milliseconds before it was cut off for which it asks as well. It does not ask for all, because a
 * user may have got an older right again.
 */
const ON_THE_WAY = 15_000;
/** Revocations in one message. */
const TOGETHER = 200;

interface Revocation {
  readonly id: string;
  readonly user: string;
  readonly topic?: string | undefined;
}

interface Repeated {
  readonly revocation: Revocation;
  soon: number;
  times: number;
}

export class Revocations {
  readonly #peers: Peers;
  readonly #clock: Clock;
  readonly #apply: (user: string, topic: string | undefined) => void;
  readonly #repeated: Map<string, Repeated> = new Map();
  readonly #seen: Set<string> = new Set();
  /** The latest, of any hub, with the time at which they came. */
  readonly #kept: Map<string, { readonly revocation: Revocation; readonly at: number }> = new Map();
  #waiting = false;
  #asks = 0;
  /** The time from which this hub asks for revocations. */
  #since = 0;

  constructor(peers: Peers, clock: Clock, apply: (user: string, topic: string | undefined) => void) {
    this.#peers = peers;
    this.#clock = clock;
    this.#apply = apply;
    peers.hear("revoke", (_, body) => this.#receive(body as readonly Revocation[]));
    peers.hear("revocations", (hub, body) => {
      this.#tell(this.#recent((body as { readonly within: number }).within), hub);
    });
    peers.onMissed((back) => {
      if (!back) return;
      const since = peers.missedSince - ON_THE_WAY;
      this.#since = this.#asks > 0 ? Math.min(this.#since, since) : since;
      this.#asks = ASKED;
    });
    peers.onBeat(this.#beat);
  }

  /** Revokes here before it returns. Resolves when the engine has taken it for the other hubs. */
  async revoke(user: string, topic: string | undefined): Promise<void> {
    this.#apply(user, topic);
    if (this.#peers.alone) return;
    const revocation = { id: randomId(12), user, topic };
    this.#keep(revocation);
    this.#repeated.set(revocation.id, { revocation, soon: FIRST, times: TIMES });
    if (this.#repeated.size > REPEATED) dropOldest(this.#repeated);
    this.#repeatSoon();
    await this.#peers.tell("revoke", [revocation]);
  }

  #receive(revocations: readonly Revocation[]): void {
    for (const revocation of revocations) {
      const { id, user, topic } = revocation;
      if (this.#seen.has(id)) continue;
      this.#keep(revocation);
      this.#apply(user, topic);
    }
  }

  #keep(revocation: Revocation): void {
    this.#seen.add(revocation.id);
    if (this.#seen.size > REMEMBERED) dropOldest(this.#seen);
    this.#kept.set(revocation.id, { revocation, at: this.#clock.now() });
    if (this.#kept.size > KEPT) dropOldest(this.#kept);
  }

  #recent(within: number): readonly Revocation[] {
    const since = this.#clock.now() - Math.min(within, KEPT_FOR);
    return Array.from(this.#kept.values())
      .filter(({ at }) => at >= since)
      .map(({ revocation }) => revocation);
  }

  #repeatSoon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#peers.after(SOON, () => {
      this.#waiting = false;
      const young = Array.from(this.#repeated.values()).filter(({ soon }) => soon > 0);
      for (const one of young) one.soon -= 1;
      this.#tell(young.map(({ revocation }) => revocation));
      if (young.some(({ soon }) => soon > 0)) this.#repeatSoon();
    });
  }

  readonly #beat = (): void => {
    this.#tell(Array.from(this.#repeated.values(), ({ revocation }) => revocation));
    if (this.#asks === 0) return;
    this.#asks -= 1;
    this.#peers.say("revocations", { within: this.#clock.now() - this.#since });
  };

  /** Tells all hubs, or one of them, and counts what the engine has taken for all. */
  #tell(revocations: readonly Revocation[], hub?: string): void {
    for (let from = 0; from < revocations.length; from += TOGETHER) {
      const told = revocations.slice(from, from + TOGETHER);
      // The caller has learned of a failure; the beats go on until the engine takes it.
      this.#peers.tell("revoke", told, hub).then(
        () => hub === undefined && this.#taken(told),
        () => {},
      );
    }
  }

  #taken(told: readonly Revocation[]): void {
    for (const { id } of told) {
      const repeated = this.#repeated.get(id);
      if (!repeated) continue;
      repeated.times -= 1;
      if (repeated.times <= 0) this.#repeated.delete(id);
    }
  }
}

function dropOldest(items: Map<string, unknown> | Set<string>): void {
  for (const oldest of items.keys()) {
    items.delete(oldest);
    return;
  }
}
