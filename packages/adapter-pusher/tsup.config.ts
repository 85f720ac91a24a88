import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig({
  ...preset,
  entry: {
    client: "src/client.ts",
    server: "src/server.ts",
    hosted: "src/hosted.ts",
    testing: "src/testing.ts",
  },
});
