/** Every migration in its order: the nth makes version n of the layout. A released one is final. */
import type { Names } from "../names.ts";
import { tables } from "./0001-tables.ts";
import { append } from "./0002-append.ts";
import { retention } from "./0003-retention.ts";

const MIGRATIONS: readonly ((names: Names) => string)[] = [tables, append, retention];

/** The layout that this program works with. */
export const LAYOUT: number = MIGRATIONS.length;

/** The SQLSTATE of a layout that is newer than the program. */
export const NEWER_LAYOUT = "BW001";

/** The SQLSTATE of tables that have our names and are not ours. */
export const FOREIGN_TABLE = "BW002";

/**
 * One statement that brings the layout up to date, or does nothing, and fails without a change. A
 * lock lets one of several processes at a time do it.
 */
export function migration(names: Names): string {
  const { of, schema, prefix } = names;
  const layout = of("layout");
  const steps = MIGRATIONS.map(
    (sql, n) => `
  if version < ${n + 1} then
    ${sql(names)}
    update ${layout} set version = ${n + 1};
  end if;`,
  );
  return `
do $bellwire$
declare
  version int := 0;
begin
  perform pg_advisory_xact_lock(hashtext('${layout}'), 0);
  if to_regnamespace('"${schema}"') is null then create schema "${schema}"; end if;
  if to_regclass('${layout}') is not null then
    begin
      execute 'select version from ${layout}' into strict version;
    exception when no_data_found then
      -- A transaction of REPEATABLE READ began before another process had made the table.
      raise exception 'bellwire: the layout is being made' using errcode = 'serialization_failure';
    when undefined_column or too_many_rows or wrong_object_type or datatype_mismatch or invalid_text_representation then
      raise exception 'bellwire: ${schema}.${prefix}_layout is not a table of Bellwire' using errcode = '${FOREIGN_TABLE}';
    end;
  end if;
  if version > ${LAYOUT} then
    raise exception 'bellwire: layout % is newer than ${LAYOUT}', version using errcode = '${NEWER_LAYOUT}';
  end if;${steps.join("")}
end $bellwire$;
`;
}
