/** The rig: what the conformance kit and the benchmark need to start this wire for real. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Rig } from "@bellwire/core/conformance";
import { sseTransport } from "./client.ts";
import { attachSse } from "./server.ts";

/** Starts the SSE wire on a Node HTTP server; its clients use the platform's own fetch. */
export const sseRig: Rig = {
  name: "sse",
  async start(hub) {
    const server = createServer();
    attachSse(hub, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port: own } = server.address() as AddressInfo;
    return {
      port: own,
      transport: (port = own) =>
        sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse`, fetch: ownFetch() }),
      async stop() {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await closed;
      },
    };
  },
};

type Dispatcher = new () => object;

/** A fetch with connections of its own: Node's keeps one pool for the whole process, and hands it no public way to have another. */
function ownFetch(): typeof fetch {
  // Node makes the pool when fetch is first touched.
  void new Response();
  const shared = (globalThis as Record<symbol, object | undefined>)[Symbol.for("undici.globalDispatcher.1")];
  if (!shared) return fetch;
  const dispatcher = new (shared.constructor as Dispatcher)();
  return (input, init) => fetch(input, { ...init, dispatcher } as RequestInit);
}
