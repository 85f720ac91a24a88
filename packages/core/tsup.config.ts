import { defineConfig } from "tsup";
import { preset } from "../../tsup.preset.ts";

export default defineConfig({
  ...preset,
  entry: {
    index: "src/index.ts",
    client: "src/client/index.ts",
    canary: "src/canary/index.ts",
    shared: "src/client/shared/index.ts",
    server: "src/server/index.ts",
    http: "src/server/http/index.ts",
    adapter: "src/adapter/index.ts",
    memory: "src/memory/index.ts",
    conformance: "src/conformance/index.ts",
  },
});
