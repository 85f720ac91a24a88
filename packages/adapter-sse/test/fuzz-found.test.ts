/** What `npm run test:fuzz` has found, each as small as it could be made. */
import { createServer } from "node:http";
import { connect } from "node:net";
import { defineTopics } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { expect, it, onTestFinished } from "vitest";
import { attachSse } from "../src/server.ts";
import { listening } from "./recording-hub.ts";

it("a request of HTTP/1 that calls itself HTTP/2.0 is answered like any other", async () => {
  const hub = createHub({ topics: defineTopics({ a: {} }), authorize: () => true, onError: () => {} });
  const server = createServer();
  attachSse(hub, server);
  onTestFinished(() => hub.close({ flush: 0 }));
  const socket = connect(await listening(server), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const answer = new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
  socket.write("GET /bellwire/sse HTTP/2.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1\.1 \d{3} /);
});
