/**
 * Revocations on all hubs: carried out here at once, told to the others, and repeated, because a
 * broker may lose a message. Each hub carries one out once, so that a user who has the right again
 * does not lose it to a repetition.
 */
import { randomId } from "../random-id.ts";
import type { Peers } from "./peers.ts";

/** Milliseconds between the first repetitions, of which there are three. */
const SOON = 200;
const FIRST = 3;
/** Beats that repeat a revocation after that. One that the engine refused does not count. */
const BEATS = 5;
/** Revocations that are being repeated; above it, the oldest are no longer. */
const REPEATED = 10_000;
/** Ids that are remembered; each is repeated within 15 s while the engine answers. */
const REMEMBERED = 50_000;
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
  beats: number;
}

export class Revocations {
  readonly #peers: Peers;
  readonly #apply: (user: string, topic: string | undefined) => void;
  readonly #repeated: Map<string, Repeated> = new Map();
  readonly #seen: Set<string> = new Set();
  #waiting = false;

  constructor(peers: Peers, apply: (user: string, topic: string | undefined) => void) {
    this.#peers = peers;
    this.#apply = apply;
    peers.hear("revoke", (_, body) => this.#receive(body as readonly Revocation[]));
    peers.onBeat(this.#beat);
  }

  /** Revokes here before it returns. Resolves when the engine has taken it for the other hubs. */
  async revoke(user: string, topic: string | undefined): Promise<void> {
    this.#apply(user, topic);
    if (this.#peers.alone) return;
    const revocation = { id: randomId(12), user, topic };
    this.#repeated.set(revocation.id, { revocation, soon: FIRST, beats: BEATS });
    if (this.#repeated.size > REPEATED) dropOldest(this.#repeated);
    this.#repeatSoon();
    await this.#peers.tell("revoke", [revocation]);
  }

  #receive(revocations: readonly Revocation[]): void {
    for (const { id, user, topic } of revocations) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (this.#seen.size > REMEMBERED) dropOldest(this.#seen);
      this.#apply(user, topic);
    }
  }

  #repeatSoon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#peers.after(SOON, () => {
      this.#waiting = false;
      const young = Array.from(this.#repeated.values()).filter(({ soon }) => soon > 0);
      for (const one of young) one.soon -= 1;
      this.#tell(young, () => {});
      if (young.some(({ soon }) => soon > 0)) this.#repeatSoon();
    });
  }

  readonly #beat = (): void => {
    this.#tell(Array.from(this.#repeated.values()), (told) => {
      for (const one of told) {
        one.beats -= 1;
        if (one.beats <= 0) this.#repeated.delete(one.revocation.id);
      }
    });
  };

  #tell(repeated: readonly Repeated[], taken: (told: readonly Repeated[]) => void): void {
    for (let from = 0; from < repeated.length; from += TOGETHER) {
      const told = repeated.slice(from, from + TOGETHER);
      const body = told.map(({ revocation }) => revocation);
      // The caller has learned of a failure; the beats go on until the engine takes it.
      this.#peers.tell("revoke", body).then(
        () => taken(told),
        () => {},
      );
    }
  }
}

function dropOldest(items: Map<string, unknown> | Set<string>): void {
  for (const oldest of items.keys()) {
    items.delete(oldest);
    return;
  }
}
