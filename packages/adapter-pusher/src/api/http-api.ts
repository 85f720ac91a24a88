/**
 * The HTTP API of Pusher Channels, for the server libraries of any language. It publishes on the
 * hub, and so to clients of every transport.
 */
import { type ErrorCode, isBellwireError, type Position } from "@bellwire/core";
import { isName, textFrames } from "@bellwire/core/adapter";
import { type HttpRequest, type HttpResponse, reply } from "@bellwire/core/http";
import { eventText } from "../connection/event-text.ts";
import type { PusherApp } from "../protocol/app.ts";
import { channelClass, userChannel, userOfChannel } from "../protocol/channel-name.ts";
import type { Channels } from "../stock/channels.ts";
import { type Answer, bad, bodyOf, json, replyOf } from "./answer.ts";
import { attributeNames, type PublishedEvent, readBatch, readTrigger } from "./published-event.ts";
import { decoded, judgeRequest } from "./request-auth.ts";

/** The part of a hub that the HTTP API needs. */
export interface Publisher {
  publish(
    topic: string,
    event: string,
    data: unknown,
    options?: { readonly exclude?: string },
  ): Promise<Position | null>;
}

/** The parts of the server that the API needs. */
export interface ApiHost {
  readonly app: PusherApp;
  readonly channels: Channels;
  /** Whether `subscription_count` may be requested. */
  readonly subscriptionCount: boolean;
}

type Parameters = ReadonlyMap<string, string>;

const NOT_FOUND: Answer = { status: 404, text: "Not found" };

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = { too_large: 413, closed: 503, internal: 500 };

export class HttpApi {
  readonly #hub: Publisher;
  readonly #host: ApiHost;

  constructor(hub: Publisher, host: ApiHost) {
    this.#hub = hub;
    this.#host = host;
  }

