/**
 * `npm run account -w examples/workout-tracker -- NAME ROLE`: makes an account; the first line of
 * the input is its password.
 */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { person } from "../things.ts";
import { openAccounts } from "./accounts.ts";
import { readConfiguration } from "./configuration.ts";
import { openDatabase } from "./database.ts";
import { openTokens } from "./tokens.ts";

/** Characters that a password has at least. */
const SHORTEST = 8;

async function main(): Promise<void> {
  const [name = "", role = "member"] = process.argv.slice(2);
  const checked = person.safeParse({ id: randomUUID(), name, role });
  if (!checked.success || name.trim() === "")
    throw new Error("usage: account -- NAME [member|trainer|admin]");
  const lines = createInterface({ input: process.stdin });
  const password = await lines.question(process.stdin.isTTY ? "Password: " : "");
  lines.close();
  if (password.length < SHORTEST) throw new Error(`a password has at least ${SHORTEST} characters`);

  const { database: folder } = await readConfiguration();
  const database = await openDatabase({ url: process.env.DATABASE_URL || undefined, folder });
  try {
    const accounts = openAccounts(database, await openTokens(database, 1_000));
    await accounts.create({ ...checked.data, password, latitude: 0, longitude: 0 });
    const [made] = await database.query<{ id: string }>("select id from users where name = $1", [name]);
    if (made?.id !== checked.data.id) throw new Error(`there is a ${name} already`);
    console.log(`${name} is ${made.id}`);
  } finally {
    await database.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
