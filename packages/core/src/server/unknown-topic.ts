/** The error for a topic that is not in the contract, with the reason and the nearest pattern. */
import type { Contract, TopicMap } from "../contract.ts";
import { BellwireError } from "../errors.ts";

/** Edits up to which a pattern counts as near. */
const NEAR = 3;
/**
 * Steps that one search may take, about a tenth of a millisecond: peers decide how often it runs.
 */
const STEPS = 50_000;

/** The characters that a parameter may consist of. */
const FILLING = /[A-Za-z0-9_\-=@,;]/;

/**
 * Makes the error. Its text names the topic, the reason, and the nearest pattern where one is near.
 */
export function unknownTopic(contract: Contract<TopicMap>, topic: string): BellwireError {
  const nearest = nearestPattern(Object.keys(contract.map), topic);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return new BellwireError("unknown_topic", `${contract.explain(topic)}${hint}`);
}

/**
 * The pattern that the topic is fewest edits away from, the first of several; undefined when none
 * is near. Filling a parameter is free, leaving it empty is an edit. In a very large contract the
 * last patterns may not be looked at.
 */
export function nearestPattern(patterns: readonly string[], topic: string): string | undefined {
  if (topic.length > 164) return undefined;
  let nearest: string | undefined;
  // A pattern that differs in more than half of its characters was not meant.
  let limit = Math.min(NEAR, topic.length / 2);
  let steps = STEPS;
  for (const pattern of patterns) {
    if (steps <= 0) break;
    let row = Array.from({ length: topic.length + 1 }, (_, edits) => edits);
    for (const token of pattern.match(/\{\w+\}|./g) ?? []) {
      row = after(row, token, topic);
      steps -= row.length;
      if (Math.min(...row) > limit) break;
    }
    const edits = row[topic.length] as number;
    if (edits <= limit) {
      nearest = pattern;
      limit = edits - 1;
    }
  }
  return nearest;
}

/**
 * From the edits between a part of the pattern and each beginning of the topic, those with one
 * token more.
 */
function after(row: readonly number[], token: string, topic: string): number[] {
  const free = token.length > 1;
  const next = [(row[0] as number) + 1];
  for (let n = 1; n <= topic.length; n++) {
    const character = topic[n - 1] as string;
    const same = free ? FILLING.test(character) : character === token;
    const replaced = (row[n - 1] as number) + (same ? 0 : 1);
    const added = (next[n - 1] as number) + (free && same ? 0 : 1);
    next.push(Math.min(replaced, (row[n] as number) + 1, added));
  }
  return next;
}
