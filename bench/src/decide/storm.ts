/**
 * The load when all users come back at once, as after a deployment: the hour that sizes a server
 * more than any other.
 */
import { type Evidence, measurementOf } from "./evidence.ts";
import type { OptionEntry } from "./matrix.ts";
import type { Requirements } from "./requirements.ts";
import { answer, type Statement, statement } from "./statement.ts";

/** Seconds that each process is busy when all users connect at once. */
export function stormSeconds(users: number, processes: number, microsecondsEach: number): number {
  return (users * microsecondsEach) / processes / 1e6;
}

/**
 * The sentence about it; none where nothing was measured or nobody connects to a process of one's
 * own.
 */
export function stormOf(
  option: OptionEntry,
  needs: Requirements,
  processes: number,
  evidence: Evidence,
): Statement[] {
  const measured = measurementOf(evidence, option, "connect-storm/server-cpu");
  if (measured?.unit !== "µs" || processes === 0) return [];
  const seconds = stormSeconds(needs.users, processes, measured.value);
  const text = `${option.name}: when all ${needs.users.toLocaleString("en-US")} users come back at once, each hub process is busy for ${seconds.toPrecision(2)} s`;
  return [statement(text, [...measured.refs.slice(0, 1), answer("users")])];
}
