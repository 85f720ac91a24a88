/** Backplanes from a configuration. They load the database's client, and own and close it. */
import { resolve } from "node:path";
import { BellwireError, isBellwireError } from "@bellwire/core";
import { checkOptions, type OptionRule, text } from "@bellwire/core/adapter";
import { type PostgresBackplane, postgresBackplane } from "./backplane.ts";
import { within } from "./drivers/driver.ts";
import type { Database } from "./drivers/driver-of.ts";
import { lockFolder } from "./folder-lock.ts";
import { type PostgresBackplaneOptions, rules, settingsOf } from "./options.ts";

/** Options of {@link postgresFrom}. */
export interface PostgresFromOptions extends PostgresBackplaneOptions {
  /** `postgres://user:password@host:5432/database`. */
  readonly url: string;
}

/** Options of {@link pgliteFrom}. */
export interface PGliteFromOptions extends PostgresBackplaneOptions {
  /** The folder of the database. It is made if it is missing; one process at a time may have it. */
  readonly directory: string;
}

/** Milliseconds that a client may take to end. */
const END = 2_000;

const url: OptionRule = {
  allowed: "a URL that begins with postgres:// or postgresql://",
  test: (value) =>
    typeof value === "string" && /^postgres(ql)?:\/\/[^\s/?#]+/.test(value) && URL.canParse(value),
};

/**
 * The provider `postgres`: a backplane on a pool of `pg` of its own. Resolves when the database can
 * be used, or at once with `absent: "wait"`. Throws and rejects as {@link postgresBackplane} and
 * its `ready` do.
 */
export function postgresFrom(options: PostgresFromOptions): Promise<PostgresBackplane> {
  checkOptions("postgresFrom", options, { ...rules, url }, ["url"]);
  const { timeout } = settingsOf("postgresFrom", options);
  return started("postgresFrom", "url", options, async () => {
    const { default: pg } = await installed("postgresFrom", "pg", import("pg"));
    const pool = new pg.Pool({
      connectionString: options.url,
      max: 10,
      connectionTimeoutMillis: timeout,
      keepAlive: true,
      application_name: "bellwire",
    });
    // Also after the backplane has closed, an idle connection may fail.
    pool.on("error", () => {});
    return { database: pool, end: () => pool.end() };
  });
}

/**
 * The provider `pglite`: a backplane on a folder, which a restart finds as it was. Resolves when it
 * can be used. Throws and rejects as {@link postgresBackplane} and its `ready` do, and with
 * `invalid_option` while another process has the folder.
 */
export function pgliteFrom(options: PGliteFromOptions): Promise<PostgresBackplane> {
  checkOptions("pgliteFrom", options, { ...rules, directory: text }, ["directory"]);
  settingsOf("pgliteFrom", options);
  return started("pgliteFrom", "directory", options, async () => {
    const package_ = "@electric-sql/pglite";
    const { PGlite } = await installed("pgliteFrom", package_, import("@electric-sql/pglite"));
    const folder = resolve(options.directory);
    const unlock = await lockFolder(folder);
    if (!unlock)
      throw new BellwireError(
        "invalid_option",
        "pgliteFrom.directory: must be one that no other process uses",
      );
    try {
      const database = await PGlite.create(folder);
      return {
        database,
        async end() {
          await database.close();
          await unlock();
        },
      };
    } catch (error) {
      await unlock();
      throw error;
    }
  });
}

interface Opened {
  readonly database: Database;
  readonly end: () => Promise<void>;
}

/** A backplane that closes its database. Its errors name the option of the function `path`. */
async function started(
  path: string,
  option: string,
  options: PostgresBackplaneOptions,
  open: () => Promise<Opened>,
): Promise<PostgresBackplane> {
  const { database, end } = await open();
  const plane = postgresBackplane(database, ownOptions(options));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= plane.close().then(() => within(END, end()).catch(() => {}));
    return closing;
  };
  const ready = (): Promise<void> =>
    plane.ready().catch((error: unknown) => {
      throw renamed(error, path, option);
    });
  if (options.absent === "wait") ready().catch(() => {});
  else
    await ready().catch(async (error: unknown) => {
      await close();
      throw error;
    });
  return { ...plane, ready, close };
}

function renamed(error: unknown, path: string, option: string): unknown {
  if (!isBellwireError(error) || error.code !== "invalid_option") return error;
  const message = error.message
    .replace("postgresBackplane.database", `${path}.${option}`)
    .replace("postgresBackplane", path);
  return new BellwireError("invalid_option", message, { cause: error.cause });
}

/** The options of a backplane among those of a provider, also where they are inherited. */
function ownOptions(options: PostgresBackplaneOptions): PostgresBackplaneOptions {
  return Object.fromEntries(
    Object.keys(rules).map((key) => [key, options[key as keyof PostgresBackplaneOptions]]),
  );
}

async function installed<T>(path: string, name: string, loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new BellwireError("invalid_option", `${path}: must find the package ${name}; install it`, {
      cause,
    });
  }
}
