/** A round-robin balancer of TCP connections, with no sticky sessions. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Balances over ports of 127.0.0.1; each connection goes to the next one that accepts it. */
export class Balancer {
  /** The ports, which may change at any time. */
  targets: readonly number[] = [];
  readonly #server: Server = createServer({ noDelay: true, pauseOnConnect: true });
  readonly #open: Set<Socket> = new Set();
  #turn = 0;

  constructor() {
    this.#server.on("connection", (client) => this.#pass(client, this.targets.length));
  }

  /** Listens. Resolves with its port. */
  async listen(): Promise<number> {
    this.#server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets every connection. */
  cut(): void {
    for (const client of this.#open) client.resetAndDestroy();
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  /** Hands the connection to the next target, and to those after it while they refuse. */
  #pass(client: Socket, tries: number): void {
    const port = this.targets[this.#turn++ % Math.max(1, this.targets.length)];
    if (port === undefined || tries === 0) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    const refused = (): void => this.#pass(client, tries - 1);
    server.once("error", refused);
    server.once("connect", () => {
      server.off("error", refused);
      this.#open.add(client);
      client.once("close", () => {
        this.#open.delete(client);
        server.destroy();
      });
      server.once("close", () => client.destroy());
      server.on("error", () => client.resetAndDestroy());
      client.on("error", () => server.resetAndDestroy());
      client.pipe(server).pipe(client);
    });
  }
}
