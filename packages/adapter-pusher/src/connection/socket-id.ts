/** The ids of connections. */
import { randomInt } from "node:crypto";

const PART = 2 ** 47;

/** A unique socket id that nobody can guess, because a signature is valid for every equal id. */
export function newSocketId(): string {
  return `${randomInt(1, PART)}.${randomInt(1, PART)}`;
}
