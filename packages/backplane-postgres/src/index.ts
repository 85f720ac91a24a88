/** Hubs of many processes over PostgreSQL, and durable hubs over PGlite. */
export { type PostgresBackplane, postgresBackplane } from "./backplane.ts";
export type { Database } from "./drivers/driver-of.ts";
export type { PgPool } from "./drivers/pg.ts";
export type { ListeningDatabase, PGliteDatabase } from "./drivers/pglite.ts";
export type { PostgresJsPool } from "./drivers/postgres-js.ts";
export type { NameOptions } from "./names.ts";
export type { PostgresBackplaneOptions, PostgresHistory } from "./options.ts";
export { type PGliteFromOptions, type PostgresFromOptions, pgliteFrom, postgresFrom } from "./providers.ts";
export {
  type PostgresPublisher,
  type PostgresPublisherOptions,
  postgresPublisher,
  type TransactionClient,
} from "./publisher.ts";
