/** The class that links are made of where no browser is. */
import type { IncomingMessage } from "node:http";
import { type CloseCause, ERRORS } from "@bellwire/core";
import { closeFrame, isErrorCode, statusCause } from "@bellwire/core/adapter";
import { WebSocket as NodeWebSocket } from "ws";

/** Characters of a refusal's body that are read, and milliseconds that it may take. */
const BODY = 2_048;
const BODY_TIME = 1_000;

/** Closes with what went wrong, where `ws` closes with 1006 and nothing: a refused upgrade, a refused connection. */
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
    const body = await start(response);
    const answered = statusCause(statusCode, headers["retry-after"] ?? null);
    // A proxy that lets no WebSocket through speaks for itself: only a hub's refusal, which has a code, may end a channel for good.
    const cause: CloseCause =
      ERRORS[answered.code].retryable || isErrorCode(field(body, "code"))
        ? answered
        : { ...answered, code: "link_lost" };
    const said = reasonIn(body);
    const [, delay] = closeFrame(cause).reason.split(";");
    const reason = `HTTP ${statusCode}${said && `: ${said}`}${delay === undefined ? "" : `;${delay}`}`;
    this.#why = { number: closeFrame(cause).number, reason };
    this.terminate();
  }
}

/** The beginning of a body, or as much of it as came in time. */
function start(response: IncomingMessage): Promise<string> {
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

/** The reason in a refusal of a hub's, or the first line of whatever else it is that answered. */
function reasonIn(body: string): string {
  return field(body, "reason") ?? /^[^<\r\n]{1,200}/.exec(body.trim())?.[0] ?? "";
}

/** A text in a refusal of a hub's; undefined where the body is none of ours. */
function field(body: string, name: "code" | "reason"): string | undefined {
  try {
    const { [name]: value } = JSON.parse(body) as Record<string, unknown>;
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `ws` on every version of Node, as the class that Node 22 and later have does not tell why a
 * connection failed. Bun and Deno have a class of their own.
 */
export const WebSocketClass: typeof WebSocket =
  "Bun" in globalThis || "Deno" in globalThis
    ? globalThis.WebSocket
    : (ExplainedWebSocket as unknown as typeof WebSocket);
