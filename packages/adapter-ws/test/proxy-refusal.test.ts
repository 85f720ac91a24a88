/** Upgrades that a proxy refuses: its answer is no refusal of the hub. */
import { createServer } from "node:http";
import type { CloseCause } from "@bellwire/core";
import { expect, it } from "vitest";
import { endOf, listening } from "./serving.ts";

/** The cause with which a link ends whose upgrade gets this answer. */
async function endedBy(status: string, body: string, more = ""): Promise<CloseCause> {
  const server = createServer();
  server.on("upgrade", (_, socket) =>
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  const { port } = await listening(server);
  return endOf(`ws://127.0.0.1:${port}/bellwire`);
}

// Bun and Deno have a class of their own, which does not report refusals.
const reported = !("Bun" in globalThis || "Deno" in globalThis);

it.runIf(reported).each([
  ["403 Forbidden", "", "HTTP 403"],
  ["403 Forbidden", "<html>No WebSockets here</html>", "HTTP 403"],
  ["401 Unauthorized", "who are you?", "HTTP 401: who are you?"],
  ["413 Too Large", `{"error":"large"}`, "HTTP 413"],
])("a proxy that answers an upgrade with %s %o ends no channel for good", async (status, body, reason) => {
  const cause = await endedBy(status, body);
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toContain(reason);
});

it.runIf(reported)(
  "a hub's own refusal keeps its code, and an overload its delay, whichever server answers it",
  async () => {
    expect(await endedBy("403 Forbidden", `{"code":"forbidden","reason":"no"}`)).toMatchObject({
      code: "forbidden",
      reason: "HTTP 403: no",
    });
    const busy = await endedBy("503 Unavailable", "", "Retry-After: 2\r\n");
    expect(busy).toMatchObject({ code: "overloaded", retryAfter: 2_000 });
  },
);
