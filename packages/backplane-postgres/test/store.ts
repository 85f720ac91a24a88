/** Stores for the backplane kit: each has tables of its own in a database that they share. */

import { type Database, type PostgresBackplane, postgresBackplane } from "@bellwire/backplane-postgres";
import type { BackplaneStore, MakeBackplane, Runner } from "@bellwire/core/conformance";
import { describe, it } from "vitest";

/** Some cases of the kit send a thousand statements one after another. */
export const runner: Runner = { describe, it: (name, run) => it(name, run, 90_000) };

/** A database that a test file uses, and its client for everything beside the backplane. */
export interface TestDatabase {
  /** Gives what one instance is made on. */
  readonly database: (instance: number) => Database;
  readonly run: (sql: string) => Promise<unknown>;
}

const MINUTES = 60_000;

let made = 0;

/** A prefix that no other store of this process has. */
export function freshPrefix(): string {
  made += 1;
  return `kit_${process.pid}_${made}`;
}

/** Makes stores whose clock stands still, so that the kit can move it on. */
export function storesOn(use: () => TestDatabase): MakeBackplane {
  return async ({ instances: count, history = {} }): Promise<BackplaneStore> => {
    const { database, run } = use();
    const prefix = freshPrefix();
    const options = { prefix, history, onError: () => {} };
    const instances = Array.from(
      { length: count },
      (_, n): PostgresBackplane => postgresBackplane(database(n), options),
    );
    await Promise.all(instances.map((instance) => instance.ready()));
    let moment = 1_800_000_000_000;
    const stand = (): Promise<unknown> =>
      run(`create or replace function ${prefix}_now() returns bigint language sql volatile as
        'select ${moment}::bigint'`);
    await stand();
    return {
      instances,
      history: { size: 256, ttl: 5 * MINUTES, ...history },
      async evict() {
        for (const instance of instances) await instance.evict();
      },
      async advance(ms) {
        moment += ms;
        await stand();
      },
      // As after a dump of empty tables was restored.
      lose: async () => void (await run(`truncate ${prefix}_topics, ${prefix}_entries, ${prefix}_ids`)),
      async release() {
        await run(`do $$ declare f text; begin
          for f in select oid::regprocedure::text from pg_proc where proname like '${prefix}\\_%' loop
            execute 'drop function ' || f || ' cascade';
          end loop;
          drop table if exists ${prefix}_layout, ${prefix}_topics, ${prefix}_entries, ${prefix}_ids cascade;
        end $$`);
      },
    };
  };
}
