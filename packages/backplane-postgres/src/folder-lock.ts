/** Keeps a second process away from a folder: two PGlites on one would destroy it. */
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { randomId } from "@bellwire/core/adapter";

/** Milliseconds between two signs of life of an owner. */
const BEAT = 5_000;

/**
 * Milliseconds without a sign of life after which an owner on another machine, or in another
 * container, counts as dead. On the same machine the process itself is looked for.
 */
const DEAD = 30_000;

/** Milliseconds after which a takeover that was not finished may be repeated. */
const TAKEOVER = 10_000;

/** The owner of a folder, as its file names it. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells two processes apart that had the same id one after the other. */
  readonly born: string;
}

/**
 * Makes the folder and takes it for this process, by a file beside it; one that a dead process left
 * behind is taken over. Resolves with a function that gives it back, or with undefined while a
 * living process has it.
 */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | undefined> {
  const file = `${folder}.lock`;
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(folder, { recursive: true });
  const token = randomId(12);
  const own = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    born: `${await bornOf(process.pid)}`,
    token,
  });
  if (!(await create(file, own)) && !(await takeOver(file, own))) return undefined;
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, BEAT);
  beat.unref();
  return async () => {
    clearInterval(beat);
    if ((await readFile(file, "utf8").catch(() => "")) === own) await rm(file, { force: true });
  };
}

/** Makes the file with its text in one step, so that nobody reads half of it. */
async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${randomId(12)}`;
  await writeFile(draft, text);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces the file of a dead owner. Only one process at a time decides on that. */
async function takeOver(file: string, own: string): Promise<boolean> {
  const gate = `${file}.takeover`;
  if (!(await create(gate, own))) {
    if ((await ageOf(gate)) < TAKEOVER) return false;
    await rm(gate, { force: true });
    if (!(await create(gate, own))) return false;
  }
  try {
    if (await isAlive(file)) return false;
    await rm(file, { force: true });
    return await create(file, own);
  } finally {
    await rm(gate, { force: true });
  }
}

async function isAlive(file: string): Promise<boolean> {
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse(await readFile(file, "utf8")) as Partial<Owner>;
  } catch {
    // Gone, or no file of ours.
    return (await ageOf(file)) < DEAD;
  }
  if (owner.host !== hostname()) return (await ageOf(file)) < DEAD;
  const pid = Number(owner.pid);
  return runs(pid) && `${await bornOf(pid)}` === owner.born;
}

/** Milliseconds since the file was last changed; Infinity without a file. */
async function ageOf(file: string): Promise<number> {
  try {
    return Date.now() - (await stat(file)).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function runs(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There, but another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The start of a process in ticks since the boot, where the system tells. */
async function bornOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command stands in parentheses, and may have some in its name.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
