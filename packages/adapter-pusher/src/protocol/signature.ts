/** Pusher's signatures: what is signed, and how it is checked. HMAC-SHA256 with the app's secret, in lower-case hexadecimal. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const DIGEST = /^[0-9a-f]{64}$/;

/** Signs a text. */
export function sign(secret: string, text: string | Uint8Array): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** Whether a signature is that of the text, in a time that does not depend on where they differ. */
export function isSignature(secret: string, text: string | Uint8Array, signature: unknown): boolean {
  if (typeof signature !== "string" || !DIGEST.test(signature)) return false;
  const expected = createHmac("sha256", secret).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

/** What is signed for a subscription to a private or presence channel. `channelData` is the text as it is sent, if it is. */
export function channelText(socketId: string, channel: string, channelData?: string): string {
  return channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
}

/** What is signed when a user signs in. */
export function userText(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`;
}

/** What is signed of a request to the HTTP API: all parameters but the signature, by name, their values not escaped. */
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

/** The parameter `body_md5` of a request with this body. */
export function bodyDigest(body: string | Uint8Array): string {
  return createHash("md5").update(body).digest("hex");
}
