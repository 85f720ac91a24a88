/** Keeps a second process away from a folder: two PGlites on one would destroy it. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Files that this process holds. A dead process may have had the same id, as the first in a
 * container always has.
 */
const held = new Set<string>();

/**
 * Makes the folder and takes it for this process, by a file beside it that holds the process's id;
 * one that a dead process left behind is taken over. Resolves with a function that gives it back.
 * Rejects while a living process has it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = `${folder}.lock`;
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true });
  for (const last of [false, true]) {
    try {
      await writeFile(file, `${process.pid}`, { flag: "wx" });
      held.add(file);
      return () => {
        held.delete(file);
        return rm(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || last) throw error;
    }
    const owner = Number(await readFile(file, "utf8").catch(() => "0"));
    if (owner === process.pid ? held.has(file) : isAlive(owner))
      throw new Error(`${folder} is in use by process ${owner}`);
    await rm(file, { force: true });
  }
  throw new Error("unreachable");
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
