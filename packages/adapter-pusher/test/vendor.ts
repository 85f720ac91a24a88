/**
 * A stand-in for the hosted service, for one test each: it keeps nothing, promises no order, and
 * loses, doubles and delays events as the test demands. It shares only the signatures with the
 * adapter's server half.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { judgeRequest } from "../src/api/request-auth.ts";
import { channelText, isSignature } from "../src/protocol/signature.ts";

export const app = { id: "7", key: "vendor-key", secret: "vendor-secret" };

/**
 * The fate of one event on its way to one connection: a delay in milliseconds for each time that it
 * arrives. Default: once, at once.
 */
export type Fate = (event: TriggeredEvent, socketId: string) => readonly number[];

export interface TriggeredEvent {
  readonly channel: string;
  readonly name: string;
  readonly data: string;
  readonly socket_id?: string;
}

interface Connection {
  readonly socketId: string;
  readonly socket: WebSocket;
  readonly channels: Map<string, { readonly user_id: string; readonly user_info?: unknown } | undefined>;
}

export interface Vendor {
  readonly port: number;
  /** Every request of the HTTP API that was taken or refused, in order. */
  readonly requests: { readonly status: number; readonly batch: readonly TriggeredEvent[] }[];
  readonly connections: ReadonlyMap<string, Connection>;
  /** Statuses of the next requests; after them everything is taken. */
  readonly statuses: number[];
  fate: Fate;
  /** Milliseconds that a request takes. */
  delay: number;
  /** Whether subscriptions are answered. */
  silent: boolean;
  /** Closes all connections, with a number of Pusher's or without a word. */
  cut(number?: number): void;
  /** Sends something to all connections of a channel. */
  deliver(channel: string, event: string, data: unknown): void;
}

export async function startVendor(): Promise<Vendor> {
  const sockets = new Set<Socket>();
  const connections = new Map<string, Connection>();
  const webSockets = new WebSocketServer({ noServer: true });
  const vendor: Vendor = {
    port: 0,
    requests: [],
    connections,
    statuses: [],
    fate: () => [0],
    delay: 0,
    silent: false,
    cut(number) {
      for (const { socket } of connections.values()) {
        if (number === undefined) socket.terminate();
        else socket.close(number, "as the test wants");
      }
    },
    deliver(channel, event, data) {
      for (const { socket, channels } of connections.values())
        if (channels.has(channel)) say(socket, event, data, channel);
    },
  };

  const server = createServer((request, response) => {
    void handle(request).then(({ status, text }) => {
      response.writeHead(status, { "content-length": Buffer.byteLength(text) }).end(text);
    });
  });

  async function handle(request: IncomingMessage): Promise<{ status: number; text: string }> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (vendor.delay > 0) await new Promise((resolve) => setTimeout(resolve, vendor.delay));
    const body = Buffer.concat(parts);
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const verdict = judgeRequest(app, {
      method: request.method ?? "",
      path,
      query,
      body,
      now: Date.now() / 1_000,
    });
    const { batch } = JSON.parse(body.toString()) as { batch: TriggeredEvent[] };
    const status = judge(path, verdict.ok, batch);
    vendor.requests.push({ status, batch });
    if (status === 200) for (const event of batch) spread(event);
    return { status, text: status === 200 ? "{}" : "refused" };
  }

  function judge(path: string, signed: boolean, batch: readonly TriggeredEvent[]): number {
    if (!signed || path !== `/apps/${app.id}/batch_events`) return 401;
    const ordered = vendor.statuses.shift();
    if (ordered !== undefined) return ordered;
    if (batch.length > 10 || batch.some(({ name }) => name.startsWith("pusher"))) return 400;
    return batch.some(({ data }) => Buffer.byteLength(data) > 10_240) ? 413 : 200;
  }

  function spread(event: TriggeredEvent): void {
    for (const { socketId, socket, channels } of connections.values()) {
      if (!channels.has(event.channel) || event.socket_id === socketId) continue;
      for (const ms of vendor.fate(event, socketId)) {
        const arrive = (): void => say(socket, event.name, event.data, event.channel);
        if (ms > 0) setTimeout(arrive, ms);
        else arrive();
      }
    }
  }

  function subscribe(
    connection: Connection,
    data: { channel: string; auth: string; channel_data?: string },
  ): void {
    const { channel, auth, channel_data: member } = data;
    const { socket, socketId } = connection;
    if (/^(private|presence)-/.test(channel)) {
      const [key, signature] = auth.split(":");
      if (key !== app.key || !isSignature(app.secret, channelText(socketId, channel, member), signature)) {
        // As hosted does: without a code, and with the channel in the words only.
        const message = `Invalid signature: Expected HMAC SHA256 hex digest of ${socketId}:${channel}`;
        return socket.send(JSON.stringify({ event: "pusher:error", data: { code: null, message } }));
      }
    }
    const who =
      member === undefined ? undefined : (JSON.parse(member) as { user_id: string; user_info?: unknown });
    const isNew = who && !members(channel).has(who.user_id);
    if (isNew) tellMember("member_added", channel, who);
    connection.channels.set(channel, who);
    if (!who) return say(socket, "pusher_internal:subscription_succeeded", {}, channel);
    const hash = Object.fromEntries(members(channel));
    const presence = { count: Object.keys(hash).length, ids: Object.keys(hash), hash };
    say(socket, "pusher_internal:subscription_succeeded", { presence }, channel);
  }

  function members(channel: string): Map<string, unknown> {
    const found = new Map<string, unknown>();
    for (const { channels } of connections.values()) {
      const member = channels.get(channel);
      if (member) found.set(member.user_id, member.user_info);
    }
    return found;
  }

  function tellMember(event: string, channel: string, data: unknown): void {
    vendor.deliver(channel, `pusher_internal:${event}`, data);
  }

  function leave(connection: Connection, channel: string): void {
    const member = connection.channels.get(channel);
    connection.channels.delete(channel);
    if (member && !members(channel).has(member.user_id))
      tellMember("member_removed", channel, { user_id: member.user_id });
  }

  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  let last = 0;
  server.on("upgrade", (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const socketId = `${1_000 + (last += 1)}.${Math.floor(Math.random() * 1e6)}`;
      const connection: Connection = { socketId, socket: webSocket, channels: new Map() };
      connections.set(socketId, connection);
      webSocket.on("close", () => {
        connections.delete(socketId);
        for (const channel of Array.from(connection.channels.keys())) leave(connection, channel);
      });
      webSocket.on("message", (text: Buffer) => {
        const { event, data } = JSON.parse(text.toString()) as { event: string; data: never };
        if (event === "pusher:ping") say(webSocket, "pusher:pong", {});
        else if (event === "pusher:subscribe" && !vendor.silent) subscribe(connection, data);
        else if (event === "pusher:unsubscribe") leave(connection, (data as { channel: string }).channel);
      });
      say(webSocket, "pusher:connection_established", { socket_id: socketId, activity_timeout: 120 });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return Object.assign(vendor, { port: (server.address() as AddressInfo).port });
}

/** Data travels as a text with JSON in it. */
function say(socket: WebSocket, event: string, data: unknown, channel?: string): void {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ event, data: text, channel }));
}
