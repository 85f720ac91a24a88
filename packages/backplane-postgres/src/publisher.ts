/** Publishes inside a transaction of the application, typed by its contract. */
import {
  BellwireError,
  type Contract,
  type HeardOf,
  type InputOf,
  type Position,
  type TopicMap,
  type TopicsOf,
} from "@bellwire/core";
import {
  atLeast,
  checkedData,
  checkOptions,
  contractRule,
  isId,
  type OptionRules,
  randomId,
} from "@bellwire/core/adapter";
import { type Row, rowsOf } from "./drivers/driver.ts";
import { isQueryable, type Queryable } from "./drivers/pglite.ts";
import { isPostgresJs, type PostgresJs } from "./drivers/postgres-js.ts";
import { type NameOptions, nameRules, namesOf } from "./names.ts";
import { volatilePayloads } from "./payload.ts";

/**
 * The connection on which a transaction is under way: a client of `pg`, the `sql` or `tx` that
 * Postgres.js or PGlite give to a transaction's function, or an object with `query` that gives the
 * rows, or `{ rows }`.
 */
export type TransactionClient = Queryable | PostgresJs;

/** Options of {@link postgresPublisher}. */
export interface PostgresPublisherOptions<M extends TopicMap> extends NameOptions {
  readonly topics: Contract<M>;
  /** The most bytes of a notification's JSON, as a hub's `limits.messageBytes`. Default: 65,536. */
  readonly messageBytes?: number;
}

/** Publishes inside transactions. */
export interface PostgresPublisher<M extends TopicMap> {
  /**
   * Validates, and publishes as a part of the transaction: rolled back, it never was; committed, it
   * is delivered, even if the process dies at once. The topic is locked from here to the end of the
   * transaction. `id` makes it idempotent for 5 minutes, as on a hub.
   *
   * Resolves with the position, or null for a volatile event. Rejects with `unknown_topic`,
   * `unknown_event`, `invalid_data`, `too_large` or `invalid_option`, and then the transaction may
   * go on; otherwise with the database's own error.
   */
  publishIn<T extends TopicsOf<M>, E extends HeardOf<M, T>>(
    this: void,
    client: TransactionClient,
    topic: T,
    event: E,
    data: InputOf<M, T, E>,
    options?: { readonly id?: string },
  ): Promise<Position | null>;
  /**
   * The position of a topic, as the transaction sees it. In a transaction of REPEATABLE READ it
   * belongs to the same moment as all rows that the transaction reads; otherwise ask for it before
   * the rows.
   */
  positionIn(this: void, client: TransactionClient, topic: TopicsOf<M>): Promise<Position>;
}

const RULES: OptionRules = { ...nameRules, topics: contractRule, messageBytes: atLeast(1) };

/** Makes the functions that publish inside transactions. Throws `invalid_option`. */
export function postgresPublisher<M extends TopicMap>(
  options: PostgresPublisherOptions<M>,
): PostgresPublisher<M> {
  checkOptions("postgresPublisher", options, RULES, ["topics"]);
  const { topics, messageBytes = 65_536 } = options;
  const { of, channel } = namesOf("postgresPublisher", options);
  const sender = randomId(12);
  let spreads = 0;

  const found = (topic: string): NonNullable<ReturnType<typeof topics.find>> => {
    const match = topics.find(topic);
    if (!match) throw new BellwireError("unknown_topic", topics.explain(topic));
    return match;
  };

  return {
    async publishIn(client, topic, event, data, { id } = {}) {
      if (id !== undefined && !isId(id))
        throw new BellwireError("invalid_option", "publishIn.id: must be 1 to 64 printable ASCII characters");
      const definition = found(topic).event(event);
      if (!definition) throw new BellwireError("unknown_event", "the topic has no such event");
      const { json } = await checkedData(definition, data, messageBytes);
      if (definition.kind === "volatile") {
        spreads += 1;
        const entry = { id, event, json, time: Date.now() };
        const payloads = JSON.stringify(volatilePayloads(sender, spreads, topic, entry));
        await run(
          client,
          "select count(pg_notify($1::text, value)) from json_array_elements_text($2::text::json)",
          [channel, payloads],
        );
        return null;
      }
      const rows = await run(
        client,
        `select epoch, "offset"::float8 as "offset"
          from ${of("publish")}($1::text, $2::text, $3::text::json, $4::text)`,
        [topic, event, json, id ?? null],
      );
      return positionOf(rows);
    },
    async positionIn(client, topic) {
      found(topic);
      return positionOf(
        await run(client, `select epoch, "offset"::float8 as "offset" from ${of("position")}($1::text)`, [
          topic,
        ]),
      );
    },
  };
}

async function run(
  client: TransactionClient,
  text: string,
  params: readonly unknown[],
): Promise<readonly Row[]> {
  if (isPostgresJs(client)) return rowsOf(await client.unsafe(text, params as never[]));
  if (isQueryable(client)) return rowsOf(await client.query(text, params as never[]));
  throw new BellwireError("invalid_option", "client: must be an object with query, or a sql of Postgres.js");
}

function positionOf(rows: readonly Row[]): Position {
  const [row] = rows;
  if (!row) throw new TypeError("query must resolve with the rows, or with an object that has them in rows");
  return { epoch: row["epoch"] as string, offset: Number(row["offset"]) };
}
