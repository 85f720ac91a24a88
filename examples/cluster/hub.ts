/**
 * One hub of the cluster, in a process of its own: `hub.ts NAME PORT REDIS_URL`. It serves the
 * page and three transports on one port, and publishes an order every 400 ms.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { redisBackplane } from "@bellwire/backplane-redis";
import { isBellwireError } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { Redis } from "ioredis";
import { bundlePage } from "./bundle.ts";
import { topics } from "./topics.ts";

const PACE = 400;

const [name = "", port = "0", url = ""] = process.argv.slice(2);
const self = { name, pid: process.pid };
const warn = (error: unknown): void => {
  console.error(`hub ${name}: ${error instanceof Error ? error.message : String(error)}`);
};

// The two lines that make it a hub among others.
const backplane = redisBackplane(new Redis(url, { lazyConnect: true }), { prefix: "example", onError: warn });
const hub = createHub({ topics, backplane, onError: warn });

hub.handle("hubs", "which", () => self);
hub.handle("hubs", "kill", ({ data }) => {
  // As `kill -9` does: nothing is flushed, and nobody is told.
  if (data.pid === process.pid) process.kill(process.pid, "SIGKILL");
  return { killed: false } as const;
});

let leaving = false;
const html = await readFile(new URL("index.html", import.meta.url));
const script = await bundlePage();
const server = createServer((request, response) => {
  const path = request.url?.split("?", 1)[0];
  if (path === "/") response.setHeader("content-type", "text/html; charset=utf-8").end(html);
  else if (path === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
  else if (path === "/healthz") response.writeHead(leaving ? 503 : 200).end();
  else response.writeHead(404).end();
});
attachWebSocket(hub, server);
attachSse(hub, server);
attachSocketIo(hub, server);

try {
  await backplane.ready();
} catch {
  // onError was told the reason.
  process.exit(1);
}
server.listen(Number(port), "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

let placed = 0;
const orders = setInterval(() => {
  placed += 1;
  const order = `${name}-${process.pid}-${placed}`;
  const euros = 5 + Math.floor(Math.random() * 95);
  hub.publish("orders.rome", "placed", { order, euros, by: self }, { id: order }).catch((error: unknown) => {
    if (!isBellwireError(error) || !error.retryable) throw error;
    warn(error);
  });
}, PACE);

async function leave(): Promise<void> {
  leaving = true;
  clearInterval(orders);
  await hub.close({ flush: 1_000, spread: 0 });
  await backplane.close();
  process.exit();
}
process.once("SIGTERM", () => void leave());
// Ctrl-C reaches every process of the terminal; the one that started this hub ends it.
process.on("SIGINT", () => {});
process.once("disconnect", () => process.exit());
