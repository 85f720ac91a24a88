import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig({
  ...preset,
  entry: {
    client: "src/client.ts",
    server: "src/server.ts",
    emulator: "src/emulator.ts",
    testing: "src/testing.ts",
  },
});
