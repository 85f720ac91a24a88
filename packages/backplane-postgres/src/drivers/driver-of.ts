/** Recognizes the database that an application gives. */
import { BellwireError } from "@bellwire/core";
import type { Driver } from "./driver.ts";
import { isPgPool, type PgPool, pgDriver } from "./pg.ts";
import {
  isListeningDatabase,
  type ListeningDatabase,
  listeningDriver,
  type PGliteDatabase,
} from "./pglite.ts";
import { isPostgresJsPool, type PostgresJsPool, postgresJsDriver } from "./postgres-js.ts";

/**
 * A `Pool` of `pg`, what `postgres(…)` returns, a PGlite, or an object with `query` and `listen`.
 * It stays the application's: the backplane never closes it.
 */
export type Database = PgPool | PostgresJsPool | PGliteDatabase | ListeningDatabase;

/** Throws `invalid_option`. */
export function driverOf(database: unknown, onError: (error: unknown) => void): Driver {
  if (isPostgresJsPool(database)) return postgresJsDriver(database);
  if (typeof database === "object" && database !== null) {
    if (isPgPool(database)) return pgDriver(database, onError);
    if (isListeningDatabase(database)) return listeningDriver(database);
  }
  throw new BellwireError(
    "invalid_option",
    "postgresBackplane.database: must be a Pool of pg, what postgres() returns, a PGlite, or an object with query and listen",
  );
}
