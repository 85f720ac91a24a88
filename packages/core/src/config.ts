/**
 * Reads configuration: data from a file or an environment variable that nobody has checked yet. What is wrong is refused as
 * `invalid_option` by its path, such as `config.transports[1].provider`, and what is allowed; a value is never quoted, as it may be a secret.
 */
import { BellwireError, isBellwireError } from "./errors.ts";
import { object } from "./options.ts";

/** What loads each provider, by name. Only what is picked is loaded, so a bundler can keep the others in chunks of their own. */
export type Providers<Make> = Readonly<Record<string, () => Make | Promise<Make>>>;

/** Options by key, not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A provider that was picked, and the options for it. */
export interface Picked {
  readonly provider: string;
  readonly options: Fields;
  /** How errors call it. */
  readonly path: string;
  /** It was picked by one text, a name or a URL, and then that is all that there is to complain about. */
  readonly by?: "name" | "URL";
}

export function wrong(path: string, allowed: string): BellwireError {
  return new BellwireError("invalid_option", `${path}: must be ${allowed}`);
}

/** The names as an error lists them. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(" or ");
}

/** The items of an array, each with its path. */
export function readList(value: unknown, path: string): readonly (readonly [item: unknown, path: string])[] {
  if (!Array.isArray(value)) throw wrong(path, "an array");
  return Array.from(value, (item: unknown, index) => [item, `${path}[${index}]`] as const);
}

/** `{ "provider": "sse", … }`. */
export function readPicked(value: unknown, path: string): Picked {
  if (!object.test(value)) throw wrong(path, object.allowed);
  // `$schema` is for editors.
  const { $schema: _schema, provider, ...options } = value as Fields;
  // Whatever is no text is no name of a provider either; where the names are known it is refused.
  return { provider: typeof provider === "string" ? provider : "", options, path };
}

/** Loads the provider that was picked. `builtIn`: names that need no loading, for the error. */
export async function load<Make>(
  { provider, path, by }: Picked,
  providers: Providers<Make>,
  ...builtIn: readonly string[]
): Promise<Make> {
  const found = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (found) return found();
  if (by) throw wrong(path, `${by === "URL" ? "a URL for " : ""}${listed(Object.keys(providers))}`);
  throw wrong(`${path}.provider`, listed([...Object.keys(providers), ...builtIn]));
}

/** Runs what checks the options, and has its complaints call them as the configuration does. */
export async function asConfigured<T>({ path, by }: Picked, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isBellwireError(error) || error.code !== "invalid_option") throw error;
    // Complaints begin with a function's name: `sseTransport.url: must be …`.
    throw new BellwireError(error.code, error.message.replace(by === "URL" ? /^\w+(\.url)?/ : /^\w+/, path));
  }
}
