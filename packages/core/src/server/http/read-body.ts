/** Reads the body of a request, within bounds. */
import type { HttpRequest } from "./request.ts";

/** Why a body could not be had. */
export type BodyFailure = "too_large" | "timeout" | "lost";

/** Milliseconds that a client has to send the whole of a body. */
export const BODY_TIME = 10_000;

/** Resolves with the body, or with why it could not be had: larger than `limit` bytes, later than `ms` milliseconds, or cut off. */
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