  /**
   * Answers a request; `rest` is its path after that of the app. Never throws, whatever was sent.
   */
  async handle(request: HttpRequest, response: HttpResponse, rest: string): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request, rest);
    } catch (error) {
      answer = failure(error);
    }
    reply(request, response, replyOf(answer));
  }

  async #answer(request: HttpRequest, rest: string): Promise<Answer> {
    const { method = "", url = "" } = request;
    const body = await bodyOf(request);
    if (!Buffer.isBuffer(body)) return body;
    const [path = "", query = ""] = url.split(/\?(.*)/s);
    const now = Math.floor(Date.now() / 1_000);
    const verdict = judgeRequest(this.#host.app, { method, path, query, body, now });
    if (!verdict.ok) return { status: 401, text: verdict.reason };
    if (method === "POST") return this.#post(rest, body.toString(), verdict.parameters);
    return method === "GET" ? this.#get(rest, verdict.parameters) : NOT_FOUND;
  }

  async #post(rest: string, body: string, parameters: Parameters): Promise<Answer> {
    if (rest === "events") return this.#trigger(body);
    if (rest === "batch_events") return this.#triggerBatch(body);
    const [, user] = /^users\/(.+)\/terminate_connections$/.exec(rest) ?? [];
    if (user !== undefined) return this.#terminate(decoded(user));
    const [, channel] = /^channels\/([^/]+)\/events$/.exec(rest) ?? [];
    if (channel !== undefined) return this.#triggerRaw(decoded(channel), body, parameters);
    return NOT_FOUND;
  }

  #get(rest: string, parameters: Parameters): Answer {
    if (rest === "channels") return this.#list(parameters);
    const [, name = "", users] = /^channels\/([^/]+)(\/users)?$/.exec(rest) ?? [];
    if (name === "") return NOT_FOUND;
    return users ? this.#users(decoded(name)) : this.#describe(decoded(name), parameters);
  }

  async #trigger(body: string): Promise<Answer> {
    const events = readTrigger(body);
    if (!Array.isArray(events)) return events;
    // Channels have no order among each other. A channel that is not in the contract fails the
    // request, and the others receive the event.
    await Promise.all(events.map((event) => this.#publish(event)));
    const info = events[0]?.info ?? [];
    if (info.length === 0) return json({});
    const described = events.map(({ channel }) => [channel, this.#attributes(channel, info)]);
    return json({ channels: Object.fromEntries(described) });
  }

  async #triggerBatch(body: string): Promise<Answer> {
    const events = readBatch(body);
    if (!Array.isArray(events)) return events;
    for (const event of events) await this.#publish(event);
    if (events.every(({ info }) => info.length === 0)) return json({});
    return json({ batch: events.map(({ channel, info }) => this.#attributes(channel, info)) });
  }

  /** The form of 2012: the body is the data, and everything else is in the URL. */
  async #triggerRaw(channel: string, body: string, parameters: Parameters): Promise<Answer> {
    const events = readTrigger(
      JSON.stringify({
        name: parameters.get("name"),
        data: body,
        channel,
        socket_id: parameters.get("socket_id"),
      }),
    );
    if (!Array.isArray(events)) return events;
    await Promise.all(events.map((event) => this.#publish(event)));
    return { status: 202, text: "{}" };
  }

  async #publish({ channel, name, data, text, socketId }: PublishedEvent): Promise<void> {
    const user = userOfChannel(channel);
    if (user === undefined) {
      await this.#hub.publish(channel, name, data, socketId === undefined ? {} : { exclude: socketId });
      return;
    }
    const frames = textFrames([eventText({ event: name, channel, data: text })]);
    for (const connection of this.#host.channels.of(userChannel(user))?.connections ?? []) {
      if (connection.socketId !== socketId) connection.deliver(frames);
    }
  }

  #terminate(user: string): Answer {
    for (const connection of this.#host.channels.ofUser(user)) {
      connection.close({ code: "forbidden", reason: "terminated" });
    }
    return json({});
  }

  #list(parameters: Parameters): Answer {
    const prefix = parameters.get("filter_by_prefix") ?? "";
    const info = attributeNames(parameters.get("info") ?? "");
    if (info.some((name) => name !== "user_count")) return bad("info may be user_count");
    if (info.length > 0 && channelClass(prefix).access !== "presence") {
      return bad(
        "user_count may only be requested for presence channels - please supply filter_by_prefix beginning with presence-",
      );
    }
    const found = Array.from(this.#host.channels.occupied, ([name]) => name)
      .filter((name) => name.startsWith(prefix) && userOfChannel(name) === undefined)
      .map((name) => [name, this.#attributes(name, info)]);
    return json({ channels: Object.fromEntries(found) });
  }

  #describe(name: string, parameters: Parameters): Answer {
    const info = attributeNames(parameters.get("info") ?? "");
    const isPresence = channelClass(name).access === "presence";
    if (!isName(name)) return bad("Invalid channel name");
    if (info.includes("user_count") && !isPresence)
      return bad("user_count may only be requested for presence channels");
    if (info.includes("subscription_count") && !this.#host.subscriptionCount)
      return bad("subscription_count is not enabled");
    const occupied = this.#host.channels.of(name) !== undefined;
    return json({ occupied, ...this.#attributes(name, info) });
  }

  #users(name: string): Answer {
    if (channelClass(name).access !== "presence")
      return bad("users can be retrieved only for presence channels");
    const members = this.#host.channels.of(name)?.members.keys() ?? [];
    return json({ users: Array.from(members, (id) => ({ id })) });
  }

  /** The requested attributes that the channel has. */
  #attributes(channel: string, info: readonly string[]): Readonly<Record<string, number>> {
    const { connections, members } = this.#host.channels.of(channel) ?? {};
    const isPresence = channelClass(channel).access === "presence";
    return {
      ...(isPresence && info.includes("user_count") && { user_count: members?.size ?? 0 }),
      ...(!isPresence &&
        this.#host.subscriptionCount &&
        info.includes("subscription_count") && { subscription_count: connections?.size ?? 0 }),
    };
  }
}

/**
 * The answer to an error. Errors of the hub are shown with their words; others stay on the server.
 */
function failure(error: unknown): Answer {
  if (!isBellwireError(error)) return { status: 500, text: "Internal error" };
  return { status: STATUS[error.code] ?? 400, text: error.message };
}
