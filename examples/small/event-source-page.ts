/**
 * A page without any library: a stock EventSource that resumes by itself. `PORT=8080 npx tsx
 * event-source-page.ts`, then open it.
 */
import { createServer } from "node:http";
import { attachSse } from "@bellwire/adapter-sse/server";
import { defineTopics } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { z } from "zod";
import { listen } from "./listen.ts";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Workouts</title>
<link rel="icon" href="data:,">
<h1>Workouts</h1>
<p role="status">connecting</p>
<ol></ol>
<script>
  const status = document.querySelector("p");
  const source = new EventSource("/bellwire/sse?topic=workouts.42");
  source.onopen = () => (status.textContent = "live");
  source.onerror = () => (status.textContent = "away; the browser comes back by itself");
  source.addEventListener("completed", ({ data }) => {
    const item = document.createElement("li");
    item.textContent = JSON.parse(data).calories + " kcal";
    document.querySelector("ol").append(item);
  });
</script>
</html>`;

const topics = defineTopics({ "workouts.{userId}": { completed: z.object({ calories: z.number() }) } });
const hub = createHub({ topics });
const server = createServer((request, response) => {
  if (request.url !== "/") {
    // The hub's own path is answered by its own listener.
    if (!request.url?.startsWith("/bellwire/")) response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(PAGE);
});
attachSse(hub, server);
console.log(`http://localhost:${await listen(server, Number(process.env.PORT ?? 0))}/`);

let calories = 100;
setInterval(() => void hub.publish("workouts.42", "completed", { calories: (calories += 10) }), 500);
