/** A PGlite, and any other object with `query` and `listen`. */
import { type ChannelListener, type Driver, rowsOf, within } from "./driver.ts";

/** Runs one statement; gives the rows, or an object that has them in `rows`. */
export interface Queryable {
  query(text: string, params?: never[]): Promise<unknown>;
}

/** A database by two functions. PGlite is one. */
export interface ListeningDatabase extends Queryable {
  /**
   * Calls back with the payload of each NOTIFY, from the moment at which it resolves until the
   * returned function is called. `lost` is called when that ends earlier.
   */
  listen(
    channel: string,
    heard: (payload: string) => void,
    lost?: (error: unknown) => void,
  ): Promise<() => Promise<void>>;
}

/** A PGlite, as far as it is used. */
export interface PGliteDatabase extends Queryable {
  readonly waitReady: Promise<void>;
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
}

export function isQueryable(value: unknown): value is Queryable {
  return typeof (value as Partial<Queryable> | null)?.query === "function";
}

export function isListeningDatabase(value: unknown): value is ListeningDatabase | PGliteDatabase {
  return isQueryable(value) && typeof (value as Partial<ListeningDatabase>).listen === "function";
}

export function listeningDriver(database: ListeningDatabase | PGliteDatabase): Driver {
  return {
    query: async (text, params, ms) => rowsOf(await within(ms, database.query(text, params as never[]))),
    async listen(channel, { heard, lost }: ChannelListener, ms) {
      let ended = false;
      const receive = (payload: string): void => {
        if (!ended) heard(payload);
      };
      const fail = (error: unknown): void => {
        if (!ended) lost(error);
        ended = true;
      };
      // PGlite's third argument is a transaction.
      const listening =
        "waitReady" in database ? database.listen(channel, receive) : database.listen(channel, receive, fail);
      const end = async (unlisten: () => Promise<void>): Promise<void> => {
        ended = true;
        await within(1_000, unlisten()).catch(() => {});
      };
      const unlisten = await within(ms, listening, (late) => void end(late));
      return () => end(unlisten);
    },
    release: () => {},
  };
}
