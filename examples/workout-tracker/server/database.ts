/**
 * The SQL database: embedded PGlite, or PostgreSQL. The same migrations and the same SQL run on
 * both.
 */
import { postgresBackplane } from "@bellwire/backplane-postgres";
import { migrate } from "./migrate.ts";
import type { Database } from "./sql.ts";

/** Where the data is. */
export interface DatabaseOptions {
  /** `postgres://…`; given, it takes the place of the folder. */
  readonly url?: string | undefined;
  /** PGlite's folder, made when it is not there. Default: in memory, gone with the process. */
  readonly folder?: string | undefined;
}

/**
 * Opens the database and brings its tables up to date, also those of the hub's backplane, to which
 * the triggers publish.
 */
export async function openDatabase({ url, folder }: DatabaseOptions): Promise<Database> {
  const database =
    url === undefined
      ? await (await import("./database-pglite.ts")).openPglite(folder)
      : await (await import("./database-postgres.ts")).openPostgres(url);
  try {
    await migrate(database);
    // The hub's own reports what it finds.
    const backplane = postgresBackplane(database.forHub, { onError: () => {} });
    try {
      await backplane.ready();
    } finally {
      await backplane.close();
    }
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
