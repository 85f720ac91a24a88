/** The routes beside hosted Pusher: what its clients ask of the application's own server. */
import { BellwireError, type ErrorCode } from "@bellwire/core";
import { type ClientRequest, type RequestAcceptor } from "@bellwire/core/adapter";
import {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  isSecure,
  judgeOrigin,
  singleHeaders,
} from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import { type Answer, readBody, reply } from "../../api/http-exchange.ts";
import { bodyDigest, isSignature } from "../../protocol/signature.ts";
import { takeBelow } from "../../take-requests.ts";
import {
  hostedSession,
  isSocketId,
  MESSAGES_PER_REQUEST,
  parse,
  type RouteName,
  readRouteRequest,
} from "../routes.ts";
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

type Headers = Readonly<Record<string, string>>;

/** Requests of clients; the largest brings as many publishes as one may. */
const BODY = 524_288;

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  malformed: 400,
  unsupported_protocol: 400,
  unauthorized: 401,
  forbidden: 403,
  unknown_topic: 404,
  timeout: 408,
  too_large: 413,
  rate_limited: 429,
  draining: 503,
  overloaded: 503,
  no_answer: 504,
};

/** What the reading of a body answers by itself. */
const BODY_CODES: Readonly<Record<number, ErrorCode>> = { 408: "timeout", 413: "too_large" };

/**
 * Serves the requests of hosted Pusher's clients on a Node HTTP or HTTPS server: `hello`, `auth`, `user`, `history`, `publish` and
 * `webhooks`, each below `path`. Other paths are left to other listeners. Each request is authenticated by itself, by
 * `Authorization: Bearer` or whatever else `authenticate` finds in the headers. Returns a function that detaches it. Throws
 * `invalid_option`.
 */
export function attachPusherRoutes(
  hub: RoutesHub,
  server: HttpServer,
  options: PusherRoutesOptions,
): () => void {
  const settings = routeSettings(options);
  const routes = new Routes(hub, settings);
  const answer = (...request: Parameters<Routes["handle"]>): void => void routes.handle(...request);
  return takeBelow(server, `${settings.path}/`, answer, (...cause) => hub.refused?.(...cause));
}

/** The part of a hub that the routes need. With `refused`, which every hub of `createHub` has, it hears of refused pages. */
export type RoutesHub = RequestAcceptor & Partial<Pick<LinkAcceptor, "refused">>;

class Routes {
  readonly #hub: RoutesHub;
  readonly #settings: RouteSettings;
  readonly #rates: RequestRates = new RequestRates();

  constructor(hub: RoutesHub, settings: RouteSettings) {
    this.#hub = hub;
    this.#settings = settings;
  }

