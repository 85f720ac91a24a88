/** Upgrade requests of a server, for every adapter that is attached to it and beside the application's own listeners. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CloseCause } from "../../protocol/close-codes.ts";
import { endIfAfterLast } from "./last-request.ts";
import { refusal } from "./reply.ts";
import { type HttpServer, pathOf } from "./request.ts";
import { unserved } from "./served-paths.ts";

/** What an adapter takes of a server's upgrades. */
export interface UpgradeTaker {
  /** Whether upgrades for a path are the adapter's. */
  readonly takes: (request: IncomingMessage, path: string) => boolean;
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Hears why an upgrade was refused that nobody serves. */
  readonly refused: (cause: CloseCause) => void;
}

/** Milliseconds that a peer has to take a refusal, which it is sent whole. */
const LINGER = 1_000;
/** Milliseconds after which an upgrade is refused that none of the application's own listeners has answered. */
const UNANSWERED = 10_000;

/** The adapters of a server share one listener: several would each leave what is not theirs to the others. */
const takersOf: WeakMap<HttpServer, Set<UpgradeTaker>> = new WeakMap();

/**
 * Takes upgrades from a server. Others are left to the application's listeners; those that nobody answers are refused with 404 and the
 * paths that are served. Returns a function that stops taking.
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
  // Node has let go of the socket. A reset that nobody hears would end the process.
  socket.on("error", () => {});
  if (endIfAfterLast(request)) return;
  const path = pathOf(request);
  const takers = takersOf.get(this) ?? new Set();
  for (const taker of takers) {
    if (taker.takes(request, path)) return taker.take(request, socket, head);
  }
  const refuse = (): void => {
    const { status, cause } = unserved(this, path);
    for (const { refused } of takers) {
      refused(cause);
      break;
    }
    refuseUpgrade(socket, status, cause);
  };
  if (this.listenerCount("upgrade") === 1) return refuse();
  const { bytesWritten = 0 } = socket as { bytesWritten?: number };
  setTimeout(() => {
    const { bytesWritten: now = 0 } = socket as { bytesWritten?: number };
    if (socket.writable && now === bytesWritten) refuse();
  }, UNANSWERED).unref();
}

/** Every status that an upgrade is refused with. */
const TEXTS: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "Not Found",
  426: "Upgrade Required",
  503: "Service Unavailable",
};

/** Answers an upgrade that is not taken, code and reason as JSON in its body, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: number, cause: CloseCause): void {
  // The peer may be gone already, which is nobody's error.
  socket.on("error", () => {});
  // A peer that does not end its side would hold the socket for ever, and so would one that does not read.
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
