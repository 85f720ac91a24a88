import { defaultClientConditions, defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Inside this repository the packages are used from their sources; a program that installed them
  // leaves this out.
  resolve: { conditions: ["@bellwire/source", ...defaultClientConditions] },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
// Vite reads its configuration from the default export.
export default config;
