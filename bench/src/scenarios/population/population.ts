/** A server and its held connections, as connect-storm and idle-memory see them. */

import type { Half } from "../../process/child.ts";
import type { Entrant, Pair } from "../../scenario.ts";
import type * as clientHalf from "./client-half.ts";
import type { Joining } from "./client-half.ts";
import type * as serverHalf from "./server-half.ts";
import type { Memory } from "./server-half.ts";

type ServerModule = typeof serverHalf;
type ClientModule = typeof clientHalf;

/** The cost of a storm. */
export interface Storm extends Joining {
  /** CPU of the server process from the first connection to the last subscription, microseconds. */
  readonly cpu: number;
}

export class Population {
  readonly entrant: Entrant;
  readonly #server: Half<ServerModule>;
  readonly #clients: Half<ClientModule>;
  readonly #port: number;

  private constructor(
    entrant: Entrant,
    server: Half<ServerModule>,
    clients: Half<ClientModule>,
    port: number,
  ) {
    this.entrant = entrant;
    this.#server = server;
    this.#clients = clients;
    this.#port = port;
  }

  /** Serves the contender in its pair's processes. */
  static async start(entrant: Entrant, pair: Pair): Promise<Population> {
    const [server, clients] = await Promise.all([
      pair.server.become<ServerModule>(new URL("./server-half.ts", import.meta.url)),
      pair.clients.become<ClientModule>(new URL("./client-half.ts", import.meta.url)),
    ]);
    return new Population(entrant, server, clients, await server.ask("serve", entrant.module));
  }

  /** `count` more connections, `atOnce` of them at the same time. */
  async join(count: number, atOnce: number): Promise<Storm> {
    await this.#server.ask("begin");
    const joining = await this.#clients.ask("join", this.entrant.module, this.#port, count, atOnce);
    return { ...joining, cpu: await this.#server.ask("cpu") };
  }

  /** Everybody goes. */
  async leave(): Promise<void> {
    await this.#clients.ask("leave");
  }

  memory(): Promise<Memory> {
    return this.#server.ask("memory");
  }

  failures(): Promise<number> {
    return this.#server.ask("failures");
  }

  /** Ends clients and server; the processes live on. */
  async close(): Promise<void> {
    await this.#clients.ask("close");
    await this.#server.ask("close");
  }
}
