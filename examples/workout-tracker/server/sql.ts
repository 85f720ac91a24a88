/** Pieces of SQL that several features use. */

/** A timestamp as whole milliseconds since 1970, as a number in both databases' drivers. */
export function ms(column: string): string {
  return `round(extract(epoch from ${column}) * 1000)::float8`;
}
