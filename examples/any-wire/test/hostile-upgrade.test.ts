/** Upgrades that are for nobody, on a server of several wires: each leaves them to the others. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createHub, type LinkAcceptor } from "@bellwire/core/server";
import { expect, it, onTestFinished, vi } from "vitest";
import { topics } from "../topics.ts";

const attachments: Readonly<Record<string, (hub: LinkAcceptor, server: Server) => void>> = {
  ws: (hub, server) => void attachWebSocket(hub, server),
  socketio: (hub, server) => void attachSocketIo(hub, server),
  pusher: (hub, server) => void attachPusher(hub, server, { app: { id: "1", key: "k", secret: "s" } }),
};

const UPGRADE = [
  "Host: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

it.each(Object.keys(attachments))(
  "an upgrade that is for nobody, and a reset while it waits, end no process (%s beside a listener of the application's)",
  async (name) => {
    const hub = createHub({ topics });
    const server = createServer();
    attachments[name]?.(hub, server);
    attachSse(hub, server);
    onTestFinished(() => hub.close({ flush: 0, spread: 0 }));
    // The application's own listener, which takes another path and leaves this one alone.
    const upgraded = new Promise<Duplex>((resolve) => server.on("upgrade", (_, socket) => resolve(socket)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
    peer.on("error", () => {});
    peer.write(`GET /bellwire/nowhere HTTP/1.1\r\n${UPGRADE}`);
    const socket = await upgraded;
    const listeners = socket.listenerCount("error");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    // Without a listener of the adapter's, this one keeps the test itself alive.
    socket.on("error", () => {});
    peer.resetAndDestroy();
    await closed;
    expect(listeners).toBeGreaterThan(0);
  },
);

it.each(Object.keys(attachments))(
  "an upgrade behind a stream on one connection ends the connection, and becomes no link (%s)",
  async (name) => {
    const hub = createHub({ topics });
    const server = createServer();
    attachments[name]?.(hub, server);
    attachSse(hub, server);
    onTestFinished(() => hub.close({ flush: 0, spread: 0 }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const peer = connect((server.address() as AddressInfo).port, "127.0.0.1");
    peer.on("error", () => {});
    let text = "";
    peer.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    const closed = new Promise((resolve) => peer.on("close", resolve));
    const paths = {
      ws: "/bellwire",
      socketio: "/socket.io/?EIO=4&transport=websocket",
      pusher: "/bellwire/app/k",
    };
    const path = paths[name as keyof typeof paths];
    peer.write(`GET /bellwire/sse HTTP/1.1\r\nHost: x\r\n\r\nGET ${path} HTTP/1.1\r\n${UPGRADE}`);
    await closed;
    expect(text).not.toContain("101 Switching");
    await vi.waitFor(() => expect(hub.links).toBe(0));
  },
);
