/** Whether a connection may begin at all, by what its URL says. Pure. */
import type { PusherApp } from "../protocol/signature.ts";
import { CLOSE } from "./close-number.ts";

/** Why a connection is closed before it began. */
export interface Rejection {
  readonly number: number;
  readonly reason: string;
}

/** The versions of the protocol that differ from 7 in nothing that a server has to know. */
const OLDEST = 5;
const NEWEST = 7;

/** Judges `KEY?protocol=7…`, what follows `/app/` in the URL. */
export function judgeAdmission(app: PusherApp, target: string): Rejection | undefined {
  const [key, query] = target.split(/\?(.*)/s);
  if (key !== app.key) return { number: CLOSE.unknownApp, reason: "Application does not exist" };
  const protocol = protocolOf(query);
  if (protocol === undefined) return { number: CLOSE.noProtocol, reason: "No protocol version supplied" };
  if (!(protocol >= OLDEST && protocol <= NEWEST))
    return { number: CLOSE.unsupportedProtocol, reason: "Unsupported protocol version" };
  return undefined;
}

/** Whether the client reads the number of a close: before version 6 it had to be said in a message. */
export function readsCloses(target: string): boolean {
  const protocol = protocolOf(target.split(/\?(.*)/s)[1]);
  return protocol === undefined || !(protocol < 6);
}

/** The version asked for; NaN for what is no number. */
function protocolOf(query = ""): number | undefined {
  const protocol = new URLSearchParams(query).get("protocol");
  if (protocol === null || protocol === "") return undefined;
  return /^\d{1,3}$/.test(protocol) ? Number(protocol) : Number.NaN;
}
