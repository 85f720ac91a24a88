/**
 * A balancer in front of the hubs: each TCP connection goes to the next one in turn that accepts
 * it. It knows nothing of HTTP and keeps no client at the hub that it had before.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface Balancer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a port of 127.0.0.1; 0: a free one. `hubs` are the ports of hubs, which may die. */
export async function startBalancer(port: number, hubs: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let next = 0;

  function balance(client: Socket, tries: number): void {
    const target = hubs[next++ % hubs.length];
    if (target === undefined || tries === 0) {
      client.destroy();
      return;
    }
    const hub = connect({ host: "127.0.0.1", port: target, noDelay: true });
    const refused = (): void => {
      if (!client.destroyed) balance(client, tries - 1);
    };
    hub.once("error", refused);
    hub.once("connect", () => {
      hub.off("error", refused);
      join(client, hub);
      join(hub, client);
    });
  }

  /** Passes on what comes, and the end of it. */
  function join(from: Socket, to: Socket): void {
    sockets.add(from);
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    if (from.destroyed) to.destroy();
  }

  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    // A client that leaves while a hub is looked for has nothing to be told.
    client.on("error", () => {});
    balance(client, hubs.length);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => closed(server, sockets) };
}

async function closed(server: Server, sockets: Iterable<Socket>): Promise<void> {
  const gone = once(server, "close");
  server.close();
  for (const socket of sockets) socket.destroy();
  await gone;
}
