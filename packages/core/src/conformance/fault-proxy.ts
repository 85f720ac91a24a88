/**
 * A TCP proxy on 127.0.0.1 that slows, slices, cuts, resets, half-closes, freezes and corrupts
 * connections. Every draw comes from one seeded source, so a run can be repeated as far as the
 * kernel's scheduling allows.
 */
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import type { ConnectionFaults } from "./faults.ts";
import { Pipe } from "./pipe.ts";
import type { Random } from "./random.ts";

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The port of 127.0.0.1 that connections are passed on to, until `retarget`. */
  readonly target: number;
  readonly random: Random;
  /** Gives the faults of the nth connection, from 0. Default: none. */
  readonly plan?: ((connection: number, random: Random) => ConnectionFaults) | undefined;
}

/** `cut` and `reset` end both sides; `finish` sends a FIN, to the client only. */
export type CutKind = "cut" | "reset" | "finish";

/** `up` is from the client to the server. */
export type Direction = "up" | "down";

/** A running proxy. */
export class FaultProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #options: FaultProxyOptions;
  readonly #pairs = new Set<Pair>();
  #target: number;
  #accepted = 0;
  #frozen: readonly Direction[] = [];
  #refusing = false;

  constructor(server: Server, port: number, options: FaultProxyOptions) {
    this.port = port;
    this.#server = server;
    this.#options = options;
    this.#target = options.target;
    server.on("connection", (client) => this.#accept(client));
  }

  /** Connections that clients have made so far, including refused ones. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are up now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Ends every connection at once. Bytes under way are lost. */
  cutAll(kind: CutKind = "cut"): void {
    for (const pair of this.#pairs) pair.end(kind);
  }

  /**
   * Makes a black hole, by default in both directions: nothing passes, not even the end of a
   * connection. New connections are accepted and frozen as well.
   */
  freeze(...directions: readonly Direction[]): void {
    this.#frozen = directions.length > 0 ? directions : ["up", "down"];
    for (const pair of this.#pairs) pair.freeze(this.#frozen);
  }

  /** Passes on everything that `freeze` held, in order. */
  heal(): void {
    this.#frozen = [];
    for (const pair of this.#pairs) pair.heal();
  }

  /** While `refusing`, new connections are reset at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Passes new connections on to another port, as after a server's restart. */
  retarget(port: number): void {
    this.#target = port;
  }

  /** Cuts everything and stops listening. */
  async close(): Promise<void> {
    this.cutAll("reset");
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const number = this.#accepted++;
    if (this.#refusing) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const random = this.#options.random.fork();
    const server = dial({ host: "127.0.0.1", port: this.#target, allowHalfOpen: true, noDelay: true });
    const pair = new Pair(client, server, this.#options.plan?.(number, random) ?? {}, random);
    this.#pairs.add(pair);
    pair.onGone = () => this.#pairs.delete(pair);
    pair.freeze(this.#frozen);
  }
}

/** Starts a proxy on port 0. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return new FaultProxy(server, address.port, options);
}

/** One client, one connection to the server, and a pipe each way. */
class Pair {
  onGone: () => void = () => {};
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: readonly [up: Pipe, down: Pipe];

  constructor(client: Socket, server: Socket, faults: ConnectionFaults, random: Random) {
    this.#client = client;
    this.#server = server;
    const end = (kind: "cut" | "reset"): void => this.end(kind);
    this.#pipes = [
      new Pipe(client, server, faults.up ?? {}, random.fork(), end),
      new Pipe(server, client, faults.down ?? {}, random.fork(), end),
    ];
    for (const socket of [client, server]) {
      // A reset on one side, or a server that cannot be reached, is passed on as a reset.
      socket.on("error", () => this.end("reset"));
      socket.on("close", () => {
        if (client.destroyed && server.destroyed) this.onGone();
      });
    }
  }

  end(kind: CutKind): void {
    if (kind === "finish") {
      this.#pipes[1].finish();
      return;
    }
    for (const pipe of this.#pipes) pipe.stop();
    for (const socket of [this.#client, this.#server]) {
      if (kind === "reset") socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  freeze(directions: readonly Direction[]): void {
    for (const direction of directions) this.#pipes[direction === "up" ? 0 : 1].freeze();
  }

  heal(): void {
    for (const pipe of this.#pipes) pipe.heal();
  }
}
