/** Judges by its URL whether a connection may begin. Pure. */
import type { PusherApp } from "../protocol/app.ts";
import { CLOSE } from "./close-number.ts";

/** The close of a connection that may not begin. */
export interface Rejection {
  readonly number: number;
  readonly reason: string;
}

/** The versions of the protocol that do not differ from 7 for a server. */
const OLDEST = 5;
const NEWEST = 7;

/** Judges `KEY?protocol=7…`, the part of the URL after `/app/`. */
export function judgeTarget(app: PusherApp, target: string): Rejection | undefined {
  const [key, query] = target.split(/\?(.*)/s);
  if (key !== app.key) return { number: CLOSE.unknownApp, reason: "Application does not exist" };
  const protocol = protocolOf(query);
  if (protocol === undefined) return { number: CLOSE.noProtocol, reason: "No protocol version supplied" };
  if (!(protocol >= OLDEST && protocol <= NEWEST))
    return { number: CLOSE.unsupportedProtocol, reason: "Unsupported protocol version" };
  return undefined;
}

/**
 * Whether the client reads the number of a close. Before version 6 a message had to carry it.
 */
export function readsCloses(target: string): boolean {
  const protocol = protocolOf(target.split(/\?(.*)/s)[1]);
  return protocol === undefined || !(protocol < 6);
}

/** The version that the client asks for; NaN when it is not a number. */
function protocolOf(query = ""): number | undefined {
  const protocol = new URLSearchParams(query).get("protocol");
  if (protocol === null || protocol === "") return undefined;
  return /^\d{1,3}$/.test(protocol) ? Number(protocol) : Number.NaN;
}
