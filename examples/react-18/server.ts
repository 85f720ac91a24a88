// server.ts: the hub, and the page's files
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { createHub } from "@bellwire/core/server";
import { bundleApp } from "./bundle.ts";
import { topics } from "./topics.ts";

const hub = createHub({ topics });
hub.handle("bells.{door}", "ring", async ({ topic, data }) => {
  await hub.publish(topic, "rang", data);
});

const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bell</title>
<meta name="viewport" content="width=device-width"><div id="app"></div><script type="module" src="/app.js"></script></html>`;
const script = await bundleApp();
const server = createServer((request, response) => {
  const isScript = request.url === "/app.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
  response.end(isScript ? script : html);
});
attachWebSocket(hub, server);
server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`Open http://localhost:${(server.address() as AddressInfo).port}`);
});
