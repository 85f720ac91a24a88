import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig({
  ...preset,
  // Stays an import: the user's runtime or bundler picks the browser's or the node variant by package.json.
  external: ["#websocket"],
  entry: {
    client: "src/client.ts",
    server: "src/server.ts",
    testing: "src/testing.ts",
    "websocket-browser": "src/websocket-browser.ts",
    "websocket-node": "src/websocket-node.ts",
  },
});
