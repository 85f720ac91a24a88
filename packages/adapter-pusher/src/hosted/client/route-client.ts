/** The client's end of the routes: requests to the application's own server. */

import { type CloseCause } from "@bellwire/core";
import { type ClientMessage, readRefusal, type ServerMessage, statusCause } from "@bellwire/core/adapter";
import { type ChannelAuth, type RouteName, readAuthAnswer, readRouteAnswer } from "../routes.ts";

export interface RouteOptions {
  /** The URL of each route that exists. */
  readonly urls: Readonly<Partial<Record<RouteName, string | undefined>>>;
  readonly headers?:
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** Milliseconds for a request, the application's own decisions on the server included. */
const PATIENCE = 10_000;

export class RouteClient {
  /** These are sent with every request; the first request is made when all of them are known. */
  token: string | undefined;
  session = "";
  socket = "";
  readonly #options: RouteOptions;
  readonly #underWay: Set<AbortController> = new Set();
  #closed = false;

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  has(route: RouteName): boolean {
    return this.#options.urls[route] !== undefined;
  }

  /**
   * Sends messages to one of Bellwire's own routes. Resolves with the server's messages, or with
   * the cause when there are none; never rejects.
   */
  async ask(
    route: "hello" | "history" | "publish",
    messages: readonly ClientMessage[],
  ): Promise<readonly ServerMessage[] | CloseCause> {
    return this.#post(route, { messages }, readRouteAnswer);
  }

  /** Asks for signatures. Never rejects. */
  async authorize(channels: readonly string[]): Promise<readonly ChannelAuth[] | CloseCause> {
    return this.#post("auth", { channels }, readAuthAnswer);
  }

  /** Aborts the requests under way. */
  close(): void {
    this.#closed = true;
    for (const abort of this.#underWay) abort.abort();
  }

  async #post<T>(
    route: RouteName,
    body: object,
    read: (text: string) => T | undefined,
  ): Promise<T | CloseCause> {
    const url = this.#options.urls[route];
    if (url === undefined) return { code: "forbidden", reason: `there is no route ${route}` };
    const request = this.#options.fetch ?? fetch;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PATIENCE);
    this.#underWay.add(abort);
    try {
      const headers = (await this.#options.headers?.()) ?? {};
      if (this.#closed) throw new Error("closed");
      const response = await request(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          // In a header, because URLs end up in logs.
          ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        },
        body: JSON.stringify({ session: this.session, socket: this.socket, ...body }),
        cache: "no-store",
        // A redirect could take the token to another server.
        redirect: "error",
        signal: abort.signal,
      });
      const text = await response.text();
      if (!response.ok) return causeOf(response, text);
      return read(text) ?? { code: "link_lost", reason: `route ${route}: not an answer` };
    } catch {
      return { code: "link_lost", reason: `route ${route}: no answer` };
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(abort);
    }
  }
}

function causeOf({ status, headers }: Response, text: string): CloseCause {
  // A proxy in between answers with a body of its own.
  const { code } = readRefusal(text);
  return { ...statusCause(status, headers.get("retry-after")), ...(code && { code }) };
}
