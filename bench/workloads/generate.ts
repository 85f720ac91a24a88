/**
 * Writes workout-day.jsonl: `npx tsx bench/workloads/generate.ts`. The same seed gives the same
 * bytes everywhere; a test holds the committed file to that.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../src/measure/random.ts";
import { foundClub, subscriptionsOf } from "./club.ts";
import { liveDay } from "./day.ts";

/** The seed of the committed file. */
export const WORKOUT_DAY_SEED = 20_260_314;

const MIDNIGHT = Date.UTC(2026, 2, 14);

/**
 * The text of the workload: subscribers first, then the day's notifications in the order of time.
 */
export function generateWorkoutDay(seed: number): string {
  const random = seededRandom(seed);
  const club = foundClub(random);
  const subscribers = subscriptionsOf(club).map((line) => JSON.stringify(line));
  const notifications = liveDay(club, random).map(({ at, topic, event, data }) =>
    JSON.stringify({ at: new Date(MIDNIGHT + at).toISOString(), topic, event, data }),
  );
  return `${[...subscribers, ...notifications].join("\n")}\n`;
}

const file = new URL("./workout-day.jsonl", import.meta.url);
if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(file, generateWorkoutDay(WORKOUT_DAY_SEED));
