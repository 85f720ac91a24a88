// canary-server.ts
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { attachSse } from "@bellwire/adapter-sse/server";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { type CanaryReport, readReport, sumReports } from "@bellwire/core/canary";
import { createHub } from "@bellwire/core/server";
import { topics } from "./topics.ts";

/** The latest report of each client, the newest last. */
const reports = new Map<string, CanaryReport>();

function add(body: string): boolean {
  let report: CanaryReport | undefined;
  try {
    report = readReport(JSON.parse(body));
  } catch {
    // Not even JSON.
  }
  if (!report) return false;
  reports.delete(report.id);
  reports.set(report.id, report);
  for (const oldest of reports.keys()) if (reports.size > 10_000) reports.delete(oldest);
  const { canaries, both, lag, primary, candidate } = sumReports(reports.values());
  console.log(
    `${canaries} clients compared ${both}: ${candidate.name} ${lag.p50} ms later (99 %: ${lag.p99} ms)`,
  );
  for (const { name, lost, late, dropped, failed } of [primary, candidate])
    console.log(`  ${name}: ${lost} lost, ${late} late, ${dropped} connections lost, ${failed} not made`);
  return true;
}

/** Takes a report; gives the status of the answer. */
async function take(request: IncomingMessage): Promise<number> {
  if (request.method !== "POST" || request.url !== "/canary") return 404;
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > 65_536) return 413;
  }
  return add(body) ? 204 : 400;
}

const server = createServer((request, response) => {
  take(request).then(
    (status) => response.writeHead(status).end(),
    () => response.destroy(),
  );
});
const hub = createHub({ topics });
attachWebSocket(hub, server);
attachSse(hub, server);
server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});

setInterval(() => void hub.publish("workouts.42", "completed", { workoutId: "w1", calories: 320 }), 500);
