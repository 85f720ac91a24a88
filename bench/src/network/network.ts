/** A bad network between clients and servers, in a process of its own. */

import type { ConnectionFaults } from "@bellwire/core/conformance";
import type { Child, Half } from "../process/child.ts";
import type * as networkHalf from "./network-half.ts";

type NetworkModule = typeof networkHalf;

export class Network {
  readonly #half: Half<NetworkModule>;

  private constructor(half: Half<NetworkModule>) {
    this.#half = half;
  }

  /** A network without any way yet, in that process. */
  static async start(child: Child): Promise<Network> {
    return new Network(await child.become<NetworkModule>(new URL("./network-half.ts", import.meta.url)));
  }

  /**
   * So many ways to a port, each of which can be cut for itself; all suffer the same. Resolves to
   * their ports.
   */
  ways(target: number, count: number, seed: number, faults: ConnectionFaults = {}): Promise<number[]> {
    return Promise.all(
      Array.from({ length: count }, (_, index) => this.#half.ask("open", target, seed + index, faults)),
    );
  }

  /** A way to a port on which no upgrade succeeds. */
  blocked(target: number): Promise<number> {
    return this.#half.ask("openBlocker", target);
  }

  /** Ends all connections of these ways, and lets no new ones through until {@link restore}. */
  cut(ports: readonly number[]): Promise<void> {
    return this.#half.ask("cut", ports);
  }

  restore(ports: readonly number[]): Promise<void> {
    return this.#half.ask("restore", ports);
  }

  /** A subscriber that stops to read; directly, not through a way. */
  stall(module: string, port: number): Promise<void> {
    return this.#half.ask("stall", module, port);
  }

  /**
   * Lets the stalled subscriber read again and go. Resolves to whether the server had cut it off.
   */
  release(port: number): Promise<boolean> {
    return this.#half.ask("release", port);
  }

  /** Ends all ways and readers; the process lives on. */
  async close(): Promise<void> {
    await this.#half.ask("close");
  }
}
