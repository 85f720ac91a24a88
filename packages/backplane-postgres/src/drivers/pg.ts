/** A pool of `pg`. */
import { type ChannelListener, type Driver, rowsOf, sqlStateOf, within } from "./driver.ts";

/** The part of a client of `pg` that is used. */
export interface PgClient {
  query(text: string, params?: unknown[]): Promise<unknown>;
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** The part of a connection of `pg` that is used for LISTEN. */
interface PgConnection {
  query(text: string): Promise<unknown>;
  connect(): Promise<unknown>;
  end(): Promise<void>;
  on(event: string, listener: (value: never) => void): unknown;
}

/** A `Pool` of `pg`. */
export interface PgPool {
  readonly options: object;
  connect(): Promise<PgClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

export function isPgPool(value: object): value is PgPool {
  const pool = value as Partial<Record<keyof PgPool | "Client", unknown>>;
  return (
    typeof pool.connect === "function" &&
    typeof pool.Client === "function" &&
    typeof pool.options === "object" &&
    typeof pool.on === "function"
  );
}

/** `onError` receives the errors of connections that the pool holds idle. */
export function pgDriver(pool: PgPool, onError: (error: unknown) => void): Driver {
  // Without a listener, the end of an idle connection would end the process.
  pool.on("error", onError);
  return {
    async query(text, params, ms) {
      const until = performance.now() + ms;
      const client = await within(ms, pool.connect(), (late) => late.release());
      // The pool listens only while a client is idle; what ends a connection in use rejects below.
      client.on("error", ignore);
      let destroy = true;
      try {
        const answer = await within(Math.max(1, until - performance.now()), client.query(text, [...params]));
        destroy = false;
        return rowsOf(answer);
      } catch (error) {
        // A connection on which PostgreSQL reported an error is as good as before.
        destroy = sqlStateOf(error) === undefined;
        throw error;
      } finally {
        client.off("error", ignore);
        client.release(destroy);
      }
    },
    listen: (channel, listener, ms) => listenOn(pool, channel, listener, ms),
    release: () => void pool.off("error", onError),
  };
}

function ignore(): void {}

/** A connection beside the pool, so that a pool of one connection is not used up. */
async function listenOn(
  pool: PgPool,
  channel: string,
  { heard, lost }: ChannelListener,
  ms: number,
): Promise<() => Promise<void>> {
  // The types of pg do not declare the class of the pool's connections.
  const { Client } = pool as unknown as { readonly Client: new (options: object) => PgConnection };
  const client = new Client(pool.options);
  let ended = false;
  const end = async (): Promise<void> => {
    ended = true;
    // `end` waits for the server, which may be frozen.
    await within(1_000, client.end()).catch(() => {});
  };
  const fail = (error: unknown): void => {
    if (ended) return;
    void end();
    lost(error);
  };
  client.on("error", fail);
  client.on("end", () => fail(new Error("the connection for LISTEN has ended")));
  client.on("notification", (message: { payload?: string }) => {
    if (!ended) heard(message.payload ?? "");
  });
  const confirmed = client.connect().then(() => client.query(`listen ${channel}`));
  try {
    await within(ms, confirmed);
  } catch (error) {
    confirmed.catch(() => {});
    void end();
    throw error;
  }
  return end;
}