  /** Answers one request. Never throws, whatever was sent. */
  async handle(request: HttpRequest, response: HttpResponse, name: string): Promise<void> {
    const headers = singleHeaders(request);
    const origin = judgeOrigin(headers, this.#settings.allowedOrigins, isSecure(request));
    const cors: Headers = { vary: "origin", ...(origin.allowed && origin.headers) };
    let answer: Answer;
    if (!origin.allowed) {
      const { code, reason = "" } = origin.cause;
      this.#hub.refused?.(origin.cause, "pusher");
      answer = refusal({ code, message: reason });
    } else if (request.method === "OPTIONS") answer = { status: 200, text: "", headers: preflight(headers) };
    else if (request.method !== "POST") {
      const message = "requests are POSTs";
      answer = { ...refusal({ code: "malformed", message }, 405), headers: { allow: "POST, OPTIONS" } };
    } else answer = await this.#bounded(request, headers, name);
    reply(request, response, {
      ...answer,
      headers: { "content-type": "application/json", ...cors, ...answer.headers },
    });
  }

  async #bounded(request: HttpRequest, headers: Caller["headers"], name: string): Promise<Answer> {
    const { remoteAddress } = request.socket;
    const token = bearer(headers);
    const client = bodyDigest(token ?? headers.cookie ?? remoteAddress ?? "");
    if (!this.#rates.take(client, performance.now()))
      return refusal({ code: "rate_limited", message: "too many requests", retryAfter: 1_000 });
    try {
      const body = await readBody(request, BODY);
      if (!Buffer.isBuffer(body))
        return refusal({ code: BODY_CODES[body.status] ?? "malformed", message: body.text }, body.status);
      const text = await this.#answer(name as RouteName, body, { headers, remoteAddress, token });
      return { status: 200, text };
    } catch (error) {
      return refusal(failing(error, this.#settings.onError));
    } finally {
      this.#rates.done();
    }
  }

  async #answer(name: RouteName, body: Buffer, caller: Caller): Promise<string> {
    const { app, onError } = this.#settings;
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
        const { socket, session, channel, channels } = readSignature(body.toString(), caller.headers);
        const client = await this.#request(caller, { socket, session });
        if (channels) return signChannels(client, app, socket, channels, onError);
        const { auth, channel_data } = await signChannel(client, app, socket, channel);
        return JSON.stringify({ auth, channel_data });
      }
      case "user": {
        const { socket, session } = readSignature(body.toString(), caller.headers);
        return signUser(await this.#request(caller, { socket, session }), app, socket);
      }
      case "webhooks":
        return this.#webhook(body, caller.headers);
      default:
        throw new BellwireError("unknown_topic", "there is no such route");
    }
  }

  #request(
    { token, headers, remoteAddress }: Caller,
    who: { session: string; socket: string },
  ): Promise<ClientRequest> {
    return this.#hub.acceptRequest(
      token,
      { transport: "pusher", headers, remoteAddress },
      hostedSession(who),
    );
  }

  async #webhook(body: Buffer, headers: Caller["headers"]): Promise<string> {
    const { app, onWebhook } = this.#settings;
    if (!onWebhook) throw new BellwireError("unknown_topic", "there is no such route");
    const signed =
      headers["x-pusher-key"] === app.key && isSignature(app.secret, body, headers["x-pusher-signature"]);
    if (!signed) throw new BellwireError("unauthorized", "the signature is wrong");
    const { events } = parse(body.toString());
    if (!Array.isArray(events)) malformed();
    await onWebhook(events as readonly WebhookEvent[]);
    return "{}";
  }
}

interface Caller {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string | undefined;
  readonly token: string | undefined;
}

interface SignatureRequest {
  readonly socket: string;
  readonly session: string;
  /** What a stock client asks for. */
  readonly channel: unknown;
  /** What Bellwire's own client asks for. */
  readonly channels: readonly string[] | undefined;
}

const isText = (value: unknown): value is string => typeof value === "string";

/** Reads who wants what signed: JSON of Bellwire's own client, or the form, or JSON, of a stock one. */
function readSignature(text: string, headers: Caller["headers"]): SignatureRequest {
  const isForm = /^application\/x-www-form-urlencoded *(;|$)/i.test(headers["content-type"] ?? "");
  const fields = isForm ? Object.fromEntries(new URLSearchParams(text)) : parse(text);
  const {
    socket = fields.socket_id,
    session = "-",
    channels,
    channel_name: channel,
  } = fields as Readonly<Record<string, unknown>>;
  if (!isSocketId(socket) || typeof session !== "string") malformed();
  if (channels === undefined) return { socket, session, channel, channels: undefined };
  const named = Array.isArray(channels) && channels.length <= MESSAGES_PER_REQUEST && channels.every(isText);
  if (!named) malformed();
  return { socket, session, channel, channels };
}

function malformed(): never {
  throw new BellwireError("malformed", "the body is not what this route takes");
}

function refusal({ code, message, retryAfter }: Failing, status: number = STATUS[code] ?? 500): Answer {
  return {
    status,
    text: JSON.stringify({ code, message }),
    headers: retryAfter === undefined ? {} : { "retry-after": `${Math.ceil(retryAfter / 1_000)}` },
  };
}

function bearer(headers: Caller["headers"]): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** Whatever header a page of an allowed origin wants to send may be sent: those that the routes do not know mean nothing to them. */
function preflight(headers: Caller["headers"]): Headers {
  const asked = headers["access-control-request-headers"] ?? "";
  return {
    "access-control-allow-methods": "POST",
    ...(/^[\w\-, ]+$/.test(asked) && { "access-control-allow-headers": asked }),
    vary: "origin, access-control-request-headers",
    // Two hours is the most that browsers remember.
    "access-control-max-age": "7200",
  };
}
