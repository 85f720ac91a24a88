/**
 * A server and its clients in one process, which must end by itself within two seconds after
 * everything was closed.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { io } from "socket.io-client";
import { socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { PATH, topics } from "./peers.ts";

const hub = createHub({ topics });
const server = createServer();
attachSocketIo(hub, server);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const channels = await Promise.all(
  (["websocket", "polling"] as const).map(async (carrier) => {
    const channel = createChannel({ topics, transport: socketIoTransport({ url, transports: [carrier] }) });
    await channel.subscribe("news.a").ready();
    return channel;
  }),
);
const stock = io(url, { path: PATH, reconnection: false });
await new Promise((resolve) => stock.emit("subscribe", "news.a", resolve));
process.stdout.write("connected\n");
await hub.close({ flush: 500, spread: 1 });
for (const channel of channels) channel.close();
await new Promise((resolve) => server.close(resolve));
process.stdout.write("closed\n");
const closed = performance.now();
process.on(
  "exit",
  () => void process.stdout.write(performance.now() - closed < 2_000 ? "ended\n" : "late\n"),
);
