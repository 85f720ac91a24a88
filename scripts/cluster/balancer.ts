/**
 * A round-robin TCP balancer without sticky sessions: each connection goes to the next hub that
 * accepts it.
 */
import { createServer, connect as dial, type Server, type Socket } from "node:net";

export class Balancer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #targets: () => readonly number[];
  #next = 0;

  private constructor(server: Server, port: number, targets: () => readonly number[]) {
    this.#targets = targets;
    this.#server = server;
    this.port = port;
    server.on("connection", (client) => this.#accept(client, targets().length));
  }

  /** Listens on a free port of 127.0.0.1. `targets` gives the ports of the hubs. */
  static start(targets: () => readonly number[]): Promise<Balancer> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address && typeof address === "object") resolve(new Balancer(server, address.port, targets));
      });
    });
  }

  /** Resets every connection. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cutAll();
    await closed;
  }

  #accept(client: Socket, tries: number): void {
    client.pause();
    const targets = this.#targets();
    const target = targets[this.#next++ % Math.max(1, targets.length)];
    if (target === undefined || tries === 0) return void client.resetAndDestroy();
    const hub = dial({ host: "127.0.0.1", port: target, noDelay: true });
    const again = (): void => {
      if (!client.destroyed) this.#accept(client, tries - 1);
    };
    hub.once("error", again);
    hub.once("connect", () => {
      hub.off("error", again);
      this.#join(client, hub);
    });
  }

  #join(client: Socket, hub: Socket): void {
    for (const [one, other] of [
      [client, hub],
      [hub, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.resetAndDestroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
