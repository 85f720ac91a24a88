/** The ids of connections. */
import { randomInt } from "node:crypto";

const PART = 2 ** 47;

/**
 * A unique id that nobody can guess: a signature is for one id, and would be good for its namesake,
 * too.
 */
export function newSocketId(): string {
  return `${randomInt(1, PART)}.${randomInt(1, PART)}`;
}
