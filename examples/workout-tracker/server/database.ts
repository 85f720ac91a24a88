/**
 * The SQL database: embedded PGlite, or PostgreSQL. The same migrations and the same SQL run on
 * both.
 */
import { migrate } from "./migrate.ts";

/** Runs SQL: on its own, or inside a transaction. */
export interface Sql {
  /**
   * One statement with `$1` parameters. Resolves with its rows, whose shape is the caller's word.
   */
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Several statements without parameters. */
  script(text: string): Promise<void>;
}

/** A database of one of the two kinds. */
export interface Database extends Sql {
  /**
   * Commits when `work` resolves and rolls back when it rejects. `work` must use nothing but the
   * `sql` that it is given.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Hears what `NOTIFY` says on a channel. `resumed` is called when it listens again after a loss,
   * during which something may have been said. Resolves, when it listens, with a function that
   * stops it.
   */
  listen(
    channel: string,
    heard: (payload: string) => void,
    resumed: () => void,
  ): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Where the data is. */
export interface DatabaseOptions {
  /** `postgres://…`; given, it takes the place of the folder. */
  readonly url?: string | undefined;
  /** PGlite's folder, made when it is not there. Default: in memory, gone with the process. */
  readonly folder?: string | undefined;
}

/** Opens the database and brings its tables up to date. */
export async function openDatabase({ url, folder }: DatabaseOptions): Promise<Database> {
  const database =
    url === undefined
      ? await (await import("./database-pglite.ts")).openPglite(folder)
      : await (await import("./database-postgres.ts")).openPostgres(url);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
