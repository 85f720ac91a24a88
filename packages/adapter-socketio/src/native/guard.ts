/** Packets that the client library would throw at, out of a handler where nobody can catch it. */
import type { Manager } from "socket.io-client";

/**
 * Types of Socket.IO's protocol whose packets must have a content: the library reads it without
 * looking.
 */
const EVENT = 2;
const CONNECT_ERROR = 4;

/**
 * Takes the harm out of such packets before the library sees what is in them. Call it before a
 * socket of the manager is made, which listens too. `harmful` is called for each; what is left of
 * the packet means nothing to the library.
 */
export function guardPackets(manager: Manager, harmful: () => void): void {
  manager.on("packet", (packet) => {
    const type = Number(packet.type);
    if ((type !== EVENT && type !== CONNECT_ERROR) || packet.data) return;
    packet.nsp = "";
    harmful();
  });
}

/** The same for the connection underneath. Call it once the manager has opened one. */
export function guardHandshake({ engine }: Manager, harmful: () => void): void {
  engine.on("packet", (packet) => {
    if (packet.type !== "open" || isHandshake(packet.data)) return;
    packet.type = "noop";
    harmful();
  });
}

function isHandshake(data: unknown): boolean {
  try {
    const { upgrades } = JSON.parse(String(data)) as { upgrades?: unknown };
    return Array.isArray(upgrades);
  } catch {
    return false;
  }
}
