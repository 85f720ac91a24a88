/** Builds the page with vite into a folder of the cache. Needs no network. */
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Resolves with the folder. */
export async function buildPage(): Promise<string> {
  const root = fileURLToPath(new URL("../web/", import.meta.url));
  const outDir = fileURLToPath(new URL("../.data/page", import.meta.url));
  await build({
    root,
    configFile: `${root}vite.config.ts`,
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}
