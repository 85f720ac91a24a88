/** Validates messages of clients after the library has parsed them. Pure. */
import { type ClientMessage, readClientMessage } from "@bellwire/core/adapter";

/**
 * A message and its size, or the reason that the value is no message. Reasons never quote the
 * value.
 */
export type Inbound =
  | { readonly ok: true; readonly message: ClientMessage; readonly bytes: number }
  | { readonly ok: false; readonly code: "malformed" | "too_large"; readonly reason: string };

/** Reads one message of at most `limit` bytes of JSON. Never throws, whatever the value. */
export function readInbound(value: unknown, limit: number): Inbound {
  const malformed = (reason: string) => ({ ok: false, code: "malformed", reason }) as const;
  try {
    // An estimate of the bytes on the wire: the library reports no size.
    const bytes = Buffer.byteLength(JSON.stringify(value) ?? "");
    if (bytes > limit) return { ok: false, code: "too_large", reason: `at most ${limit} bytes` };
    if (holdsBytes(value)) return malformed("binary");
    const read = readClientMessage(value);
    return read.ok ? { ok: true, message: read.message, bytes } : malformed(read.reason);
  } catch {
    return malformed("nested too deeply");
  }
}

/**
 * Whether a value contains attachments. They are refused, because other transports would deliver
 * them in another form.
 */
function holdsBytes(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || Object.values(value).some(holdsBytes);
}
