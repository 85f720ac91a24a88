/**
 * Bundles app.tsx for the browser, in memory; in a program of your own, what builds your pages does
 * this.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export async function bundleApp(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("app.tsx", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    // Inside this repository the packages are used from their sources; a program that installed
    // them leaves these two out.
    conditions: ["@bellwire/source"],
    alias: Object.fromEntries(
      ["react", "react-dom"].map((name) => [
        name,
        fileURLToPath(new URL(`node_modules/${name}`, import.meta.url)),
      ]),
    ),
  });
  return outputFiles[0]?.text ?? "";
}
