/** The shape in which the backplane uses a database, whatever the application gave it. */

/** One row by column. */
export type Row = Readonly<Record<string, unknown>>;

/** Receives what comes over a connection for LISTEN. */
export interface ChannelListener {
  /** The payload of one NOTIFY, in the order of commits. */
  readonly heard: (payload: string) => void;
  /**
   * The connection was lost, and the subscription with it: nothing is heard any more. The caller
   * subscribes again.
   */
  readonly lost: (error: unknown) => void;
  /** The database's client has subscribed again by itself; what came in the meantime is lost. */
  readonly restored: () => void;
}

export interface Driver {
  /**
   * Runs one statement in a transaction of its own. Rejects after `ms`, and then gives up the
   * connection where it can.
   */
  query(text: string, params: readonly unknown[], ms: number): Promise<readonly Row[]>;
  /**
   * Listens to a channel on a connection of its own. Resolves when the database has confirmed it,
   * with a function that ends it. Rejects after `ms`.
   */
  listen(channel: string, listener: ChannelListener, ms: number): Promise<() => Promise<void>>;
  /** Takes back what the driver has changed on the application's object. */
  release(): void;
}

/** The longest time that a platform's timer takes; it would fire at once after a longer one. */
const LONGEST = 2 ** 31 - 1;

/** The error of a call that took too long. */
export class TooLong extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * The promise, or a rejection with {@link TooLong} after `ms`. `late` receives a value that comes
 * afterwards.
 */
export function within<T>(ms: number, promise: Promise<T>, late: (value: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(
      () => {
        over = true;
        reject(new TooLong(ms));
      },
      Math.min(ms, LONGEST),
    );
    promise.then(
      (value) => {
        clearTimeout(timer);
        if (over) late(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** The rows of an answer, which some clients give as an array and others in `rows`. */
export function rowsOf(answer: unknown): readonly Row[] {
  const rows = Array.isArray(answer) ? answer : (answer as { readonly rows?: unknown } | undefined)?.rows;
  return Array.isArray(rows) ? (rows as readonly Row[]) : [];
}

/** The rows by the number in a column, each group in the order of the rows. */
export function grouped(rows: readonly Row[], column: string): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const key = row[column] as number;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** The SQLSTATE of an error that PostgreSQL reported; undefined for one of the connection. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  // EPIPE is the one system error of five characters.
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && code !== "EPIPE" ? code : undefined;
}
