import { availableParallelism } from "node:os";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

// Setting conditions replaces vite's defaults, so they are spread; all three places are needed for
// `@bellwire/*` imports to reach src without a build.
const source = "@bellwire/source";

const workers = Math.max(2, availableParallelism() - 1);

/** The conformance kits over every transport. */
const kits = [
  "packages/*/test/**/*conformance.test.ts",
  "packages/core/test/conformance/{memory,canary}.test.ts",
  "packages/adapter-ws/test/shared.test.ts",
  "examples/*/test/*conformance.test.ts",
];

/** `npm test`: everything, the kits first. */
const everything: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: "kits",
      include: kits,
      // The kit waits for timers and for faults most of the time; many of its runs wait together.
      maxWorkers: 3 * workers,
      sequence: { groupOrder: 0 },
    },
  },
  {
    extends: true,
    test: {
      name: "tests",
      include: ["{packages,examples}/*/test/**/*.test.{ts,tsx}", "bench/test/**/*.test.ts"],
      exclude: ["**/node_modules/**", ...kits],
      // Vitest's default would leave one core of two idle.
      maxWorkers: workers,
      sequence: { groupOrder: 1 },
      typecheck: {
        enabled: true,
        checker: "tsc",
        tsconfig: "./tsconfig.types.json",
        include: ["packages/*/test/**/*.test-d.ts"],
      },
    },
  },
];

/**
 * `npm run test:quick`: the kit without faults over each transport, and the unit tests that take no
 * browser, no compiler, no long wait and no long search.
 */
const quick: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: "quick",
      include: ["packages/{core,adapter-*}/test/**/*.test.ts"],
      exclude: [
        "packages/core/test/{architecture,entries,guarantees,completion,backlog,codec,many-patterns}.test.ts",
        "packages/core/test/conformance/{broken-*,ledger,canary,message-faults}.test.ts",
        "packages/core/test/conformance/broken-backplanes/**",
        "packages/*/test/{shared*,liveness,hostile-*,beside}.test.ts",
        "packages/core/test/shared/*-conformance.test.ts",
        // Files that scripts/runtimes.mjs leaves out on a runtime, by commas.
        ...(process.env["BELLWIRE_QUICK_EXCLUDE"] ?? "").split(",").filter(Boolean),
      ],
      maxWorkers: 3 * workers,
      isolate: false,
    },
  },
];

/** The kit directly, Socket.IO by its first carrier alone, and no measurement of memory. */
const WITHOUT_FAULTS = /^(?!.*through (?:fresh )?faults)(?!socketio by)(?!.*memory stays bounded)/;

export default defineConfig(({ mode }) => ({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: {
    resolve: {
      conditions: [source, ...defaultServerConditions],
      externalConditions: [source, "node", "import", "module-sync"],
    },
  },
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
    ...(mode === "quick" ? { projects: quick, testNamePattern: WITHOUT_FAULTS } : { projects: everything }),
  },
}));
