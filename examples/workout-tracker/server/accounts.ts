/**
 * Accounts, and the devices on which they are signed in. A device holds a random secret in a cookie
 * and gets short-lived tokens for it.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Person } from "../things.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import type { Database } from "./sql.ts";
import type { Token, Tokens } from "./tokens.ts";

/** Days for which a device stays signed in. */
export const SIGN_IN_DAYS = 30;
/** Wrong passwords for one name until it has to wait, and for how long that is, in milliseconds. */
const TRIES = 5;
const PAUSE = 60_000;

/** The answer to a device that signs in. */
export interface SignedIn extends Token {
  readonly user: Person;
  /** For the cookie; the database holds only its hash. */
  readonly secret: string;
}

/** A new account. `password` absent: nobody signs in to it by name. The place is in degrees. */
export interface NewAccount extends Person {
  readonly password?: string;
  readonly latitude: number;
  readonly longitude: number;
}

export interface Accounts {
  /** Does nothing when the id is there already. */
  create(account: NewAccount): Promise<void>;
  /** By name and password; `refused` for a wrong one, `wait` after too many of them. */
  signIn(name: string, password: string): Promise<SignedIn | "refused" | "wait">;
  /** Signs a device in to an account that the server chose. Rejects when there is none. */
  admit(userId: string): Promise<SignedIn>;
  /** A fresh token for a device; null when it is not signed in any more. */
  renew(secret: string): Promise<(Token & { readonly user: Person }) | null>;
  signOut(secret: string): Promise<void>;
}

interface Row extends Person {
  readonly password_hash: string | null;
}

export function openAccounts(database: Database, tokens: Tokens, now: () => number = Date.now): Accounts {
  const failures = new Map<string, { count: number; until: number }>();

  async function admit({ id, name, role }: Person): Promise<SignedIn> {
    const secret = randomBytes(32).toString("base64url");
    await database.query("delete from sign_ins where expires_at < now()");
    await database.query(
      `insert into sign_ins (secret_hash, user_id, expires_at) values ($1, $2, now() + interval '${SIGN_IN_DAYS} days')`,
      [hashOf(secret), id],
    );
    const token = await tokens.issue({ user: id, name, role });
    return { ...token, user: { id, name, role }, secret };
  }

  function mustWait(name: string): boolean {
    for (const [key, { until }] of failures) if (until <= now()) failures.delete(key);
    return (failures.get(name)?.count ?? 0) >= TRIES;
  }

  return {
    async create({ id, name, role, password, latitude, longitude }) {
      const hash = password === undefined ? null : await hashPassword(password);
      await database.query(
        `insert into users (id, name, role, password_hash, latitude, longitude)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        [id, name, role, hash, latitude, longitude],
      );
    },
    async signIn(name, password) {
      if (mustWait(name)) return "wait";
      const [row] = await database.query<Row>(
        "select id, name, role, password_hash from users where name = $1",
        [name],
      );
      if ((await isPassword(password, row?.password_hash)) && row) {
        failures.delete(name);
        return admit(row);
      }
      failures.set(name, { count: (failures.get(name)?.count ?? 0) + 1, until: now() + PAUSE });
      return "refused";
    },
    async admit(userId) {
      const [row] = await database.query<Row>("select id, name, role from users where id = $1", [userId]);
      if (!row) throw new Error(`no user ${userId}`);
      return admit(row);
    },
    async renew(secret) {
      const [row] = await database.query<Row>(
        `select id, name, role from users join sign_ins on user_id = id
         where secret_hash = $1 and expires_at > now()`,
        [hashOf(secret)],
      );
      if (!row) return null;
      const { id, name, role } = row;
      return { ...(await tokens.issue({ user: id, name, role })), user: { id, name, role } };
    },
    async signOut(secret) {
      await database.query("delete from sign_ins where secret_hash = $1", [hashOf(secret)]);
    },
  };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}
