/** The database as the features use it. */
import type { Database as HubDatabase } from "@bellwire/backplane-postgres";
import type {
  Achievement,
  Activity,
  Alert,
  Announcement,
  Correction,
  Message,
  Seeker,
  Session,
  Standing,
  Workout,
} from "../things.ts";

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
   * `sql` that it is given: on PGlite everything else, also a publish, waits for its end.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** The same database, for the hub's backplane. */
  readonly forHub: HubDatabase;
  close(): Promise<void>;
}

/** By table: what a row is on the wire. `006-notifications.sql` makes it, by `json_of`. */
interface OnWire {
  readonly workouts: Workout;
  readonly alerts: Alert;
  readonly achievements: Achievement;
  readonly sessions: Session;
  readonly standings: Standing;
  readonly activities: Activity;
  readonly seekers: Seeker;
  readonly messages: Message;
  readonly corrections: Correction;
  readonly announcements: Announcement;
}

/** The rows of a table that `rest` picks (`where …`), as they are on the wire. */
export async function onWire<T extends keyof OnWire>(
  sql: Sql,
  table: T,
  rest: string,
  parameters?: readonly unknown[],
): Promise<OnWire[T][]> {
  const rows = await sql.query<{ json: OnWire[T] }>(
    `select json_of(${table}) as json from ${table} ${rest}`,
    parameters,
  );
  return rows.map(({ json }) => json);
}
