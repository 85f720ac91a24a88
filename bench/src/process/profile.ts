/**
 * A CPU profile of this process between two moments, for Chrome's DevTools. Start-up and loader are
 * not in it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { join } from "node:path";

/** Microseconds between samples. */
const INTERVAL = 200;

const session = new Session();

/** Starts the profile. It slows the process, so figures measured meanwhile are worth nothing. */
export async function startProfile(): Promise<void> {
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
  await session.post("Profiler.start");
}

/** Ends the profile and writes it to a file in a folder, which is made if need be. */
export async function writeProfile(folder: string, file: string): Promise<void> {
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), JSON.stringify(profile));
}
