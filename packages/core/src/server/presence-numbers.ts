/**
 * The numbers of the hubs' changes to one presence topic. A hub numbers its changes upwards, over
 * all topics; 0 is the number of a hub without members. Hubs compare numbers instead of lists, and
 * find out that a message was lost. Pure.
 */

/** The numbers that a hub knows of a topic: its own, and those of the others. */
export interface Digest {
  readonly own: number;
  readonly others: readonly (readonly [hub: string, number: number])[];
}

/** Beats for which a digest is repeated after a change, since any of them may be lost. */
const REPEATED = 8;
/** Beats between two digests of a topic that does not change. */
const SELDOM = 13;

export class PresenceNumbers {
  #own = 0;
  /** The own number at the last beat: messages about a later one may be on their way. */
  #settled = 0;
  readonly #others: Map<string, number> = new Map();
  /** Hubs of which a change is missing. */
  readonly #behind: Set<string> = new Set();
  #repeat = REPEATED;
  #beats = 0;

  get own(): number {
    return this.#own;
  }

  get digest(): Digest {
    return { own: this.#own, others: Array.from(this.#others) };
  }

  /** This hub has made a change. Returns the number before it. */
  change(number: number): number {
    const before = this.#own;
    this.#own = number;
    this.#repeat = REPEATED;
    return before;
  }

  /**
   * A hub has told a change, which follows its change `after`. Returns false for one that is known
   * already.
   */
  took(hub: string, after: number, number: number): boolean {
    const known = this.#others.get(hub) ?? 0;
    if (number !== 0 && number <= known) return false;
    if (known === after) this.#know(hub, number);
    else this.#behind.add(hub);
    return true;
  }

  /** A hub has told all of its members. */
  listed(hub: string, number: number): void {
    this.#know(hub, number);
  }

  /** A hub has told its number: it may have members that this one has not heard of, or fewer. */
  saw(hub: string, number: number): void {
    const known = this.#others.get(hub) ?? 0;
    if (known === number) this.#behind.delete(hub);
    // A lower one was overtaken by the change itself.
    else if (number === 0 || number > known) this.#behind.add(hub);
  }

  /**
   * Whether another hub, by the number that it knows of this one, has missed something that is not
   * on its way.
   */
  missing(known: number): boolean {
    return known !== this.#own && (this.#own === this.#settled || known < this.#settled);
  }

  forget(hub: string): void {
    this.#others.delete(hub);
    this.#behind.delete(hub);
  }

  /** Something may have been missed: digests are due for a while. */
  compare(): void {
    this.#repeat = REPEATED;
  }

  /** Called at every beat. Returns whether the digest is due. */
  beat(): boolean {
    this.#settled = this.#own;
    this.#beats += 1;
    const due = this.#repeat > 0 || this.#behind.size > 0 || this.#beats >= SELDOM;
    if (this.#repeat > 0) this.#repeat -= 1;
    if (due) this.#beats = 0;
    return due;
  }

  #know(hub: string, number: number): void {
    if (number === 0) this.#others.delete(hub);
    else this.#others.set(hub, number);
    this.#behind.delete(hub);
  }
}
