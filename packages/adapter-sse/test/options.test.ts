/** Every option of both halves against values that it must refuse. */
import { createServer } from "node:http";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { attachSse, sseHandler } from "@bellwire/adapter-sse/server";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { describe, it } from "vitest";
import { recordingHub } from "./recording-hub.ts";

const FUNCTION = ["undefined", "a function"];
const HANDLER = {
  allowedOrigins: ["undefined", "a star", "an array", "an array of origins"],
  allowQueryToken: ["undefined", "true", "false"],
  comment: ["undefined", "one"],
};

optionConformance(
  [
    {
      path: "sseTransport",
      make: (options) => sseTransport(options as never),
      given: { url: "https://example.com/bellwire/sse" },
      keys: { url: ["a URL", "a URL object", "a page's origin"], headers: FUNCTION, fetch: FUNCTION },
    },
    {
      path: "attachSse",
      make: (options) => attachSse(recordingHub(), createServer(), options as never),
      given: {},
      keys: { ...HANDLER, path: ["undefined", "a path"] },
    },
    {
      path: "sseHandler",
      make: (options) => sseHandler(recordingHub(), options as never),
      given: {},
      keys: HANDLER,
    },
  ],
  { describe, it },
  { "a WebSocket's URL": `ws://user:${OPTION_SECRET}@example.com/bellwire` },
);
