/** A client of `postgres`, also known as Postgres.js. */
import { type Driver, rowsOf, within } from "./driver.ts";

/** The result of `postgres(…)`, or the `sql` of a transaction, as far as it is used. */
export interface PostgresJs {
  unsafe(text: string, params?: never[]): PromiseLike<unknown>;
}

/** The result of `postgres(…)`, as far as it is used. */
export interface PostgresJsPool extends PostgresJs {
  listen(
    channel: string,
    heard: (payload: string) => void,
    confirmed?: () => void,
  ): PromiseLike<{ unlisten: () => Promise<void> }>;
}

export function isPostgresJs(value: unknown): value is PostgresJs {
  return typeof (value as Partial<PostgresJs> | null)?.unsafe === "function";
}

export function isPostgresJsPool(value: unknown): value is PostgresJsPool {
  return isPostgresJs(value) && typeof (value as Partial<PostgresJsPool>).listen === "function";
}

/**
 * Postgres.js has a connection of its own for LISTEN, and subscribes again by itself when it is
 * lost.
 */
export function postgresJsDriver(sql: PostgresJsPool): Driver {
  return {
    query: async (text, params, ms) =>
      rowsOf(await within(ms, Promise.resolve(sql.unsafe(text, params as never[])))),
    async listen(channel, { heard, restored }, ms) {
      let ended = false;
      let first = true;
      const subscription = Promise.resolve(
        sql.listen(
          channel,
          (payload) => {
            if (!ended) heard(payload);
          },
          () => {
            if (!first && !ended) restored();
            first = false;
          },
        ),
      );
      const end = async ({ unlisten }: { unlisten: () => Promise<void> }): Promise<void> => {
        ended = true;
        await within(1_000, unlisten()).catch(() => {});
      };
      const confirmed = await within(ms, subscription, (late) => void end(late));
      return () => end(confirmed);
    },
    release: () => {},
  };
}
