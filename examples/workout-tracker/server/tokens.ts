/**
 * Tokens: short-lived JWTs (HS256) that say who somebody is. The key is made once and kept in the
 * database, so that restarts do not sign anybody out.
 */
import { randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { person } from "../things.ts";
import type { Database } from "./sql.ts";
import type { User } from "./tracker.ts";

const AUDIENCE = "workout-tracker";

/** A token, and when it ends in milliseconds since 1970. */
export interface Token {
  readonly token: string;
  readonly expiresAt: number;
}

export interface Tokens {
  issue(user: Pick<User, "user" | "name" | "role">): Promise<Token>;
  /** The token's user; null for a token that is wrong, expired or absent. */
  verify(token: string | undefined): Promise<User | null>;
}

/** `life` is how long a token is good for, in milliseconds, rounded up to seconds. */
export async function openTokens(database: Database, life: number): Promise<Tokens> {
  await database.query("insert into settings (key, value) values ('token-key', $1) on conflict do nothing", [
    randomBytes(32).toString("base64"),
  ]);
  const [kept] = await database.query<{ value: string }>(
    "select value from settings where key = 'token-key'",
  );
  const key = Buffer.from(kept?.value ?? "", "base64");
  return {
    async issue({ user, name, role }) {
      const expires = Math.ceil((Date.now() + life) / 1_000);
      const token = await new SignJWT({ name, role })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(user)
        .setAudience(AUDIENCE)
        .setExpirationTime(expires)
        .sign(key);
      return { token, expiresAt: expires * 1_000 };
    },
    async verify(token) {
      if (token === undefined) return null;
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"], audience: AUDIENCE });
        const { id, name, role } = person.parse({ id: payload.sub, name: payload.name, role: payload.role });
        return { user: id, name, role, expiresAt: (payload.exp ?? 0) * 1_000, info: { name, role } };
      } catch {
        return null;
      }
    },
  };
}
