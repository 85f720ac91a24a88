/** Reads the URL form of a client's options: one text, as from an environment variable. */
import { BellwireError } from "@bellwire/core";

/**
 * The options that a URL holds.
 *
 * - `pusher://KEY@HOST/PATH`, or `ws:` or `wss:` in place of `pusher:`, is a hub of our own.
 *   `pusher:` and `wss:` are encrypted.
 * - With a parameter `cluster`, the URL is for hosted Pusher, and its other parameters are options.
 *   A host other than `pusher.com` is the server to use in Pusher's place.
 *
 * Throws `invalid_option` for anything else. The values are not checked yet.
 */
export function urlOptions(text: string): Readonly<Record<string, unknown>> {
  const address = text.replace(/^pusher:/, "wss:");
  if (!/^wss?:\/\//.test(address) || !URL.canParse(address)) throw wrong();
  const url = new URL(address);
  const { username: key, password, hostname, port, protocol, searchParams } = url;
  if (key === "" || password !== "") throw wrong();
  url.username = "";
  if (!searchParams.has("cluster")) return { key, url: url.href };
  const elsewhere = hostname !== "pusher.com" && { wsHost: hostname, ...(port && { wsPort: Number(port) }) };
  return { key, forceTLS: protocol === "wss:", ...elsewhere, ...Object.fromEntries(searchParams) };
}

function wrong(): BellwireError {
  return new BellwireError(
    "invalid_option",
    "pusherTransport.url: must be a URL with the app's key, and no secret: pusher://KEY@…",
  );
}
