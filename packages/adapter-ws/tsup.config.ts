import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig({
  ...preset,
  // Stays an import: the runtime or the bundler of the user picks the variant, by package.json.
  external: ["#websocket"],
  entry: {
    client: "src/client.ts",
    server: "src/server.ts",
    testing: "src/testing.ts",
    "websocket-browser": "src/native/websocket-browser.ts",
    "websocket-node": "src/native/websocket-node.ts",
  },
});
