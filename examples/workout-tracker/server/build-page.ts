/** Builds the page with vite. Needs no network. */
import { fileURLToPath } from "node:url";
import { build } from "vite";

const FOLDER = fileURLToPath(new URL("../.data/page", import.meta.url));

/** Resolves with the folder that it was built into, whose content it replaces. */
export async function buildPage(outDir: string = FOLDER): Promise<string> {
  const root = fileURLToPath(new URL("../web/", import.meta.url));
  await build({
    root,
    configFile: `${root}vite.config.ts`,
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}
