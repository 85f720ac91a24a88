/** The id that `exclude` compares to keep a publisher from receiving its own notifications. */
import { createHash } from "node:crypto";
import { randomId } from "../random-id.ts";

/** The least number of characters of a session that cannot be guessed. */
const SECRET = 16;

/**
 * Derived from the user and from the session of the hello, so that it outlives the link, and so
 * that a client can neither choose it nor claim that of another: that requires the other's token,
 * or a random session that no other client receives. A session of fewer than 16 characters is no
 * secret; its link gets a random id, which ends with it. 22 characters, 110 bits or more.
 */
export function exclusionId(user: string | undefined, session: string): string {
  if (session.length < SECRET) return randomId(22);
  const text = JSON.stringify([user ?? null, session]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
