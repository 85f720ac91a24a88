/** One request to the HTTP API: its body, within bounds, and its answer. */
import { type HttpRequest, type HttpResponse, readBody as read, reply as replyTo } from "@bellwire/core/http";

/** An answer. Errors are plain text, as the hosted service's are. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Beside and before those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The largest body in bytes: ten events of the largest size, with what JSON within JSON adds to them. */
const BODY = 262_144;

/** An answer in JSON. */
export function json(value: unknown): Answer {
  return { status: 200, text: JSON.stringify(value) };
}

/** Reads the body; answers instead where it is too large, too slow or cut off. */
export async function readBody(request: HttpRequest, limit: number = BODY): Promise<Buffer | Answer> {
  const body = await read(request, limit);
  if (typeof body !== "string") return body;
  if (body === "too_large")
    return { status: 413, text: `The body exceeds the allowed maximum (${limit} bytes)` };
  return body === "timeout"
    ? { status: 408, text: "The body took too long" }
    : { status: 400, text: "The body is incomplete" };
}

/** Answers, if somebody is left to read it. */
export function reply(request: HttpRequest, response: HttpResponse, { status, text, headers }: Answer): void {
  replyTo(request, response, {
    status,
    headers: {
      "content-type": status < 300 ? "application/json" : "text/plain; charset=utf-8",
      "cache-control": "no-store",
      // An error repeats the request's path, which no browser shall take for a page.
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: text,
  });
}
