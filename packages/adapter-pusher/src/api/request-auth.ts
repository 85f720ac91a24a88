/**
 * Judges whether the sender of a request to the HTTP API knows the app's secret. Pure but for the
 * HMAC.
 */
import type { PusherApp } from "../protocol/app.ts";
import { bodyDigest, isSignature, requestText } from "../protocol/signature.ts";

/** A request as it was sent. */
export interface ApiRequest {
  readonly method: string;
  /** The path, with its percent-encoding. */
  readonly path: string;
  /** The text after the question mark. */
  readonly query: string;
  readonly body: Uint8Array;
  /** Seconds since 1970. */
  readonly now: number;
}

/** The parameters of a signed request, or the text of the 401 that refuses it. */
export type RequestVerdict =
  | { readonly ok: true; readonly parameters: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly reason: string };

/**
 * Seconds by which the time of a request may differ from ours. A captured request is valid for no
 * longer.
 */
const WITHIN = 600;

/** Verifies key, version, time, body and signature of a request. */
export function judgeRequest(app: PusherApp, request: ApiRequest): RequestVerdict {
  const refuse = (reason: string): RequestVerdict => ({ ok: false, reason });
  const raw = readQuery(request.query);
  const parameters = new Map(raw);
  if (parameters.get("auth_key") !== app.key) return refuse("Unknown auth_key");
  if (parameters.get("auth_version") !== "1.0") return refuse("auth_version must be 1.0");
  const timestamp = parameters.get("auth_timestamp") ?? "";
  if (!/^\d{1,12}$/.test(timestamp)) return refuse("auth_timestamp must be in seconds since 1970");
  if (Math.abs(request.now - Number(timestamp)) > WITHIN) {
    return refuse(
      `Timestamp expired: Given timestamp (${day(Number(timestamp))}) not within ${WITHIN}s of server time (${day(request.now)})`,
    );
  }
  if (request.body.length > 0 && parameters.get("body_md5") !== bodyDigest(request.body))
    return refuse("Invalid body_md5: it must be the MD5 digest of the body");
  const signature = parameters.get("auth_signature");
  for (const read of readings(request.path, raw)) {
    const text = requestText(request.method, read.path, read.parameters);
    if (isSignature(app.secret, text, signature)) return { ok: true, parameters: new Map(read.values) };
  }
  const text = requestText(request.method, request.path, raw);
  return refuse(
    `Invalid signature: you should have sent HmacSHA256Hex(${JSON.stringify(text)}, your_secret_key)`,
  );
}

type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * The parameters as they were sent, names in lower case. Of several with one name the last counts.
 */
function readQuery(query: string): Pairs {
  const pairs = query
    .split("&")
    .filter((part) => part !== "")
    .map((part): [string, string] => {
      const at = part.indexOf("=");
      return at < 0 ? [part.toLowerCase(), ""] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)];
    });
  return [...new Map(pairs)];
}

/** One form of a request that its sender may have signed. */
interface Reading {
  readonly path: string;
  readonly parameters: Pairs;
  /** The meaning of the parameters in this reading. */
  readonly values: Pairs;
}

/**
 * The forms that a library may have signed. According to the documentation, values are signed
 * without escaping. But not every library escapes the values that it sends, and some sign the path
 * as the application gave it, others as it is sent.
 */
function readings(path: string, raw: Pairs): readonly Reading[] {
  const plain = mapped(raw, decoded);
  const spaced = mapped(raw, (text) => decoded(text.replaceAll("+", " ")));
  const queries = [
    { parameters: raw, values: plain },
    { parameters: plain, values: plain },
    { parameters: spaced, values: spaced },
  ];
  return queries.flatMap((query) => [path, decoded(path)].map((tried) => ({ path: tried, ...query })));
}

function mapped(pairs: Pairs, change: (text: string) => string): Pairs {
  return pairs.map(([name, value]) => [change(name).toLowerCase(), change(value)]);
}

/** Percent-decoding that leaves a text alone when it is not encoded properly. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function day(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000", "");
}
