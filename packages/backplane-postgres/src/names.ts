/** The names of everything that the backplane has in a database. */
import { checkOptions, type OptionRule, type OptionRules } from "@bellwire/core/adapter";

/** Where the tables and functions are. */
export interface NameOptions {
  /**
   * The schema. It is made if it is missing. Default: `public`, so that triggers can call
   * `bellwire_publish` without naming a schema.
   */
  readonly schema?: string;
  /** The first part of the names of tables and functions. Default: `bellwire`. */
  readonly prefix?: string;
}

const name: OptionRule = {
  allowed: "1 to 30 of a-z 0-9 _, not beginning with a digit",
  test: (value) => typeof value === "string" && /^[a-z_][a-z0-9_]{0,29}$/.test(value),
};

/** The rules of {@link NameOptions}, for functions that have further options. */
export const nameRules: OptionRules = { schema: name, prefix: name };

/** The names in one database. None of them needs an escape. */
export interface Names {
  readonly schema: string;
  readonly prefix: string;
  /** The channel of LISTEN and NOTIFY, which is the same for the whole database. */
  readonly channel: string;
  /** The full name of a table or function, for SQL. */
  readonly of: (thing: string) => string;
}

/** Throws `invalid_option`. */
export function namesOf(path: string, { schema = "public", prefix = "bellwire" }: NameOptions): Names {
  checkOptions(path, { schema, prefix }, nameRules);
  return {
    schema,
    prefix,
    channel: schema === "public" ? prefix : `${schema}__${prefix}`,
    of: (thing) => `"${schema}".${prefix}_${thing}`,
  };
}
