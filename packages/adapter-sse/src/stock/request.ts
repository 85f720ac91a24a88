/** Reads the URL by which a stock client asks for topics: `?topic=a&topic=b`. */
import { type Position } from "@bellwire/core";
import { isName } from "@bellwire/core/adapter";
import { queryOf, type RequestFacts } from "@bellwire/core/http";
import { readCursor } from "./cursor.ts";

/** The topics that a stock client asks for. */
export interface StockRequest {
  /** Without repetition. */
  readonly topics: readonly string[];
  /** The positions of the topics that it resumes. */
  readonly positions: ReadonlyMap<string, Position>;
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
  return positions ? { topics, positions, token } : "the last event id is no cursor of this server";
}
