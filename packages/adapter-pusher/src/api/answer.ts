/** Answers of the HTTP API. */
import { BODY_REFUSALS, type HttpReply, type HttpRequest, readBody } from "@bellwire/core/http";

/** An answer. Errors are plain text, as the hosted service's are. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * The largest body in bytes: ten events of the largest size, with the characters that JSON within
 * JSON adds to them.
 */
const BODY = 262_144;

/** An answer in JSON. */
export function json(value: unknown): Answer {
  return { status: 200, text: JSON.stringify(value) };
}

/** The answer to a request that asks for something illegal. */
export function bad(text: string): Answer {
  return { status: 400, text };
}

/** Resolves with the body of a request, or with the answer to one whose body could not be read. */
export async function bodyOf(request: HttpRequest): Promise<Buffer | Answer> {
  const body = await readBody(request, BODY);
  if (typeof body !== "string") return body;
  const { status } = BODY_REFUSALS[body];
  switch (body) {
    case "too_large":
      return { status, text: `The body exceeds the allowed maximum (${BODY} bytes)` };
    case "timeout":
      return { status, text: "The body took too long" };
    case "lost":
      return { status, text: "The body is incomplete" };
  }
}

/** The answer with its headers. */
export function replyOf({ status, text }: Answer): HttpReply {
  return {
    status,
    headers: {
      "content-type": status < 300 ? "application/json" : "text/plain; charset=utf-8",
      "cache-control": "no-store",
      // An error repeats the request's path, and a browser must not take it for a page.
      "x-content-type-options": "nosniff",
    },
    body: text,
  };
}
