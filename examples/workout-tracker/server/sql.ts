/** Pieces of SQL that several features use. */

/** A timestamp as whole milliseconds since 1970, as a number in both databases' drivers. */
export function ms(column: string): string {
  return `round(extract(epoch from ${column}) * 1000)::float8`;
}

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
