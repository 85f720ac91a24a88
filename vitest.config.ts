import { availableParallelism } from "node:os";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Setting conditions replaces vite's defaults, so they are spread; all three places are needed for
// `@bellwire/*` imports to reach src without a build.
const source = "@bellwire/source";

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: {
    resolve: {
      conditions: [source, ...defaultServerConditions],
      externalConditions: [source, "node", "import", "module-sync"],
    },
  },
  test: {
    include: ["{packages,examples}/*/test/**/*.test.{ts,tsx}", "bench/test/**/*.test.ts"],
    // Most tests wait for sockets and timers most of the time; vitest's default leaves one core of two idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    typecheck: {
      enabled: true,
      checker: "tsc",
      tsconfig: "./tsconfig.types.json",
      include: ["packages/*/test/**/*.test-d.ts"],
    },
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
