/**
 * Tools of these tests: servers and hubs that end with their test, requests, streams and raw
 * connections.
 */
import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { TopicMap } from "@bellwire/core";
import type { LinkAcceptor } from "@bellwire/core/adapter";
import { createHub, type Hub, type HubOptions, type Identity } from "@bellwire/core/server";
import { onTestFinished } from "vitest";
import { attachSse, type SseServerOptions } from "../src/server.ts";

/**
 * A hub that closes when the test has finished. Default: everybody may do everything, and errors
 * are dropped.
 */
export function newHub<M extends TopicMap>(options: HubOptions<M, Identity>): Hub<M> {
  const hub = createHub({ authorize: () => true, onError: () => {}, ...options });
  onTestFinished(() => hub.close({ flush: 0, spread: 0 }));
  return hub;
}

/** Listens on port 0 until the test has finished. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/**
 * The port of a server with nothing but the endpoint, or with the endpoint beside what it serves.
 */
export async function serving(
  hub: LinkAcceptor,
  options?: SseServerOptions,
  server: Server = createServer(),
): Promise<number> {
  attachSse(hub, server, options);
  return listening(server);
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** The whole answer to one request with exactly these headers. */
export async function ask(
  port: number,
  options: RequestOptions = {},
  body?: string | Buffer,
): Promise<Answer> {
  const response = await send(port, options, body);
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part as string;
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

function send(port: number, options: RequestOptions, body?: string | Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { port, host: "127.0.0.1", path: "/bellwire/sse", agent: false, ...options },
      resolve,
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** An open stream, and the text that arrived so far. */
export interface OpenStream {
  readonly response: IncomingMessage;
  text: string;
  ended: boolean;
  destroy(): void;
}

export async function openStream(port: number, options: RequestOptions = {}): Promise<OpenStream> {
  const response = await send(port, options);
  const stream: OpenStream = { response, text: "", ended: false, destroy: () => void response.destroy() };
  response.setEncoding("utf8");
  response.on("data", (part: string) => {
    stream.text += part;
  });
  response.on("error", () => {});
  response.on("close", () => {
    stream.ended = true;
  });
  onTestFinished(() => void response.destroy());
  return stream;
}

/** Waits until the condition holds; fails when it does not within `ms` milliseconds. */
export async function until(condition: () => boolean, what = "the condition", ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The id at the beginning of a native stream. */
export function linkOf(text: string): string {
  const [, id] = /^event: link\ndata: \{"link":"([^"]+)"\}\n\n/.exec(text) ?? [];
  if (!id) throw new Error("the stream does not begin with its link");
  return id;
}

/** Opens a native stream and waits for its link. */
export async function openLink(port: number): Promise<OpenStream & { id: string }> {
  const stream = await openStream(port);
  await until(() => stream.text.includes("\n\n"), "the link");
  return Object.assign(stream, { id: linkOf(stream.text) });
}

/** Posts commands as Bellwire's client does. */
export function post(
  port: number,
  link: string,
  first: number | string,
  body: string | Buffer,
  headers = {},
): Promise<Answer> {
  return ask(
    port,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "bellwire-link": link,
        "bellwire-number": `${first}`,
        ...headers,
      },
    },
    body,
  );
}

/** A connection that writes its requests by hand. */
export interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  /** The statuses of all answers so far. */
  readonly answers: () => number[];
  readonly ended: () => boolean;
}

/** Writes to a connection, and ends its own side only when the server has ended its. */
export function raw(port: number, ...writes: string[]): Raw {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let ended = false;
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  socket.on("error", () => {});
  socket.on("end", () => {
    ended = true;
    socket.end();
  });
  socket.on("close", () => {
    ended = true;
  });
  onTestFinished(() => void socket.destroy());
  for (const bytes of writes) socket.write(bytes);
  return {
    socket,
    text: () => text,
    answers: () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code)),
    ended: () => ended,
  };
}
