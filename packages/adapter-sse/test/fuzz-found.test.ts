/** Requests that `npm run test:fuzz` found, each as small as possible. */
import { defineTopics } from "@bellwire/core";
import { expect, it } from "vitest";
import { newHub, raw, serving, until } from "./serving.ts";

it("a request of HTTP/1 that calls itself HTTP/2.0 is answered like any other", async () => {
  const port = await serving(newHub({ topics: defineTopics({ a: {} }) }));
  const peer = raw(port, "GET /bellwire/sse HTTP/2.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  await until(() => peer.text() !== "", "the answer");
  expect(peer.text()).toMatch(/^HTTP\/1\.1 \d{3} /);
});
