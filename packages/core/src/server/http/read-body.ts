/** Reads the body of a request, bounded in bytes and in time. */
import { type HttpRefusal } from "./refusal.ts";
import type { HttpRequest } from "./request.ts";

/**
 * Why a body could not be read: larger than the limit, later than {@link BODY_TIME}, or cut off.
 */
export type BodyFailure = "too_large" | "timeout" | "lost";

/** Milliseconds within which a client must send the whole of a body. */
export const BODY_TIME = 10_000;

/** How a request is refused whose body could not be read. */
export const BODY_REFUSALS: Readonly<Record<BodyFailure, HttpRefusal>> = {
  too_large: { status: 413, cause: { code: "too_large", reason: "the body is too large" } },
  timeout: { status: 408, cause: { code: "timeout", reason: "the body took too long" } },
  // The client is gone, and nobody reads this answer.
  lost: { status: 400, cause: { code: "link_lost" } },
};

/**
 * Resolves with a body of at most `limit` bytes that arrives within `ms` milliseconds, or with the
 * failure.
 */
export function readBody(
  request: HttpRequest,
  limit: number,
  ms: number = BODY_TIME,
): Promise<Buffer | BodyFailure> {
  if (Number(request.headers["content-length"]) > limit) return Promise.resolve("too_large");
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const finish = (result: Buffer | BodyFailure): void => {
      clearTimeout(timer);
      request.off("data", onData);
      resolve(result);
    };
    const onData = (part: Buffer): void => {
      size += part.length;
      if (size > limit) finish("too_large");
      else parts.push(part);
    };
    const timer = setTimeout(() => finish("timeout"), ms);
    request.on("data", onData);
    request.once("end", () => finish(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)));
    request.once("error", () => finish("lost"));
    request.once("close", () => finish("lost"));
  });
}
