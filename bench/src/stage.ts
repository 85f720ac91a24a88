/**
 * The processes of a run: two for each contender and one for the network between them, kept over
 * all scenarios.
 */
import { Network } from "./network/network.ts";
import { type Child, startChild } from "./process/child.ts";
import type { Entrant, Pair } from "./scenario.ts";

/** Starts pairs as they are needed. */
export class Pairs {
  readonly #kept: Map<string, Pair> = new Map();
  #network: Child | undefined;

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

  /** See `Stage.network`. */
  readonly network = (): Promise<Network> => {
    this.#network ??= startChild("network");
    return Network.start(this.#network);
  };

  /** Ends all that were kept. */
  async stop(): Promise<void> {
    const children: Child[] = Array.from(this.#kept.values()).flatMap(({ server, clients }) => [
      server,
      clients,
    ]);
    if (this.#network) children.push(this.#network);
    await Promise.all(children.map((child) => child.stop()));
    this.#kept.clear();
    this.#network = undefined;
  }
}
