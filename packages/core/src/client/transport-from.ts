/**
 * Makes the transport that a configuration names, so that another transport is another line of a
 * file.
 */
import type { CapabilityName } from "../capabilities.ts";
import {
  asConfigured,
  listed,
  load,
  type Picked,
  type Providers,
  readList,
  readPicked,
  wrong,
} from "../config.ts";
import type { Transport } from "../link.ts";
import { checkOptions, text } from "../options.ts";
import { type FallbackOptions, fallback } from "./fallback.ts";

/** One transport, as an object or a URL, or several of them to try in order. */
export type TransportConfig = string | WireConfig | FallbackConfig;

/** One transport. The other keys are the options of its adapter. */
export interface WireConfig {
  /** A key of the `providers`. */
  readonly provider: string;
  /** Capabilities that the application cannot do without; see `createChannel`. */
  readonly requires?: readonly (CapabilityName | (string & {}))[];
  readonly [option: string]: unknown;
}

/** Several transports; see {@link fallback}. */
export interface FallbackConfig extends Pick<FallbackOptions, "policy" | "timeout"> {
  readonly provider: "fallback";
  readonly transports: readonly (string | WireConfig)[];
  readonly requires?: readonly (CapabilityName | (string & {}))[];
}

/**
 * Loads adapters by name: `{ ws: async () => (await import("…")).webSocketTransport }`. A URL is
 * the adapter's option `url`, in whatever form the adapter documents, so core knows no form.
 */
export type TransportProviders = Providers<(options: never) => Transport>;

/** Options of {@link transportFrom}. */
export interface TransportFromOptions {
  /**
   * The name of the configuration in errors, such as that of an environment variable. Default:
   * `config`.
   */
  readonly name?: string;
}

/**
 * Makes the transport that a configuration names. Only the adapters that it names are loaded.
 *
 * A URL `NAME+SCHEME://…` is for the provider NAME, which is given `SCHEME://…` as its option
 * `url`. A URL `NAME://…`, or `NAMEs://…` as in `wss://…`, is given to the provider NAME as it is.
 *
 * Rejects with `invalid_option`. The error names the path of the wrong key and the allowed values,
 * and never quotes a value, since it may be a secret.
 *
 * @example await transportFrom(process.env.BELLWIRE_URL ?? "wss://example.com/bellwire", providers)
 */
export async function transportFrom(
  config: TransportConfig,
  providers: TransportProviders,
  options: TransportFromOptions = {},
): Promise<Transport> {
  checkOptions("transportFrom", options, { name: text });
  const names = Object.keys(providers);
  const picked = readTransport(config, options.name ?? "config", names);
  if (picked.by || picked.provider !== "fallback") return one(picked, providers, "fallback");
  const { requires, transports, ...rest } = picked.options;
  const several: Transport[] = [];
  // A list within the list would only be a longer list, and could contain itself.
  for (const [item, path] of readList(transports, `${picked.path}.transports`))
    several.push(await one(readTransport(item, path, names), providers));
  const transport = await asConfigured(picked, () => fallback(several, rest as FallbackOptions));
  return capable(transport, requires, picked.path);
}

async function one(
  picked: Picked,
  providers: TransportProviders,
  ...builtIn: readonly string[]
): Promise<Transport> {
  const { requires, ...options } = picked.options;
  const make = await load(picked, providers, ...builtIn);
  const transport = await asConfigured(picked, () => make(options as never));
  return capable(transport, requires, picked.path);
}

function capable(transport: Transport, requires: unknown, path: string): Transport {
  const { capabilities } = transport;
  const names = Object.keys(capabilities).filter((name) => name !== "maxMessageBytes");
  for (const [name, at] of readList(requires ?? [], `${path}.requires`)) {
    if (!names.includes(name as string)) throw wrong(at, listed(names));
    if (capabilities[name as CapabilityName] === "none") throw wrong(at, `what ${transport.name} can`);
  }
  return transport;
}

function readTransport(config: unknown, path: string, names: readonly string[]): Picked {
  return typeof config === "string" ? readUrl(config, path, names) : readPicked(config, path);
}

function readUrl(config: string, path: string, names: readonly string[]): Picked {
  const [, first = "", second] = /^([a-z][a-z\d-]*)(?:\+([a-z][a-z\d-]*))?:\/\/./.exec(config) ?? [];
  const url = second === undefined ? config : config.slice(first.length + 1);
  if (first === "" || !URL.canParse(url)) throw wrong(path, `a URL for ${listed(names)}, or an object`);
  // `wss://…` is for `ws`, as every scheme that ends with an `s` for "secure".
  const isName = second !== undefined || names.includes(first);
  return { provider: isName ? first : first.replace(/s$/, ""), options: { url }, path, by: "URL" };
}
