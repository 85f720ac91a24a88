/**
 * A real hub that speaks Pusher's protocol on a real server, and the unmodified clients and server
 * library of Pusher, for one test each.
 */
import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { defineTopics, isBellwireError, type, volatile } from "@bellwire/core";
import { createHub, type Hub, type HubOptions } from "@bellwire/core/server";
import PusherServer from "pusher";
import PusherImport from "pusher-js";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { channelText, sign, userText } from "../src/protocol/signature.ts";
import { attachPusher, type PusherServerOptions } from "../src/server.ts";

// Its types describe the CommonJS build; what is imported here is the class itself.
type PusherClass = typeof PusherImport.default;
export const Pusher = PusherImport as unknown as PusherClass;
export type Pusher = InstanceType<PusherClass>;
export type PusherOptions = ConstructorParameters<PusherClass>[1];

export const app = { id: "1", key: "app-key", secret: "app-secret" };

export const topics = defineTopics({
  "news.{country}": { done: type<{ n: number }>(), said: type<unknown>(), typing: volatile(type<unknown>()) },
  "cache-news": { done: type<{ n: number }>(), typing: volatile(type<unknown>()) },
  "private-orders.{user}": {
    done: type<{ n: number }>(),
    "client-typing": volatile(type<unknown>()),
    "client-moved": type<unknown>(),
  },
  "private-cache-orders": { done: type<{ n: number }>(), "client-moved": type<unknown>() },
  "private-encrypted-notes": { done: type<{ nonce: string; ciphertext: string }>() },
  "presence-room.{name}": {
    done: type<{ n: number }>(),
    "client-typing": volatile(type<unknown>()),
    "client-moved": type<unknown>(),
  },
  "presence-cache-room": { done: type<{ n: number }>() },
});
export type Topics = typeof topics.map;

/** Nothing that a test provokes may end up here. */
export const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
/** That clients are refused is what many of these tests do. */
const noteUnlessRefused = (error: unknown): void => {
  if (!isBellwireError(error)) note(error);
};

/** Fails the file when something was thrown that nobody caught. */
export function watchUncaught(): void {
  beforeAll(() => {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  });
  afterAll(() => {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(uncaught).toEqual([]);
  });
}

export interface Serving {
  readonly hub: Hub<Topics>;
  readonly server: Server;
  readonly port: number;
  /** Destroys every connection without a word. */
  readonly cut: () => void;
  readonly detach: () => void;
}

/**
 * Serves until the test is over. Without more options only a signature admits a client to a private
 * channel.
 */
