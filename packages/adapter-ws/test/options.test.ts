/** Every option of both halves against values that it must refuse. */
import { createServer } from "node:http";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics } from "@bellwire/core";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import { describe, it } from "vitest";

const hub = createHub({ topics: defineTopics({}) });

optionConformance(
  [
    {
      path: "webSocketTransport",
      make: (options) => webSocketTransport(options as never),
      given: { url: "ws://example.com/bellwire" },
      keys: { url: ["a WebSocket's URL"], WebSocket: ["undefined", "a function"] },
    },
    {
      path: "attachWebSocket",
      make: (options) => attachWebSocket(hub, createServer(), options as never),
      given: {},
      keys: {
        path: ["undefined", "a path"],
        allowedOrigins: ["undefined", "a star", "an array", "an array of origins"],
      },
    },
  ],
  { describe, it },
  { "a WebSocket's URL": `ws://user:${OPTION_SECRET}@example.com/bellwire` },
);
