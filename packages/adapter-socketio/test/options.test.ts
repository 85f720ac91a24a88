/** Every option of both halves against values that it must refuse. */
import { createServer } from "node:http";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { Server } from "socket.io";
import { describe, it } from "vitest";
import { socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { hubFor } from "./peers.ts";

const ORIGINS = ["undefined", "a star", "an array", "an array of origins"];

optionConformance(
  [
    {
      path: "socketIoTransport",
      make: (options) => socketIoTransport(options as never),
      given: { url: "https://example.com/bellwire" },
      keys: {
        url: ["a URL", "a URL object", "a page's origin", "a WebSocket's URL"],
        path: ["undefined", "a path"],
        transports: ["undefined", "both carriers"],
        headers: ["undefined", "a function"],
        withCredentials: ["undefined", "true", "false"],
      },
    },
    {
      path: "attachSocketIo",
      make: (options) => attachSocketIo(hubFor(), createServer(), options as never),
      given: {},
      keys: { path: ["undefined", "a path"], allowedOrigins: ORIGINS },
    },
  ],
  { describe, it },
  {
    "a WebSocket's URL": `ws://user:${OPTION_SECRET}@example.com/bellwire`,
    "both carriers": ["websocket", "polling"],
  },
);

describe("on an io of the application", () => {
  const io = new Server(createServer());
  optionConformance(
    [
      {
        path: "attachSocketIo",
        // Detached at once, because a namespace takes one hub at a time.
        make: (options) => attachSocketIo(hubFor(), io, options as never)(),
        given: {},
        keys: { namespace: ["undefined", "a path"], allowedOrigins: ORIGINS },
      },
    ],
    { describe, it },
  );
});
