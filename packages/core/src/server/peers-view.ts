/**
 * The other hubs on the backplane, as this one hears of them. Time is counted in beats of this hub,
 * so that a process that stood still does not take the others for dead. Pure.
 */

/**
 * Beats without a word after which a hub is given up: within 28 s at 2 s each. With a broker that
 * loses every fifth message, 13 in a row are lost once in a billion.
 */
export const LEASE = 13;

interface Known {
  /** Beats since its last word. */
  silent: number;
  heard: boolean;
}

export class PeersView {
  readonly #known: Map<string, Known> = new Map();
  /** Hubs that have said goodbye, with the beats until their members are given up. */
  readonly #leaving: Map<string, number> = new Map();
  #echoed = false;
  #deaf = 0;

  /** Whether a hub is alive, as far as this one can tell. */
  knows(hub: string): boolean {
    return this.#known.has(hub);
  }

  /** The number of other hubs that are alive. */
  get size(): number {
    return this.#known.size;
  }

  /** A hub has said something. `late` for one that has said goodbye: its words no longer count. */
  heard(hub: string): "new" | "known" | "late" {
    if (this.#leaving.has(hub)) return "late";
    const known = this.#known.get(hub);
    if (known) known.heard = true;
    else this.#known.set(hub, { silent: 0, heard: true });
    return known ? "known" : "new";
  }

  /** This hub has received its own word: the engine takes its messages and delivers. */
  echoed(): void {
    this.#echoed = true;
  }

  /** A hub has said goodbye, and is forgotten after so many beats. */
  leaves(hub: string, beats: number): void {
    this.#known.delete(hub);
    if (!this.#leaving.has(hub)) this.#leaving.set(hub, beats);
  }

  /**
   * Called at every beat of this hub. Returns the hubs that are given up; none while this hub does
   * not hear itself. `returned`: it hears itself again, and may have missed words of the others.
   */
  beat(): { readonly forgotten: readonly string[]; readonly returned: boolean } {
    const forgotten: string[] = [];
    for (const [hub, beats] of this.#leaving) {
      if (beats === 0) forgotten.push(hub);
      // Words that were on their way must not bring it back.
      if (beats > -LEASE) this.#leaving.set(hub, beats - 1);
      else this.#leaving.delete(hub);
    }
    for (const [hub, known] of this.#known) {
      if (known.heard) known.silent = 0;
      else if (this.#echoed) known.silent += 1;
      known.heard = false;
      if (known.silent < LEASE) continue;
      this.#known.delete(hub);
      forgotten.push(hub);
    }
    const returned = this.#echoed && this.#deaf > 2;
    this.#deaf = this.#echoed ? 0 : this.#deaf + 1;
    this.#echoed = false;
    return { forgotten, returned };
  }
}
