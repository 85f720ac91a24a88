/** One request to the HTTP API: its body, within bounds, and its answer. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer. Errors are plain text, as the hosted service's are. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Beside and before those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The largest body in bytes: ten events of the largest size, with what JSON within JSON adds to them. */
const BODY = 262_144;
/** Milliseconds that a client has to send the whole of a body. */
const BODY_TIME = 10_000;
/** Milliseconds for which the rest of a refused body is read and thrown away, so that the client gets to see the answer. */
const LINGER = 1_000;

/** An answer in JSON. */
export function json(value: unknown): Answer {
  return { status: 200, text: JSON.stringify(value) };
}

/** Reads the body; answers instead where it is too large, too slow or cut off. */
export function readBody(request: IncomingMessage, limit: number = BODY): Promise<Buffer | Answer> {
  const tooLarge = { status: 413, text: `The body exceeds the allowed maximum (${limit} bytes)` };
  if (Number(request.headers["content-length"]) > limit) return Promise.resolve(tooLarge);
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const finish = (result: Buffer | Answer): void => {
      clearTimeout(timer);
      request.off("data", onData);
      resolve(result);
    };
    const onData = (part: Buffer): void => {
      size += part.length;
      if (size > limit) finish(tooLarge);
      else parts.push(part);
    };
    const lost = (): void => finish({ status: 400, text: "The body is incomplete" });
    const timer = setTimeout(() => finish({ status: 408, text: "The body took too long" }), BODY_TIME);
    request.on("data", onData);
    request.once("end", () => finish(Buffer.concat(parts)));
    request.once("error", lost);
    request.once("close", lost);
  });
}

/** Answers, if somebody is left to read it. */
export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { status, text, headers }: Answer,
): void {
  if (response.destroyed) return;
  const whole = request.complete || request.method === "GET";
  response.writeHead(status, {
    "content-type": status < 300 ? "application/json" : "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    // An error repeats the request's path, which no browser shall take for a page.
    "x-content-type-options": "nosniff",
    ...headers,
    // A body that was not read to its end leaves nothing that a next request could follow.
    ...(!whole && { connection: "close" }),
  });
  if (whole) return void response.end(text);
  // Closing with bytes unread resets the connection, and the reset overtakes the answer. Give the client a moment to read it.
  response.write(text);
  const end = (): void => void response.end();
  const timer = setTimeout(end, LINGER);
  response.once("close", () => clearTimeout(timer));
  request.once("end", end);
  request.resume();
}
