/**
 * Defuses packets on which the client library would throw from a handler, where no caller can catch
 * the error.
 */
import type { Manager } from "socket.io-client";

/** Packet types of Socket.IO's protocol that need data: the library reads it without a check. */
const EVENT = 2;
const CONNECT_ERROR = 4;

/**
 * Defuses such packets before the library reads their data, and calls `harmful` for each. The
 * library ignores what is left of the packet. Call this before the manager makes a socket, which
 * listens to the same event.
 */
export function guardPackets(manager: Manager, harmful: () => void): void {
  manager.on("packet", (packet) => {
    const type = Number(packet.type);
    if ((type !== EVENT && type !== CONNECT_ERROR) || packet.data) return;
    packet.nsp = "";
    harmful();
  });
}

/** Does the same for Engine.IO's handshake. Call it after the manager has opened its connection. */
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
