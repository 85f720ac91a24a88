/** The processes of a run: two for each contender, kept over all scenarios. */
import { type Child, startChild } from "./process/child.ts";
import type { Entrant, Pair } from "./scenario.ts";

/** Starts pairs as they are needed. */
export class Pairs {
  readonly #kept: Map<string, Pair> = new Map();

  /** See `Stage.pair`. */
  readonly pair = (entrant: Entrant): Pair => {
    const kept = this.#kept.get(entrant.module) ?? this.freshPair(entrant);
    this.#kept.set(entrant.module, kept);
    return kept;
  };

  /** See `Stage.freshPair`. */
  readonly freshPair = (entrant: Entrant): Pair => ({
    server: this.freshServer(entrant),
    clients: startChild(`clients of ${entrant.contender.name}`),
  });

  /** See `Stage.freshServer`. */
  readonly freshServer = ({ contender: { name } }: Entrant): Child => startChild(`server of ${name}`);

  /** Ends all that were kept. */
  async stop(): Promise<void> {
    const children: Child[] = Array.from(this.#kept.values()).flatMap(({ server, clients }) => [
      server,
      clients,
    ]);
    await Promise.all(children.map((child) => child.stop()));
    this.#kept.clear();
  }
}
