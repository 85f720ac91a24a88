/**
 * Reads the server's part of a configuration: the transports that serve a hub, and its backplane.
 */
import { asConfigured, load, type Picked, type Providers, readList, readPicked } from "../config.ts";
import { checkOptions, type OptionRules, object, text } from "../options.ts";
import type { LinkAcceptor } from "./acceptor.ts";
import type { Backplane } from "./backplane.ts";
import { type MemoryBackplaneOptions, memoryBackplane } from "./memory-backplane.ts";

/** A provider's name, or an object of the name and the options. */
export type ProviderConfig = string | { readonly provider: string; readonly [option: string]: unknown };

/**
 * A server's configuration, such as
 * `{ "transports": ["ws", { "provider": "sse", "path": "/events" }], "backplane": "memory" }`.
 */
export interface ServerConfig {
  readonly transports: readonly ProviderConfig[];
  /** Default: `memory`. */
  readonly backplane?: ProviderConfig;
}

/**
 * Loads the server halves of adapters by name: `{ ws: async () => (await
 * import("…")).attachWebSocket }`.
 */
export type AttachProviders<H, S> = Providers<(hub: H, server: S, options: never) => () => void>;

/** Loads backplanes by name. `memory` is built in. */
export type BackplaneProviders = Providers<(options: never) => Backplane | Promise<Backplane>>;

/**
 * Serves a hub over the transports that a configuration names. Only their adapters are loaded.
 * Resolves with a function that detaches all of them. Rejects with `invalid_option`, with the path
 * of the wrong key and the allowed values; then no transport is attached.
 */
export async function attachFrom<H extends LinkAcceptor, S>(
  hub: H,
  server: S,
  config: ServerConfig,
  providers: AttachProviders<H, S>,
): Promise<() => void> {
  checkOptions("config", config, RULES, ["transports"]);
  const loaded: (readonly [Picked, (hub: H, server: S, options: never) => () => void])[] = [];
  for (const [item, path] of readList(config.transports, "config.transports")) {
    const picked = readProvider(item, path);
    loaded.push([picked, await load(picked, providers)]);
  }
  const detaches: (() => void)[] = [];
  const detach = (): void => {
    for (const end of detaches.splice(0)) end();
  };
  try {
    for (const [picked, attach] of loaded)
      detaches.push(await asConfigured(picked, () => attach(hub, server, picked.options as never)));
  } catch (error) {
    detach();
    throw error;
  }
  return detach;
}

/**
 * Makes the backplane that a configuration names, for `createHub`.
 * Rejects with `invalid_option`, as {@link attachFrom} does.
 */
export async function backplaneFrom(
  config: Partial<ServerConfig>,
  providers: BackplaneProviders = {},
): Promise<Backplane> {
  checkOptions("config", config, RULES);
  const picked = readProvider(config.backplane ?? "memory", "config.backplane");
  const memory = (options: MemoryBackplaneOptions): Backplane => memoryBackplane(options);
  const make = await load(picked, { memory: () => memory, ...providers });
  return asConfigured(picked, () => make(picked.options as never));
}

const RULES: OptionRules = {
  $schema: text,
  transports: {
    allowed: "an array that is not empty",
    test: (value) => Array.isArray(value) && value.length > 0,
  },
  backplane: {
    allowed: "a provider's name or an object",
    test: (value) => text.test(value) || object.test(value),
  },
};

function readProvider(value: unknown, path: string): Picked {
  return typeof value === "string"
    ? { provider: value, options: {}, path, by: "name" }
    : readPicked(value, path);
}
