/**
 * The paths that adapters serve on a server, which the answer to a request for any other path
 * lists.
 */
import { type HttpRefusal, shortened } from "./refusal.ts";
import type { HttpServer } from "./request.ts";

/** How clients ask for a path: by requests, or by upgrades to WebSocket. */
type Manner = "requests" | "upgrades";

interface Served {
  readonly path: string;
  readonly manner: Manner;
}

const served: WeakMap<HttpServer, Set<Served>> = new WeakMap();

/**
 * Notes that a path is served; one that ends with a slash covers everything below it. Returns a
 * function that removes the note.
 */
export function servePath(server: HttpServer, path: string, manner: Manner): () => void {
  const entry: Served = { path, manner };
  const entries = served.get(server) ?? new Set();
  served.set(server, entries.add(entry));
  return () => void entries.delete(entry);
}

/**
 * The answer to a request for a path that nobody serves: 404, or 426 for a request where a
 * WebSocket is served.
 */
export function unserved(server: HttpServer, path: string): HttpRefusal {
  const entries = [...(served.get(server) ?? [])];
  if (entries.some((entry) => entry.manner === "upgrades" && isAt(entry, path))) {
    const reason = `${shortened(path)} takes WebSockets, and this request asks for none: a proxy must pass Upgrade and Connection on`;
    return { status: 426, cause: { code: "malformed", reason } };
  }
  const paths = entries.map(({ path: own, manner }) => (manner === "upgrades" ? `${own} (WebSocket)` : own));
  const known = paths.length === 0 ? "no hub is attached" : `served here: ${paths.join(", ")}`;
  return {
    status: 404,
    cause: { code: "link_lost", reason: `nothing is served at ${shortened(path)}; ${known}` },
  };
}

function isAt(entry: Served, path: string): boolean {
  return entry.path.endsWith("/") && entry.path !== "/" ? path.startsWith(entry.path) : path === entry.path;
}
