/** Bundles the page's program for the browser, in memory. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    // Inside this repository the packages are used from their sources; a program that installed
    // them leaves this line out.
    conditions: ["@bellwire/source"],
  });
  return outputFiles[0]?.text ?? "";
}
