/** What is served on a server, so that a request for anything else is told. */
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { HttpServer } from "./request.ts";

/** How a path is asked for. */
type Manner = "requests" | "upgrades";

interface Served {
  readonly path: string;
  readonly manner: Manner;
}

const served: WeakMap<HttpServer, Set<Served>> = new WeakMap();

/** Notes that a path is served; one that ends with a slash stands for everything below it. Returns a function that takes it back. */
export function servePath(server: HttpServer, path: string, manner: Manner): () => void {
  const entry: Served = { path, manner };
  const entries = served.get(server) ?? new Set();
  served.set(server, entries.add(entry));
  return () => void entries.delete(entry);
}

/** What a request for a path is told that nobody serves. */
export function unserved(
  server: HttpServer,
  path: string,
): { readonly status: number; readonly cause: CloseCause } {
  const entries = [...(served.get(server) ?? [])];
  if (entries.some((entry) => entry.manner === "upgrades" && isAt(entry, path))) {
    const reason = `${shown(path)} takes WebSockets, and this request asks for none: a proxy must pass Upgrade and Connection on`;
    return { status: 426, cause: { code: "malformed", reason } };
  }
  const paths = entries.map(({ path: own, manner }) => (manner === "upgrades" ? `${own} (WebSocket)` : own));
  const known = paths.length === 0 ? "no hub is attached" : `served here: ${paths.join(", ")}`;
  return {
    status: 404,
    cause: { code: "link_lost", reason: `nothing is served at ${shown(path)}; ${known}` },
  };
}

function isAt(entry: Served, path: string): boolean {
  return entry.path.endsWith("/") && entry.path !== "/" ? path.startsWith(entry.path) : path === entry.path;
}

/** A path may be as long as a request's head, and an answer need not be. */
function shown(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}…` : path;
}
