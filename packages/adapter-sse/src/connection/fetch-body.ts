/**
 * Reads the body of a `Request`, bounded in bytes and in time, as `readBody` does on Node's
 * servers.
 */
import { BODY_TIME, type BodyFailure } from "@bellwire/core/http";

/** Resolves with a body of at most `limit` bytes that arrives within 10 s, or with the failure. */
export async function readFetchBody(
  { body, headers }: Request,
  limit: number,
): Promise<Uint8Array | BodyFailure> {
  if (Number(headers.get("content-length")) > limit) return "too_large";
  const reader = body?.getReader();
  if (!reader) return new Uint8Array();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"timeout">((resolve) => {
    timer = setTimeout(() => resolve("timeout"), BODY_TIME);
  });
  const result = await Promise.race([readAll(reader, limit), late]);
  clearTimeout(timer);
  if (typeof result === "string") reader.cancel().catch(() => {});
  return result;
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
): Promise<Uint8Array | BodyFailure> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > limit) return "too_large";
      parts.push(value);
    }
  } catch {
    return "lost";
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}
