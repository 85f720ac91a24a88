/** The requests up of Bellwire's own client. Each names its link by the header `Bellwire-Link`. */
import { BODY_REFUSALS, type HttpReply, hasContentType, refusal } from "@bellwire/core/http";
import type { Exchange } from "../connection/exchange.ts";
import { readCommands } from "./commands.ts";
import type { NativeLink } from "./server-link.ts";

const DONE: HttpReply = { status: 204, headers: {}, body: "" };
const NO_LINK: HttpReply = refusal({ code: "link_lost", reason: "no such link" }, 404);

/** Answers the requests for all links of one endpoint. */
export class NativeRequests {
  readonly #maxMessageBytes: number;
  readonly #links: Map<string, NativeLink> = new Map();

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Takes requests for a link from now on. Returns a function that stops taking them. */
  add(link: NativeLink): () => void {
    this.#links.set(link.id, link);
    return () => void this.#links.delete(link.id);
  }

  /** Answers a request that carries commands. Never rejects. */
  async receive(exchange: Exchange): Promise<HttpReply> {
    const { headers } = exchange;
    if (!hasContentType(headers, "application/json")) {
      return refusal({ code: "malformed", reason: "the content type must be application/json" }, 415);
    }
    const link = this.#linkOf(exchange);
    if (!link) return NO_LINK;
    const first = numberIn(headers["bellwire-number"]);
    if (first === undefined)
      return refusal({ code: "malformed", reason: "bellwire-number must count from 1" });
    // One message of the largest size, in its brackets.
    const body = await exchange.body(this.#maxMessageBytes + 2);
    if (typeof body === "string") return refusal(BODY_REFUSALS[body].cause, BODY_REFUSALS[body].status);
    // The link may have closed while the body arrived.
    if (link.closed) return NO_LINK;
    const commands = readCommands(body);
    if (!commands) {
      link.malformed("not a JSON array");
      return refusal({ code: "malformed", reason: "the body must be a JSON array of messages" });
    }
    if (!link.take(first, commands))
      return refusal({ code: "rate_limited", reason: "too many commands out of order" }, 409);
    return DONE;
  }

  /**
   * Answers the goodbye of a client that leaves for good. A client whose stream merely ends may be
   * about to come back.
   */
  leave(exchange: Exchange): HttpReply {
    const link = this.#linkOf(exchange);
    if (!link || link.closed) return NO_LINK;
    link.close({ code: "normal" });
    return DONE;
  }

  #linkOf({ headers }: Exchange): NativeLink | undefined {
    return this.#links.get(headers["bellwire-link"] ?? "");
  }
}

/** The number of a request's first command, from 1; undefined for any other text. */
function numberIn(text = ""): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
