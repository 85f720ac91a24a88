/** Messages of trainers and members: mostly a line, sometimes a plan for the week. */
import type { Random } from "../src/measure/random.ts";

// biome-ignore format: a table of phrases
const SHORT = [
  "ok", "done 💪", "thanks!", "on my way", "see you at 6", "how was it?", "legs are dead 😅", "great pace today",
  "can we move it to Thursday?", "knee feels fine again", "voilà, 5 km", "weiter so, läuft!", "rest day?", "👍",
] as const;

const SENTENCES = [
  "Keep your heart rate under 150 for the first twenty minutes.",
  "The second interval was a little fast, so take the next one by feel.",
  "Drink before you are thirsty, especially on the long ride.",
  "I moved your strength session so that it does not follow the tempo run.",
  "Remember to log how you slept; the trend says more than one night.",
  "Three sets of eight, two minutes of rest, and stop when the form goes.",
  "If the calf still pulls on Tuesday we swap the hills for the pool.",
  "Your threshold moved by four beats since January, très bien.",
  "Sunday is open: an easy hour, no watch, somewhere green.",
  "The club board counts distance this week, so an extra lap would help the team.",
] as const;

/**
 * One message: 7 of 10 are a phrase, 2 are a few sentences, 1 is a plan of up to about 700
 * characters.
 */
export function chatText(random: Random): string {
  const kind = random.between(1, 10);
  if (kind <= 7) return random.pick(SHORT);
  const sentences = random.between(kind < 10 ? 1 : 5, kind < 10 ? 3 : 11);
  return Array.from({ length: sentences }, () => random.pick(SENTENCES)).join(" ");
}
