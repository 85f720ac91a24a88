/** The ids of connections. */
import { randomInt } from "node:crypto";

const PART = 2 ** 47;

/** Unique and not to be guessed: signatures are for one, and would be for its namesake, too. */
export function newSocketId(): string {
  return `${randomInt(1, PART)}.${randomInt(1, PART)}`;
}
