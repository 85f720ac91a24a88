/** Reads the URL by which a stock client asks for topics: `?topic=a&topic=b&history=20`. */
import { type Position } from "@bellwire/core";
import { isName, type Recent } from "@bellwire/core/adapter";
import { queryOf, type RequestFacts } from "@bellwire/core/http";
import { readCursor } from "./cursor.ts";

/** The topics that a stock client asks for. */
export interface StockRequest {
  /** Without repetition. */
  readonly topics: readonly string[];
  /** The positions of the topics that it resumes. */
  readonly positions: ReadonlyMap<string, Position>;
  /** The past that the other topics begin with. */
  readonly history: Recent | undefined;
  readonly token: string | undefined;
}

/**
 * The request of a stock client, undefined when the URL names no topic, as that of Bellwire's own
 * client, or the reason why it is refused.
 */
export function readStockRequest(
  exchange: Pick<RequestFacts, "headers"> & { readonly url: string },
  allowQueryToken: boolean,
): StockRequest | undefined | string {
  const query = queryOf(exchange);
  const token = query.get("token") ?? undefined;
  if (token !== undefined && !allowQueryToken)
    return "tokens in the URL are refused unless allowQueryToken is set";
  const topics = [...new Set(query.getAll("topic"))];
  if (topics.length === 0) return undefined;
  if (!topics.every(isName)) return "a topic does not follow the grammar of names";
  const cursor = exchange.headers["last-event-id"] || query.get("cursor") || undefined;
  const positions = cursor === undefined ? new Map<string, Position>() : readCursor(cursor, topics);
  if (!positions) return "the last event id is no cursor of this server";
  const history = readRecent(query.get("history"), query.get("since"));
  if (typeof history === "string") return history;
  return { topics, positions, history, token };
}

function readRecent(limit: string | null, since: string | null): Recent | undefined | string {
  if (![limit, since].every((text) => text === null || /^\d{1,15}$/.test(text)))
    return "history and since must be whole numbers";
  if (limit === null && since === null) return undefined;
  return { ...(limit !== null && { limit: Number(limit) }), ...(since !== null && { since: Number(since) }) };
}
