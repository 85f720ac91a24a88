/**
 * Tells people of changes to the data, whoever made them. A trigger writes each change down and
 * sends its id by `NOTIFY`; this module receives it, gives it to its reaction, and marks it as
 * published. Changes that were not marked when the server stopped are taken up when it starts.
 */
import type { Database } from "./sql.ts";
import type { Change, Reaction } from "./tracker.ts";

/** Milliseconds until changes whose reaction failed are tried again. */
const AGAIN = 2_000;
/** Milliseconds between two times that old rows are deleted. */
const TIDY = 600_000;
/** Changes that are read at once when there are many to catch up with. */
const PAGE = 200;

/** A running listener. */
export interface ChangeListener {
  /** Resolves when every change that was heard of so far has been reacted to. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reacts to changes, one after another in the order they were committed. Resolves when it listens
 * and has caught up.
 */
export async function listenToChanges(
  database: Database,
  reactions: Readonly<Record<string, Reaction>>,
  failed: (error: unknown) => void,
): Promise<ChangeListener> {
  let closed = false;
  let work: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;

  const then = (next: () => Promise<void>): void => {
    work = work
      .then(() => (closed ? undefined : next()))
      .catch((error: unknown) => {
        if (closed) return;
        failed(error);
        retry ??= setTimeout(() => {
          retry = undefined;
          then(catchUp);
        }, AGAIN);
      });
  };

  async function react(change: Change): Promise<void> {
    await reactions[change.kind]?.(change);
    await database.query("update changes set published_at = now() where id = $1", [change.id]);
  }

  async function catchUp(): Promise<void> {
    let after = 0;
    const errors: unknown[] = [];
    for (;;) {
      const page = await database.query<Change>(
        `select id::int, kind, data from changes where published_at is null and id > $1 order by id limit ${PAGE}`,
        [after],
      );
      for (const change of page) {
        after = change.id;
        // One that cannot be published must not hold up those behind it.
        if (!closed) await react(change).catch((error: unknown) => errors.push(error));
      }
      if (page.length < PAGE || closed) break;
    }
    if (errors.length > 0) throw new AggregateError(errors, "changes that could not be published");
  }

  async function heard(id: string): Promise<void> {
    const found = await database.query<Change>("select id::int, kind, data from changes where id = $1", [id]);
    for (const change of found) await react(change);
  }

  /**
   * A client that sends a command again does so within a day; a published change is of no more use.
   */
  async function tidy(): Promise<void> {
    await database.query("delete from changes where published_at < now() - interval '1 hour'");
    await database.query("delete from commands where at < now() - interval '1 day'");
  }

  await tidy();
  const stop = await database.listen(
    "changes",
    (id) => then(() => heard(id)),
    () => then(catchUp),
  );
  then(catchUp);
  await work;
  const tidying = setInterval(() => then(tidy), TIDY);
  return {
    async idle() {
      let seen: Promise<void>;
      do {
        seen = work;
        await seen;
      } while (seen !== work);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      clearInterval(tidying);
      await stop();
      await work;
    },
  };
}
