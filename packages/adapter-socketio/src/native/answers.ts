/** Detects that the direction to the hub is dead while a link uses long polling. */
import { systemClock } from "@bellwire/core/adapter";
import type { Manager } from "socket.io-client";

/**
 * Calls `dead` when the hub has answered no POST for `idleTimeout` milliseconds. The hub's pings
 * come more often than that, and the client answers each with a POST, so a live connection always
 * has answers. With long polling the hub cannot report that it receives nothing; on a WebSocket,
 * including one that long polling is upgraded to, it can, and nothing is watched. Returns a
 * function that stops watching.
 */
export function expectAnswers({ engine }: Manager, idleTimeout: number, dead: () => void): () => void {
  const { transport } = engine;
  if (transport.name !== "polling") return () => {};
  let cancel = systemClock.after(idleTimeout, dead);
  const answered = (): void => {
    cancel();
    cancel = systemClock.after(idleTimeout, dead);
  };
  const stop = (): void => {
    transport.off("drain", answered);
    cancel();
  };
  transport.on("drain", answered);
  engine.once("upgrade", stop);
  return stop;
}
