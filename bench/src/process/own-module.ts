/**
 * Where this package's own modules are: child processes load them by address, from source as well
 * as from the package that is built.
 */

/**
 * Whether this is the built package, or what was compiled of it ahead; otherwise it runs from
 * source.
 */
export const isBuilt: boolean = import.meta.url.endsWith(".js");

/**
 * The address under which a module of this package runs. Code says `new URL("./server-half.ts",
 * import.meta.url)`, and in the built package there is a `.js` in its place. Not for modules of
 * others.
 */
export function ownModule(source: URL): URL {
  return isBuilt ? new URL(source.href.replace(/\.ts$/, ".js")) : source;
}

/**
 * Imports a module of the user's, given its address. TypeScript works on every Node: where it
 * neither reads the types away itself nor has a loader from the command line, tsx is registered
 * with the first such module.
 */
export async function importModule(address: string): Promise<Readonly<Record<string, unknown>>> {
  if (/\.[cm]?ts$/.test(address)) await readyForTypeScript();
  return (await import(address)) as Record<string, unknown>;
}

let registered = false;

async function readyForTypeScript(): Promise<void> {
  // From source there is a loader already, or this file would not run.
  if (!isBuilt || registered || (process.features as { typescript?: unknown }).typescript) return;
  registered = true;
  (await import("tsx/esm/api")).register();
}
