/**
 * Pusher's signatures: HMAC-SHA256 of a text with the app's secret, in lower-case hexadecimal. See
 * https://pusher.com/docs/channels/library_auth_reference/auth-signatures.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const DIGEST = /^[0-9a-f]{64}$/;

/** Signs a text. */
export function sign(secret: string, text: string | Uint8Array): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** Whether a signature is that of the text. The time does not depend on where they differ. */
export function isSignature(secret: string, text: string | Uint8Array, signature: unknown): boolean {
  if (typeof signature !== "string" || !DIGEST.test(signature)) return false;
  const expected = createHmac("sha256", secret).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

/**
 * The signed text of a subscription to a private or presence channel. `channelData` is the text as
 * it is sent, if any.
 */
export function channelText(socketId: string, channel: string, channelData?: string): string {
  return channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
}

/** The signed text of a user who signs in. */
export function userText(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`;
}

/**
 * The signed text of a request to the HTTP API: all parameters except the signature, sorted by
 * name, with values that are not escaped.
 */
export function requestText(
  method: string,
  path: string,
  parameters: Iterable<readonly [string, string]>,
): string {
  const signed = Array.from(parameters, ([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name !== "auth_signature")
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return `${method}\n${path}\n${signed.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

/** The MD5 digest of a body in hexadecimal, for the parameter `body_md5`. */
export function bodyDigest(body: string | Uint8Array): string {
  return createHash("md5").update(body).digest("hex");
}
