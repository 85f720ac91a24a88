/**
 * The client half of the Pusher transport, on pusher-js: to a hub of our own that speaks Pusher's
 * protocol, or to the hosted service.
 */
import { type Capabilities, type Transport } from "@bellwire/core";
import { checkOptions, type OptionRule, type OptionRules } from "@bellwire/core/adapter";
import type { PusherAddress } from "./connection/pusher-connection.ts";
import { urlOptions } from "./connection/url-options.ts";
import {
  type HOSTED_CAPABILITIES,
  type HostedPusherOptions,
  hostedTransport,
  keyRule,
} from "./hosted/client/transport.ts";
import { PusherClientLink } from "./native/client-link.ts";

export {
  HOSTED_CAPABILITIES,
  type HostedPusherOptions,
  type HostedRoutes,
} from "./hosted/client/transport.ts";

// ── Capabilities ──

/** The capabilities of Pusher's protocol with a hub of our own. */
export const PUSHER_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

// ── Options ──

/** Options of {@link pusherTransport} for a hub of our own, which `attachPusher` serves. */
export interface PusherHubOptions {
  /** The app's key. It names the app and is public. */
  readonly key: string;
  /** `ws:` or `wss:`, with the path of the server half, if any: `wss://example.com`. */
  readonly url: string;
}

/** Options of {@link pusherTransport} in one text, beside those that no text can hold. */
export interface PusherUrlOptions extends Partial<Omit<HostedPusherOptions, "key">> {
  /**
   * `pusher://KEY@HOST/PATH` or, for hosted Pusher, `pusher://KEY@pusher.com?cluster=eu`.
   */
  readonly url: string;
  readonly key?: never;
}

const url: OptionRule = {
  allowed: "a ws: or wss: URL without a query and a fragment",
  test: (value) =>
    typeof value === "string" && URL.canParse(value) && /^wss?:/i.test(value) && !/[?#]/.test(value),
};

const RULES: OptionRules = { key: keyRule, url };

// ── Transport ──

/**
 * Makes links over Pusher's protocol. With `url` the other end is a hub of our own, and everything
 * that Bellwire promises holds. With `cluster` it is Pusher, which may lose, double and reorder
 * events: this end finds that by their numbers, and repairs it from the history route. Throws
 * `invalid_option`.
 *
 * A link fails with `forbidden` when the server does not know the app (4001) or has disabled it,
 * with `unauthorized` (4009), with `overloaded` when it has too many connections (4004, 4100), and
 * with `link_lost` for everything else.
 */
export function pusherTransport(options: PusherHubOptions): Transport<typeof PUSHER_CAPABILITIES>;
export function pusherTransport(
  options: HostedPusherOptions & { readonly routes: string | URL; readonly metadata?: true },
): Transport<typeof HOSTED_CAPABILITIES>;
export function pusherTransport(
  options: PusherHubOptions | HostedPusherOptions | PusherUrlOptions,
): Transport;
export function pusherTransport(
  options: PusherHubOptions | HostedPusherOptions | PusherUrlOptions,
): Transport {
  if (isUrl(options)) {
    const { url, ...more } = options;
    return pusherTransport({ ...urlOptions(url), ...more } as PusherHubOptions | HostedPusherOptions);
  }
  return isForHub(options) ? hubTransport(options) : hostedTransport(options);
}

// Callers without types may pass anything; `checkOptions` refuses values that are no options.

function isUrl(options: unknown): options is PusherUrlOptions {
  const given = fields(options);
  return typeof given.url === "string" && !("key" in given);
}

function isForHub(options: unknown): options is PusherHubOptions {
  return "url" in fields(options);
}

function fields(options: unknown): Readonly<Record<string, unknown>> {
  return typeof options === "object" && options !== null
    ? (options as Readonly<Record<string, unknown>>)
    : {};
}

function hubTransport(options: PusherHubOptions): Transport {
  checkOptions("pusherTransport", options, RULES, ["key", "url"]);
  const { hostname, port, pathname, protocol } = new URL(options.url);
  const address: PusherAddress = {
    key: options.key,
    host: hostname,
    port: port === "" ? undefined : Number(port),
    path: pathname.replace(/\/$/, ""),
    tls: protocol === "wss:",
  };
  return {
    name: "pusher",
    capabilities: PUSHER_CAPABILITIES,
    connect: (observer) => new PusherClientLink(address, observer),
  };
}
