/** Upgrades that a proxy refuses: it speaks for itself and not for the hub. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloseCause } from "@bellwire/core";
import { expect, it, onTestFinished } from "vitest";
import { webSocketTransport } from "../src/client.ts";

/** Why a link ends whose upgrade is answered so. */
async function endedBy(status: string, body: string, more = ""): Promise<CloseCause> {
  const server = createServer();
  server.on("upgrade", (_, socket) =>
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }).connect({
      open() {},
      message() {},
      malformed() {},
      close: resolve,
    });
  });
}

// The platform's own class is never told.
const told = globalThis.WebSocket === undefined;

it.runIf(told).each([
  ["403 Forbidden", "", "HTTP 403"],
  ["403 Forbidden", "<html>No WebSockets here</html>", "HTTP 403"],
  ["401 Unauthorized", "who are you?", "HTTP 401: who are you?"],
  ["413 Too Large", `{"error":"large"}`, "HTTP 413"],
])("a proxy that answers an upgrade with %s %o ends no channel for good", async (status, body, reason) => {
  const cause = await endedBy(status, body);
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toContain(reason);
});

it.runIf(told)("a hub's own refusal keeps its code, and an overload its delay, whoever says it", async () => {
  expect(await endedBy("403 Forbidden", `{"code":"forbidden","reason":"no"}`)).toMatchObject({
    code: "forbidden",
    reason: "HTTP 403: no",
  });
  const busy = await endedBy("503 Unavailable", "", "Retry-After: 2\r\n");
  expect(busy).toMatchObject({ code: "overloaded", retryAfter: 2_000 });
});
