/**
 * Reads configuration: data from a file or an environment variable that nothing has checked yet.
 * A wrong key is refused with `invalid_option`. The error names its path, such as
 * `config.transports[1].provider`, and the allowed values; it never quotes a value, since that may
 * be a secret.
 */
import { BellwireError, isBellwireError } from "./errors.ts";
import { object } from "./options.ts";

/**
 * Loads each provider, by name. Only the providers that a configuration picks are loaded, so a
 * bundler can keep the others in chunks of their own.
 */
export type Providers<Make> = Readonly<Record<string, () => Make | Promise<Make>>>;

/** Options by key, not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A provider that a configuration picks, and the options for it. */
export interface Picked {
  readonly provider: string;
  readonly options: Fields;
  /** The path by which errors name this part of the configuration. */
  readonly path: string;
  /** Set when one text, a name or a URL, picks the provider. Errors then name the whole text. */
  readonly by?: "name" | "URL";
}

/** The error `invalid_option` for a path, with what is allowed there. */
export function wrong(path: string, allowed: string): BellwireError {
  return new BellwireError("invalid_option", `${path}: must be ${allowed}`);
}

/** Names as an error lists them: `"a" or "b"`. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(" or ");
}

/** The items of an array, each with its path. Throws `invalid_option` for anything but an array. */
export function readList(value: unknown, path: string): readonly (readonly [item: unknown, path: string])[] {
  if (!Array.isArray(value)) throw wrong(path, "an array");
  return Array.from(value, (item: unknown, index) => [item, `${path}[${index}]`] as const);
}

/** Reads `{ "provider": NAME, …options }`. Throws `invalid_option` for anything but an object. */
export function readPicked(value: unknown, path: string): Picked {
  if (!object.test(value)) throw wrong(path, object.allowed);
  // `$schema` is for editors.
  const { $schema: _schema, provider, ...options } = value as Fields;
  // An empty name is refused by `load`, which can list the names that are allowed.
  return { provider: typeof provider === "string" ? provider : "", options, path };
}

/**
 * Loads the picked provider. `builtIn`: further names that the error lists.
 * Rejects with `invalid_option` when there is no such provider.
 */
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

/** Runs `make`. Its errors of code `invalid_option` name options by the configuration's path. */
export async function asConfigured<T>({ path, by }: Picked, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isBellwireError(error) || error.code !== "invalid_option") throw error;
    // The text begins with the name of the function that refused: `sseTransport.url: must be …`.
    throw new BellwireError(error.code, error.message.replace(by === "URL" ? /^\w+(\.url)?/ : /^\w+/, path));
  }
}