export async function serve(
  options: Partial<PusherServerOptions> = {},
  hubOptions: Partial<HubOptions<Topics, object>> = {},
): Promise<Serving> {
  const hub = createHub({ topics, onError: noteUnlessRefused, ...hubOptions }) as Hub<Topics>;
  const server = createServer((_, response) => response.end("page"));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const detach = attachPusher(hub, server, { app, ...options });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(async () => {
    await hub.close({ flush: 0, spread: 0 });
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return { hub, server, port: (server.address() as AddressInfo).port, cut, detach };
}

/** The answer of the application's own server to an authorization request. */
export function authorization(
  socketId: string,
  channel: string,
  member?: object,
): { auth: string; channel_data?: string } {
  const data = member && JSON.stringify(member);
  const auth = `${app.key}:${sign(app.secret, channelText(socketId, channel, data))}`;
  return data === undefined ? { auth } : { auth, channel_data: data };
}

/** The answer of the application's own server to a sign-in. */
export function authentication(socketId: string, user: object): { auth: string; user_data: string } {
  const data = JSON.stringify(user);
  return { auth: `${app.key}:${sign(app.secret, userText(socketId, data))}`, user_data: data };
}

interface ClientOptions extends Partial<PusherOptions> {
  readonly key?: string;
  /** The member that it is on presence channels. */
  readonly member?: object;
  /** The user that it signs in as. */
  readonly user?: object;
}

/** A stock pusher-js. */
export function client(
  port: number,
  { key = app.key, member, user, ...options }: ClientOptions = {},
): Pusher {
  const pusher = new Pusher(key, {
    cluster: "local",
    wsHost: "127.0.0.1",
    wsPort: port,
    wssPort: port,
    forceTLS: false,
    // With the others a client that cannot connect dials the internet.
    enabledTransports: ["ws"],
    channelAuthorization: {
      transport: "ajax",
      endpoint: "",
      customHandler: ({ socketId, channelName }, answer) =>
        answer(
          null,
          authorization(socketId, channelName, channelName.startsWith("presence-") ? member : undefined),
        ),
    },
    userAuthentication: {
      transport: "ajax",
      endpoint: "",
      customHandler: ({ socketId }, answer) => answer(null, authentication(socketId, user ?? {})),
    },
    ...options,
  });
  onTestFinished(() => pusher.disconnect());
  return pusher;
}

/** Pusher's own server library. */
export function serverLibrary(port: number, options: object = {}): PusherServer {
  return new PusherServer({
    appId: app.id,
    key: app.key,
    secret: app.secret,
    host: "127.0.0.1",
    port: String(port),
    useTLS: false,
    timeout: 5_000,
    ...options,
  });
}

interface Bindable {
  bind(event: string, callback: (data: unknown) => void): unknown;
}

/** The data of the next event. */
export function next(source: Bindable, event: string, ms = 5_000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`waited ${ms} ms for ${event}`)), ms);
    source.bind(event, (data) => {
      clearTimeout(late);
      resolve(data);
    });
  });
}

/** Subscribes, and waits until the server has agreed. */
export async function subscribed(pusher: Pusher, channel: string): Promise<ReturnType<Pusher["subscribe"]>> {
  const subscription = pusher.subscribe(channel);
  if (!subscription.subscribed) await next(subscription, "pusher:subscription_succeeded");
  return subscription;
}

/** An event as it comes on a raw socket, its data decoded. */
export interface Heard {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

export interface Raw {
  readonly socket: WebSocket;
  readonly socketId: string;
  readonly heard: Heard[];
  /** The texts as they came. */
  readonly texts: string[];
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  say(event: object | string | Buffer): void;
  /** The errors that came, by Bellwire's code. */
  readonly errors: string[];
}

/** Opens a bare WebSocket; with `established` it waits until the server has greeted it. */
export async function raw(
  port: number,
  { path = `/app/${app.key}?protocol=7`, established = true, headers = {} } = {},
): Promise<Raw> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  onTestFinished(() => socket.terminate());
  const heard: Heard[] = [];
  const texts: string[] = [];
  let closed: Raw["closed"];
  socket.on("message", (bytes: Buffer) => {
    const text = bytes.toString();
    texts.push(text);
    const event = JSON.parse(text) as Heard;
    heard.push(typeof event.data === "string" ? { ...event, data: decoded(event.data) } : event);
  });
  socket.on("error", () => {});
  socket.on("close", (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  await new Promise((resolve) => socket.once("open", resolve));
  if (established) await until(() => heard.length > 0, "connection_established");
  return {
    socket,
    heard,
    texts,
    get socketId() {
      const { socket_id: id } = (heard[0]?.data ?? {}) as { socket_id?: string };
      if (id === undefined) throw new Error("the server has not greeted yet");
      return id;
    },
    get closed() {
      return closed;
    },
    say: (event) =>
      socket.send(typeof event === "string" || Buffer.isBuffer(event) ? event : JSON.stringify(event)),
    get errors() {
      return heard
        .filter(({ event }) => event === "pusher:error")
        .map(({ data }) => (data as { reason: string }).reason);
    },
  };
}

/** As client libraries do it: a text that is no JSON stays what it is. */
function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function subscribe(channel: string, rest: object = { auth: "" }): object {
  return { event: "pusher:subscribe", data: { channel, ...rest } };
}

/** Waits until the condition holds; fails when it does not in time. */
export async function until(condition: () => boolean, what = "the condition", ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One HTTP request as it is given. */
export function ask(port: number, options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
