/** Takes an adapter's upgrades from a server, beside the application's own listeners. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CloseCause } from "../../protocol/close-codes.ts";
import { endIfAfterLast } from "./last-request.ts";
import { refusal } from "./refusal.ts";
import { type HttpServer, pathOf } from "./request.ts";
import { unserved } from "./served-paths.ts";

/** The upgrades of a server that an adapter takes. */
export interface UpgradeTaker {
  /** Whether an upgrade is the adapter's. */
  readonly takes: (request: IncomingMessage, path: string) => boolean;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer, path: string) => void;
  /** Receives the reason when an upgrade is refused because nobody serves its path. */
  readonly refused: (cause: CloseCause) => void;
}

/** Milliseconds within which a peer must take a refusal before its socket is destroyed. */
const LINGER = 1_000;
/**
 * Milliseconds after which an upgrade is refused that no listener of the application has answered.
 */
const UNANSWERED = 10_000;

/**
 * The adapters of a server share one listener: each of several would leave foreign upgrades to the
 * others.
 */
const takersOf: WeakMap<HttpServer, Set<UpgradeTaker>> = new WeakMap();

/**
 * Takes upgrades from a server. Other upgrades are left to the application's listeners; one that
 * nobody answers is refused with 404 and the paths that are served. Returns a function that stops
 * taking.
 */
export function takeUpgrades(server: HttpServer, taker: UpgradeTaker): () => void {
  const takers = takersOf.get(server) ?? new Set();
  takersOf.set(server, takers);
  if (takers.size === 0) server.on("upgrade", dispatch);
  takers.add(taker);
  return () => {
    takers.delete(taker);
    if (takers.size === 0) server.off("upgrade", dispatch);
  };
}

function dispatch(this: HttpServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  ignoreErrors(socket);
  if (endIfAfterLast(request)) return;
  const path = pathOf(request);
  const takers = [...(takersOf.get(this) ?? [])];
  const taker = takers.find(({ takes }) => takes(request, path));
  if (taker) return taker.take(request, socket, head, path);
  const refuse = (): void => {
    const { status, cause } = unserved(this, path);
    // The adapters share one hub's log in most programs: one report is enough.
    takers[0]?.refused(cause);
    refuseUpgrade(socket, status, cause);
  };
  if (this.listenerCount("upgrade") === 1) return refuse();
  const { bytesWritten = 0 } = socket as { bytesWritten?: number };
  setTimeout(() => {
    const { bytesWritten: now = 0 } = socket as { bytesWritten?: number };
    if (socket.writable && now === bytesWritten) refuse();
  }, UNANSWERED).unref();
}

/** The texts of all statuses that an upgrade is refused with. */
const TEXTS: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "Not Found",
  426: "Upgrade Required",
  503: "Service Unavailable",
};

/** Refuses an upgrade, with code and reason as JSON in the body, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, cause: CloseCause): void {
  ignoreErrors(socket);
  // A peer that does not end its side, or does not read, would otherwise hold the socket for ever.
  socket.once("finish", () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
  const { headers, body } = refusal(cause, status);
  const all = {
    ...headers,
    "cache-control": "no-store",
    connection: "close",
    "content-length": `${Buffer.byteLength(body)}`,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${TEXTS[status] ?? "Refused"}\r\n${lines.join("")}\r\n${body}`);
}

/**
 * Node no longer listens to an upgraded socket, and a reset without a listener would end the
 * process.
 */
function ignoreErrors(socket: Duplex): void {
  socket.on("error", () => {});
}
