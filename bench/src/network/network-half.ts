/**
 * The process between clients and servers, so that what a bad network costs is on nobody's account.
 */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import {
  type ConnectionFaults,
  type FaultProxy,
  seededRandom,
  startFaultProxy,
} from "@bellwire/core/conformance";
import { sleep } from "../measure/clock.ts";
import { loadContender } from "../registry.ts";
import { openLoadClients } from "../scenarios/fan-out/load-clients.ts";

/** Milliseconds in which a reader that reads again learns that it was cut off. */
const SETTLE = 300;

interface StalledReader {
  readonly held: { cutOff: boolean };
  readonly resume: () => void;
  readonly close: () => void;
}

/** See `HalfModule`. */
export function createHalf() {
  const proxies = new Map<number, FaultProxy>();
  const blockers: Blocker[] = [];
  const readers = new Map<number, StalledReader>();
  const proxy = (port: number): FaultProxy => {
    const found = proxies.get(port);
    if (!found) throw new Error(`no proxy on port ${port}`);
    return found;
  };
  return {
    /**
     * A proxy before a port, every connection of which suffers the same. Resolves to its own port.
     */
    async open(target: number, seed: number, faults: ConnectionFaults): Promise<number> {
      const opened = await startFaultProxy({ target, random: seededRandom(seed), plan: () => faults });
      proxies.set(opened.port, opened);
      return opened.port;
    },
    /**
     * A proxy that answers every upgrade with 403, as some companies' do, and lets everything else
     * through.
     */
    async openBlocker(target: number): Promise<number> {
      const blocker = new Blocker(target);
      blockers.push(blocker);
      return blocker.listen();
    },
    /**
     * Ends every connection of these proxies at once, and resets new ones until {@link restore}.
     */
    cut(ports: readonly number[]): void {
      for (const port of ports) {
        proxy(port).refuse(true);
        proxy(port).cutAll("reset");
      }
    },
    restore(ports: readonly number[]): void {
      for (const port of ports) proxy(port).refuse(false);
    },
    /**
     * One subscriber of the fan-out topic that stops to read as soon as it has joined. Whether it
     * is cut off later, {@link stalled} says.
     */
    async stall(module: string, port: number): Promise<void> {
      const { load, name } = await loadContender(module);
      if (!load) throw new Error(`${name} does not declare how load clients join`);
      const held = { cutOff: false };
      const [client] = await openLoadClients(load, port, 1, () => {
        held.cutOff = true;
      });
      client?.stall();
      readers.set(port, { held, resume: () => client?.resume(), close: () => client?.close() });
    },
    /**
     * Lets the stalled reader of a port go. Resolves to whether the server had cut it off before.
     */
    async release(port: number): Promise<boolean> {
      const reader = readers.get(port);
      readers.delete(port);
      reader?.resume();
      // Data in the kernel is read first; the end of the connection comes behind it.
      await sleep(SETTLE);
      reader?.close();
      return reader?.held.cutOff ?? false;
    },
    async close(): Promise<void> {
      for (const reader of readers.values()) reader.close();
      const opened = [...proxies.values(), ...blockers.splice(0)];
      readers.clear();
      proxies.clear();
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

/**
 * Looks at the head of each connection's first request; a connection that asks for an upgrade later
 * is refused, too.
 */
class Blocker {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (/^upgrade:/im.test(bytes.toString("latin1"))) {
        client.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        server.destroy();
      } else server.write(bytes);
    });
    server.on("data", (bytes) => client.write(bytes));
  }
}
