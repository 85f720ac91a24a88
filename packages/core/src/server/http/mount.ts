/** Mounts a transport on paths of a server, beside everything else that the server serves. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { HttpRequest, HttpResponse, HttpServer } from "./request.ts";
import { servePath } from "./served-paths.ts";
import { takeRequests } from "./take-requests.ts";
import { takeUpgrades } from "./take-upgrades.ts";

interface Mounted {
  /**
   * Whether everything below the path is taken, too; the path then ends with a slash. Default:
   * false.
   */
  readonly below?: boolean;
  /** Receives the reason when a request is refused because nobody serves its path. */
  readonly refused: (cause: CloseCause) => void;
}

/** The requests of a path. */
export interface MountedRequests extends Mounted {
  /**
   * `rest` is the part of the request's path after the mounted path; without `below` it is empty.
   */
  readonly take: (request: HttpRequest, response: HttpResponse, rest: string) => void;
}

/** The upgrades of one path or several. */
export interface MountedUpgrades extends Mounted {
  /** `path` is the mounted path that the upgrade asks for, or that covers it. */
  readonly take: (request: IncomingMessage, socket: Duplex, head: Buffer, path: string) => void;
}

/** Takes the requests for a path. Returns a function that stops taking. */
export function mountRequests(server: HttpServer, path: string, mounted: MountedRequests): () => void {
  const { take, refused, below = false } = mounted;
  return releaseAll([
    servePath(server, path, "requests"),
    takeRequests(server, {
      takes: (_, asked) => (below ? asked.startsWith(path) : asked === path),
      take: (request, response, asked) => take(request, response, asked.slice(path.length)),
      refused,
    }),
  ]);
}

/**
 * Takes the upgrades for paths. A plain request for such a path is answered 426. Returns a function
 * that stops taking.
 */
export function mountUpgrades(
  server: HttpServer,
  paths: readonly string[],
  { take, refused, below = false }: MountedUpgrades,
): () => void {
  const found = (asked: string): string | undefined =>
    paths.find((path) => (below ? asked.startsWith(path) : asked === path));
  return releaseAll([
    ...paths.map((path) => servePath(server, path, "upgrades")),
    takeUpgrades(server, {
      takes: (_, asked) => found(asked) !== undefined,
      take: (request, socket, head, asked) => take(request, socket, head, found(asked) ?? asked),
      refused,
    }),
    // A request that has no listener would otherwise wait for an answer for ever.
    takeRequests(server, { takes: () => false, take: () => {}, refused }),
  ]);
}

function releaseAll(releases: readonly (() => void)[]): () => void {
  return () => {
    for (const release of releases) release();
  };
}
