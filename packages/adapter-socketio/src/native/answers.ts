/** By long polling, the way to the hub is alive as long as it answers what is posted there. */
import { systemClock } from "@bellwire/core/adapter";
import type { Manager } from "socket.io-client";

/**
 * Calls `dead` when no request that brought something to the hub was answered for `idleTimeout`
 * milliseconds. Without polls the hub cannot say that it hears nothing; and its pings, each of
 * which the client answers with a request, come more often than that. On a WebSocket, also on one
 * that long polling becomes, the hub says it itself. Returns a function that stops it.
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
