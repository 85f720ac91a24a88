/** The SSE transport's rig, for the conformance kit and the benchmark. */
import { httpRig, type Rig } from "@bellwire/core/conformance";
import { sseTransport } from "./client.ts";
import { attachSse } from "./server.ts";

/** Starts SSE servers on port 0 of 127.0.0.1; their clients use the platform's own fetch. */
export const sseRig: Rig = httpRig("sse", attachSse, (port) =>
  sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse`, fetch: ownFetch() }),
);

type Dispatcher = new () => object;

/**
 * A fetch with connections of its own. Node's fetch has one pool for the whole process, and no
 * public way to make another.
 */
function ownFetch(): typeof fetch {
  // Node makes the pool at the first use of fetch.
  void new Response();
  const named = globalThis as Record<symbol, object | undefined>;
  // Node 24 and later use the second name. Node 26 keeps an object under the first name that cannot
  // be made again.
  const shared =
    named[Symbol.for("undici.globalDispatcher.2")] ?? named[Symbol.for("undici.globalDispatcher.1")];
  if (!shared) return fetch;
  const dispatcher = new (shared.constructor as Dispatcher)();
  return (input, init) => fetch(input, { ...init, dispatcher } as RequestInit);
}
