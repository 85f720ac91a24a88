/**
 * The README's server, on both wires at once, with a page that shows what arrives. `PORT` is 8080
 * if not set.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createHub } from "@bellwire/core/server";
import { bundlePage } from "./bundle.ts";
import { topics } from "./topics.ts";

const hub = createHub({ topics });
const html = await readFile(new URL("index.html", import.meta.url));
const script = await bundlePage();
let finished = 0;

const server = createServer((request, response) => {
  const path = request.url?.split("?", 1)[0];
  if (request.method === "POST" && path === "/workouts") {
    finished += 1;
    const workout = { workoutId: `w${finished}`, calories: 120 + Math.floor(Math.random() * 480) };
    hub.publish("workouts.42", "completed", workout).then(
      (position) => response.end(JSON.stringify(position)),
      () => response.writeHead(500).end(),
    );
  } else if (path === "/") response.setHeader("content-type", "text/html; charset=utf-8").end(html);
  else if (path === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
  else response.writeHead(404).end();
});
attachWebSocket(hub, server);
attachSse(hub, server);

server.listen(Number(process.env.PORT ?? 8080), () => {
  const { port } = server.address() as AddressInfo;
  console.log(`Open http://localhost:${port} (WebSocket) or http://localhost:${port}/?wire=sse`);
});

async function stop(): Promise<void> {
  await hub.close();
  server.close();
  server.closeAllConnections();
}
process.once("SIGINT", () => void stop());
process.once("SIGTERM", () => void stop());
