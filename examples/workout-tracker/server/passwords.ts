/** Passwords are kept as scrypt hashes: `scrypt$SALT$HASH`, both in base64. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

const BYTES = 32;
/** About 16 MiB and some tens of milliseconds for each look. */
const COST = { N: 16_384, r: 8, p: 1 };

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, BYTES, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The form of a password that may be stored. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt);
  return `scrypt$${salt.toString("base64")}$${hash.toString("base64")}`;
}

/**
 * Whether it is the password. Takes as long for a user who has none, so that nobody learns by the
 * clock who exists.
 */
export async function isPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [, salt = "", hash = ""] = stored?.split("$") ?? [];
  const expected = Buffer.from(hash, "base64");
  const actual = await derive(password, Buffer.from(salt, "base64"));
  return expected.length === BYTES && timingSafeEqual(actual, expected);
}
