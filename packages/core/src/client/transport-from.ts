/** The transport that a configuration names, so that another wire is another line in a file. */
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

/** One wire with the options of its adapter, or several of them; or a URL, of which docs/configuration.md lists the forms. */
export type TransportConfig = string | WireConfig | FallbackConfig;

/** One wire. The other keys are the options of its adapter. */
export interface WireConfig {
  /** A key of the `providers`. */
  readonly provider: string;
  /** What the application cannot do without; see `createChannel`. */
  readonly requires?: readonly (CapabilityName | (string & {}))[];
  readonly [option: string]: unknown;
}

/** Several wires; see {@link fallback}. */
export interface FallbackConfig extends Pick<FallbackOptions, "policy" | "timeout"> {
  readonly provider: "fallback";
  readonly transports: readonly (string | WireConfig)[];
  readonly requires?: readonly (CapabilityName | (string & {}))[];
}

/** Loads adapters by name: `{ ws: async () => (await import("…")).webSocketTransport }`. */
export type TransportProviders = Providers<(options: never) => Transport>;

/** Options of {@link transportFrom}. */
export interface TransportFromOptions {
  /** How errors call the configuration, such as the name of an environment variable. Default: `config`. */
  readonly name?: string;
}

/**
 * Makes the transport that a configuration names. Only the adapters that it names are loaded. Rejects with `invalid_option`, which names
 * the path of what is wrong and what is allowed, and never quotes a value.
 *
 * @example await transportFrom(process.env.BELLWIRE_URL ?? "wss://example.com/bellwire", providers)
 */
export async function transportFrom(
  config: TransportConfig,
  providers: TransportProviders,
  options: TransportFromOptions = {},
): Promise<Transport> {
  checkOptions("transportFrom", options, { name: text });
  const picked = readWire(config, options.name ?? "config");
  if (picked.by || picked.provider !== "fallback") return one(picked, providers, "fallback");
  const { requires, transports, ...rest } = picked.options;
  const wires: Transport[] = [];
  // A list within the list would only be a longer list, and could hold itself.
  for (const [item, path] of readList(transports, `${picked.path}.transports`))
    wires.push(await one(readWire(item, path), providers));
  const several = await asConfigured(picked, () => fallback(wires, rest as FallbackOptions));
  return capable(several, requires, picked.path);
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
  const { name: wire, capabilities } = transport;
  const names = Object.keys(capabilities).filter((name) => name !== "maxMessageBytes");
  for (const [name, at] of readList(requires ?? [], `${path}.requires`)) {
    if (!names.includes(name as string)) throw wrong(at, listed(names));
    if (capabilities[name as CapabilityName] === "none") throw wrong(at, `what ${wire} can`);
  }
  return transport;
}

function readWire(config: unknown, path: string): Picked {
  return typeof config === "string" ? readUrl(config, path) : readPicked(config, path);
}

/** Schemes that stand for a provider and the scheme that it connects by. */
const SHORT: ReadonlyMap<string, readonly [provider: string, own: string]> = new Map([
  ["ws", ["ws", "ws"]],
  ["wss", ["ws", "wss"]],
  ["pusher", ["pusher", "wss"]],
]);

/** `provider+scheme://…`: the provider, and the URL that it connects to. */
function readUrl(config: string, path: string): Picked {
  const [, scheme = "", after, rest = ""] = /^([a-z]+)(?:\+([a-z]+))?:\/\/(.+)$/.exec(config) ?? [];
  const [provider, own] = after === undefined ? (SHORT.get(scheme) ?? []) : [scheme, after];
  const url = `${own}://${rest}`;
  if (provider === undefined || !URL.canParse(url))
    throw wrong(path, "a URL such as wss://…, sse+https://… or pusher://KEY@…, or an object");
  const options = provider === "pusher" ? pusherOptions(new URL(url), path) : { url };
  return { provider, options, path, by: "URL" };
}

/** Pusher's app key stands where URLs have the user; with a cluster it is hosted Pusher, and the parameters are its options. */
function pusherOptions(url: URL, path: string): Picked["options"] {
  const { username: key, password, hostname, port, protocol, searchParams } = url;
  if (key === "" || password !== "")
    throw wrong(path, "a URL with the app's key, and no secret: pusher://KEY@…");
  url.username = "";
  if (!searchParams.has("cluster")) return { key, url: url.href };
  const elsewhere = hostname !== "pusher.com" && { wsHost: hostname, ...(port && { wsPort: Number(port) }) };
  return { key, forceTLS: protocol === "wss:", ...elsewhere, ...Object.fromEntries(searchParams) };
}
