/** Order, history and fan-out between hubs over PostgreSQL or PGlite. */
import { checkOptions } from "@bellwire/core/adapter";
import type { Backplane } from "@bellwire/core/server";
import { Appender } from "./appender.ts";
import { type Database, driverOf } from "./drivers/driver-of.ts";
import { Ear } from "./ear.ts";
import { Engine } from "./engine.ts";
import { closedError, failureOf } from "./failures.ts";
import { Follower } from "./follower.ts";
import { namesOf } from "./names.ts";
import { Notifier } from "./notifier.ts";
import { type PostgresBackplaneOptions, rules, settingsOf } from "./options.ts";
import { Reader } from "./reader.ts";
import { Retention } from "./retention.ts";

/** A backplane over a database. */
export interface PostgresBackplane extends Backplane {
  /**
   * Resolves when the database can be used: it was reached, and the tables are there. The first
   * call of another method does the same. Rejects with `invalid_option` where nothing but another
   * configuration helps, such as a wrong password, and with `overloaded` where the database cannot
   * be used now. With `absent: "wait"` it waits instead, and gives the reason to `onError`.
   */
  ready(): Promise<void>;
  /** Evicts now what is above a cap of history; it otherwise happens every few seconds. */
  evict(): Promise<void>;
}

/**
 * Order, history and fan-out between hubs over a database that the application owns: a `Pool` of
 * `pg`, the result of `postgres(…)`, a PGlite, or an object with `query` and `listen`. Nothing is
 * sent before the first call, which makes the tables and functions where they are missing. Throws
 * `invalid_option`.
 */
export function postgresBackplane(
  database: Database,
  options: PostgresBackplaneOptions = {},
): PostgresBackplane {
  checkOptions("postgresBackplane", options, rules);
  const settings = settingsOf("postgresBackplane", options);
  const names = namesOf("postgresBackplane", options);
  const engine = new Engine(
    driverOf(database, (error) => settings.onError(failureOf(error))),
    names,
    settings,
  );
  const reader = new Reader(engine);
  const notifier = new Notifier(engine);
  const follower: Follower = new Follower(engine, reader, () => ear);
  const ear = new Ear(engine, notifier, {
    hinted: (topics) => follower.look(topics),
    wants: (topic) => follower.has(topic),
    volatile: (topic, entry) => follower.volatile(topic, entry),
    restored: () => void follower.poll(),
  });
  const retention = new Retention(engine, () => follower.topics);
  const appender = new Appender(engine, (topic, entries) => {
    follower.appended(topic, entries);
    if (entries.length > 0) notifier.hint(topic);
  });
  let working = false;
  const begin = (): void => {
    if (working || engine.closed) return;
    working = true;
    void follower.pollForEver();
    void retention.run();
  };

  return {
    async ready() {
      await engine.ready();
      begin();
    },
    async append(topic, entry) {
      begin();
      const { epoch, offset } = await appender.append(topic, entry);
      return { epoch, offset };
    },
    async spread(topic, entry) {
      begin();
      await notifier.spread(topic, entry);
    },
    async listen(topic, listener) {
      begin();
      return follower.listen(topic, listener);
    },
    async read(topic, after, limit, before) {
      if (engine.closed) throw closedError();
      begin();
      return reader.read(topic, after, limit, before);
    },
    async evict() {
      await retention.evict();
    },
    async close() {
      if (engine.closed) return;
      engine.close();
      follower.close();
      await ear.close();
    },
  };
}
