/**
 * The routes beside the hosted service: requests of its clients to the application's own server.
 */
import { BellwireError, type ErrorCode } from "@bellwire/core";
import { type ClientRequest, type LinkAcceptor, type RequestAcceptor } from "@bellwire/core/adapter";
import {
  Admission,
  answerHeaders,
  BODY_REFUSALS,
  bearerToken,
  factsOf,
  type HttpReply,
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  handshakeOf,
  mountRequests,
  preflightHeaders,
  type RequestFacts,
  readBody,
  reply,
  statusOf,
} from "@bellwire/core/http";
import { bodyDigest, isSignature } from "../../protocol/signature.ts";
import { hostedSession, parse, type RouteName, readRouteRequest } from "../routes.ts";
import { type PusherRoutesOptions, type RouteSettings, routeSettings, type WebhookEvent } from "./options.ts";
import { RequestRates } from "./request-rates.ts";
import {
  type Failing,
  failing,
  greet,
  publishAll,
  readHistory,
  signChannel,
  signChannels,
  signUser,
} from "./route-work.ts";
import { malformed, readSignatureRequest } from "./signature-request.ts";

/** The part of a hub that the routes need. With `refused` it is notified of refused pages. */
export type RoutesHub = RequestAcceptor & Partial<Pick<LinkAcceptor, "refused">>;

/**
 * Serves the requests of the hosted service's clients on a Node HTTP or HTTPS server: `hello`,
 * `auth`, `user`, `history`, `publish` and `webhooks`, each below `path`. Other paths are left to
 * the server's own listeners. Each request is authenticated by itself, by `Authorization: Bearer`
 * or by anything else that `authenticate` finds in the headers. Returns a function that detaches
 * it. Throws `invalid_option`.
 */
export function attachPusherRoutes(
  hub: RoutesHub,
  server: HttpServer,
  options: PusherRoutesOptions,
): () => void {
  const settings = routeSettings(options);
  const admission = new Admission(hub, "pusher", settings.allowedOrigins);
  const routes = new Routes(hub, admission, settings);
  return mountRequests(server, `${settings.path}/`, {
    below: true,
    take: (...request) => void routes.handle(...request),
    refused: admission.refused,
  });
}

/** The largest body of a request in bytes; it holds as many publishes as one request may bring. */
const BODY = 524_288;

/** Statuses that only the routes use. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = { timeout: 408, no_answer: 504 };

class Routes {
  readonly #hub: RoutesHub;
  readonly #admission: Admission;
  readonly #settings: RouteSettings;
  readonly #rates: RequestRates = new RequestRates();

  constructor(hub: RoutesHub, admission: Admission, settings: RouteSettings) {
    this.#hub = hub;
    this.#admission = admission;
    this.#settings = settings;
  }

  /** Answers one request. Never throws, whatever was sent. */
  async handle(request: HttpRequest, response: HttpResponse, name: string): Promise<void> {
    const facts = factsOf(request);
    const { headers: cors, refused } = this.#admission.judge(facts, false);
    const { status, headers, body } = refused
      ? refusal({ code: refused.cause.code, message: refused.cause.reason ?? "" })
      : await this.#take(request, facts, name);
    reply(request, response, {
      status,
      headers: {
        "content-type": "application/json",
        ...answerHeaders(cors),
        "x-content-type-options": "nosniff",
        ...headers,
      },
      body,
    });
  }

  async #take(request: HttpRequest, facts: RequestFacts, name: string): Promise<HttpReply> {
    if (request.method === "OPTIONS")
      return { status: 200, headers: preflightHeaders(facts.headers, "POST"), body: "" };
    if (request.method !== "POST") {
      const { status, body } = refusal({ code: "malformed", message: "requests are POSTs" }, 405);
      return { status, headers: { allow: "POST, OPTIONS" }, body };
    }
    const caller = { facts, token: bearerToken(facts.headers) };
    const client = bodyDigest(caller.token ?? facts.headers.cookie ?? facts.remoteAddress ?? "");
    if (!this.#rates.take(client, performance.now()))
      return refusal({ code: "rate_limited", message: "too many requests", retryAfter: 1_000 });
    try {
      const body = await readBody(request, BODY);
      if (Buffer.isBuffer(body))
        return { status: 200, headers: {}, body: await this.#answer(name as RouteName, body, caller) };
      const { status, cause } = BODY_REFUSALS[body];
      return refusal({ code: cause.code, message: cause.reason ?? "" }, status);
    } catch (error) {
      return refusal(failing(error, this.#settings.onError));
    } finally {
      this.#rates.done();
    }
  }

  async #answer(name: RouteName, body: Buffer, caller: Caller): Promise<string> {
    const { app, onError } = this.#settings;
    const { headers } = caller.facts;
    switch (name) {
      case "hello": {
        const request = readRouteRequest("hello", body.toString()) ?? malformed();
        return greet(await this.#request(caller, request), request);
      }
      case "history": {
        const request = readRouteRequest("history", body.toString()) ?? malformed();
        return readHistory(await this.#request(caller, request), request, onError);
      }
      case "publish": {
        const request = readRouteRequest("publish", body.toString()) ?? malformed();
        return publishAll(await this.#request(caller, request), request, onError);
      }
      case "auth": {
        const { socket, session, channel, channels } = readSignatureRequest(body.toString(), headers);
        const client = await this.#request(caller, { socket, session });
        if (channels) return signChannels(client, app, socket, channels, onError);
        const { auth, channel_data } = await signChannel(client, app, socket, channel);
        return JSON.stringify({ auth, channel_data });
      }
      case "user": {
        const { socket, session } = readSignatureRequest(body.toString(), headers);
        return signUser(await this.#request(caller, { socket, session }), app, socket);
      }
      case "webhooks":
        return this.#webhook(body, headers);
      default:
        throw new BellwireError("unknown_topic", "there is no such route");
    }
  }

  #request(
    { token, facts }: Caller,
    client: { readonly session: string; readonly socket: string },
  ): Promise<ClientRequest> {
    return this.#hub.acceptRequest(token, handshakeOf("pusher", facts), hostedSession(client));
  }

  async #webhook(body: Buffer, headers: RequestFacts["headers"]): Promise<string> {
    const { app, onWebhook } = this.#settings;
    if (!onWebhook) throw new BellwireError("unknown_topic", "there is no such route");
    const isSigned =
      headers["x-pusher-key"] === app.key && isSignature(app.secret, body, headers["x-pusher-signature"]);
    if (!isSigned) throw new BellwireError("unauthorized", "the signature is wrong");
    const { events } = parse(body.toString());
    if (!Array.isArray(events)) malformed();
    await onWebhook(events as readonly WebhookEvent[]);
    return "{}";
  }
}

interface Caller {
  readonly facts: RequestFacts;
  readonly token: string | undefined;
}

function refusal(
  { code, message, retryAfter }: Failing,
  status: number = STATUS[code] ?? statusOf(code, 500),
): HttpReply {
  return {
    status,
    headers: retryAfter === undefined ? {} : { "retry-after": `${Math.ceil(retryAfter / 1_000)}` },
    body: JSON.stringify({ code, message }),
  };
}
