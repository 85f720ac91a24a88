import type { Options } from "tsup";

/** One build for every package: ES modules and CommonJS with their own declaration files. */
export const preset: Options = {
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  sourcemap: true,
  clean: true,
  splitting: true,
  // tsup builds declarations through an API that still sets `baseUrl`, hence ignoreDeprecations.
  dts: { compilerOptions: { composite: false, incremental: false, ignoreDeprecations: "6.0" } },
};
