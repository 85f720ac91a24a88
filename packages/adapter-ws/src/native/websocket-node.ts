/** The class that links are made of outside browsers. */
import type { IncomingMessage } from "node:http";
import { type CloseCause, ERRORS } from "@bellwire/core";
import { closeFrame, readRefusal, statusCause } from "@bellwire/core/adapter";
import { WebSocket as NodeWebSocket } from "ws";

/** Characters that are read of a refusal's body. */
const BODY = 2_048;
/** Milliseconds within which that body must arrive. */
const BODY_TIME = 1_000;

/**
 * Reports why an upgrade or a connection was refused, as the number and the reason of its close,
 * where `ws` closes with 1006 and no reason.
 */
class ExplainedWebSocket extends NodeWebSocket {
  #why: { readonly number: number; readonly reason: string } | undefined;

  constructor(url: string | URL) {
    super(url);
    this.once("unexpected-response", (_, response) => void this.#refused(response));
  }

  override emit(event: string | symbol, ...rest: unknown[]): boolean {
    if (event === "error") {
      const { message, code = "no connection" } = rest[0] as NodeJS.ErrnoException;
      this.#why ??= { number: 1006, reason: message || code };
    }
    if (event !== "close" || rest[0] !== 1006 || !this.#why) return super.emit(event, ...rest);
    return super.emit("close", this.#why.number, Buffer.from(this.#why.reason));
  }

  async #refused(response: IncomingMessage): Promise<void> {
    const { statusCode = 0, headers } = response;
    const body = await beginningOf(response);
    const refusal = readRefusal(body);
    const answered = statusCause(statusCode, headers["retry-after"] ?? null);
    // A code in the body proves that a hub refused. The refusal of a proxy must not end a channel
    // for good.
    const cause: CloseCause =
      ERRORS[answered.code].retryable || refusal.code ? answered : { ...answered, code: "link_lost" };
    const words = refusal.reason ?? firstLine(body);
    const [, delay] = closeFrame(cause).reason.split(";");
    const reason = `HTTP ${statusCode}${words && `: ${words}`}${delay === undefined ? "" : `;${delay}`}`;
    this.#why = { number: closeFrame(cause).number, reason };
    this.terminate();
  }
}

/** The beginning of a body, as much as arrives in time. */
function beginningOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (): void => {
      clearTimeout(timer);
      resolve(text.slice(0, BODY));
    };
    const timer = setTimeout(finish, BODY_TIME);
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.length >= BODY) finish();
    });
    for (const end of ["end", "close", "error"]) response.once(end, finish);
  });
}

/** The first line of a plain text, at most 200 characters of it; empty for a page of HTML. */
function firstLine(body: string): string {
  return /^[^<\r\n]{1,200}/.exec(body.trim())?.[0] ?? "";
}

/**
 * `ws` on every version of Node, because the class of Node 22 and later does not report why a
 * connection failed. Bun and Deno have a class of their own.
 */
export const WebSocketClass: typeof WebSocket =
  "Bun" in globalThis || "Deno" in globalThis
    ? globalThis.WebSocket
    : (ExplainedWebSocket as unknown as typeof WebSocket);
