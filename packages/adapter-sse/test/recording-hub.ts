/** A hub that only remembers what an adapter told it, and the small HTTP tools of these tests. */
import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloseCause } from "@bellwire/core";
import type { ClientMessage, Link, ServerMessage } from "@bellwire/core/adapter";
import type { Handshake, LinkAcceptor } from "@bellwire/core/server";
import { onTestFinished } from "vitest";
import { attachSse, type SseServerOptions } from "../src/server.ts";

export interface RecordedLink {
  readonly link: Link<ServerMessage>;
  readonly handshake: Handshake;
  readonly messages: ClientMessage[];
  readonly malformed: string[];
  readonly calls: string[];
  cause?: CloseCause;
}

export interface RecordingHub extends LinkAcceptor {
  readonly links: RecordedLink[];
  /** Why a new link would be refused now. */
  refusing: CloseCause | undefined;
  /** What the adapter said it had refused. */
  readonly refusals: CloseCause[];
  /** What `onClose` registered. */
  closing: (() => void)[];
  onMessage?: (recorded: RecordedLink, message: ClientMessage) => void;
}

export function recordingHub(maxMessageBytes = 65_536): RecordingHub {
  const hub: RecordingHub = {
    links: [],
    refusing: undefined,
    refusals: [],
    closing: [],
    maxMessageBytes,
    refusal: () => hub.refusing,
    refused: (cause) => void hub.refusals.push(cause),
    onClose: (callback) => void hub.closing.push(callback),
    accept(link, handshake) {
      const recorded: RecordedLink = { link, handshake, messages: [], malformed: [], calls: [] };
      hub.links.push(recorded);
      return {
        open: () => void recorded.calls.push("open"),
        message(message) {
          recorded.calls.push("message");
          recorded.messages.push(message);
          hub.onMessage?.(recorded, message);
        },
        malformed(reason) {
          recorded.calls.push("malformed");
          recorded.malformed.push(reason);
        },
        close(cause) {
          recorded.calls.push("close");
          recorded.cause = cause;
        },
      };
    },
  };
  return hub;
}

/** Listens on port 0 until the test is over. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** A server with nothing but the endpoint. */
export async function serving(hub: LinkAcceptor, options?: SseServerOptions): Promise<number> {
  const server = createServer();
  attachSse(hub, server, options);
  return listening(server);
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** One request with exactly these headers, and its whole answer. */
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

/** An open stream, and the text that has come so far. */
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

/** Waits until the condition holds; fails when it does not within 5 seconds. */
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

/** The id that a native stream begins with. */
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
