/** The client half of the Pusher wire, on pusher-js: to a hub of our own that speaks Pusher's protocol, or to hosted Pusher. */

import { type Capabilities, type CapabilityName, type Clock, type Transport } from "@bellwire/core";
import {
  atLeast,
  callable,
  checkOptions,
  flag,
  having,
  type OptionRule,
  type OptionRules,
  systemClock,
  text,
} from "@bellwire/core/adapter";
import type { PusherAddress } from "./connection/pusher-connection.ts";
import { urlOptions } from "./connection/url-options.ts";
import { HostedLink } from "./hosted/client/client-link.ts";
import { HOSTED_MESSAGE_BYTES, type RouteName } from "./hosted/routes.ts";
import { NativeLink } from "./native/client-link.ts";

/** What Pusher's protocol can do before a hub of our own. */
export const PUSHER_CAPABILITIES = {
  history: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

/** What hosted Pusher can do with all routes beside it. */
export const HOSTED_CAPABILITIES = {
  history: "emulated",
  order: "emulated",
  acknowledgement: "emulated",
  clientPublish: "emulated",
  presence: "native",
  binary: "none",
  maxMessageBytes: HOSTED_MESSAGE_BYTES,
} as const satisfies Capabilities;

/** Where the application's server answers what Pusher cannot. A route that is missing is something that cannot be done. */
export interface HostedRoutes {
  /** Shows the token when a link begins. Without it the first request finds out whether it is good. */
  readonly hello?: string | URL;
  /** Signs for `private-` and `presence-` topics. Without it only public topics can be subscribed. */
  readonly auth?: string | URL;
  /** Repairs what Pusher lost. Without it every loss of the link, and every lost event, is a gap of reason `transport`. */
  readonly history?: string | URL;
  /** Takes what clients publish. */
  readonly publish?: string | URL;
}

/** Options of {@link pusherTransport} before a hub of our own: `attachPusher` of `@bellwire/adapter-pusher/emulator`. */
export interface PusherHubOptions {
  /** The app's key. It names the app and is public. */
  readonly key: string;
  /** `ws:` or `wss:`, with the path that the emulator was given, if any: `wss://example.com`. */
  readonly url: string;
}

/** Options of {@link pusherTransport} for hosted Pusher, or any other server of the protocol. */
export interface HostedPusherOptions {
  /** The app's key. It names the app and is public. */
  readonly key: string;
  /** Pusher's cluster, such as `eu`. */
  readonly cluster: string;
  /**
   * The path below which `attachPusherRoutes` serves all routes: `https://app.example.com/bellwire/pusher`; or those that there are, by
   * name. In a browser they may be relative to the page. Default: none, and then nothing but public topics without history.
   */
  readonly routes?: string | URL | HostedRoutes;
  /**
   * What `hostedPusher` on the server says of `metadata`; both must say the same. With `false` events come without positions: they are
   * handed on as Pusher brings them, in its order and with offset 0, and what was lost among them goes unseen. Every loss
   * of the connection is a gap of reason `transport`, and so is an event that was too large for Pusher. The history route is not asked,
   * and the capabilities `history` and `order` are `none`. Default: true.
   */
  readonly metadata?: boolean;
  /** Another server than Pusher's own, and its port. */
  readonly wsHost?: string;
  readonly wsPort?: number;
  /** Default: true. */
  readonly forceTLS?: boolean;
  /** Milliseconds between two comparisons of all topics with their history. Default: 10,000. */
  readonly positionCheck?: number;
  /** Headers to send along with requests to the routes. The channel's token needs none. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** For the routes. Default: the platform's own. Give one to send cookies to another origin. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
}

/** Options of {@link pusherTransport} in one text, beside those that no text can hold. */
export interface PusherUrlOptions extends Partial<Omit<HostedPusherOptions, "key">> {
  /** `pusher://KEY@HOST/PATH` or, for hosted Pusher, `pusher://KEY@pusher.com?cluster=eu`. */
  readonly url: string;
  readonly key?: never;
}

const key: OptionRule = {
  allowed: "the app's key, 1 to 64 of A-Z a-z 0-9 _ -",
  test: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};
const url: OptionRule = {
  allowed: "a ws: or wss: URL without a query and a fragment",
  test: (value) =>
    typeof value === "string" && URL.canParse(value) && /^wss?:/i.test(value) && !/[?#]/.test(value),
};
const route: OptionRule = {
  allowed: "an http: or https: URL without a query",
  test: (value) => resolved(value) !== undefined,
};

const HOSTED_RULES: OptionRules = {
  key,
  cluster: {
    allowed: "the name of a cluster, such as eu",
    test: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
  },
  routes: {
    allowed: `${route.allowed}, or an object of them`,
    test: (value) => route.test(value) || (typeof value === "object" && value !== null),
  },
  metadata: flag,
  wsHost: text,
  wsPort: atLeast(1),
  forceTLS: flag,
  positionCheck: atLeast(1),
  headers: callable,
  fetch: callable,
  clock: having("now", "wall", "after"),
};

/** The routes that are asked by the client; `user` and `webhooks` are for others. */
const CLIENT_ROUTES = ["hello", "auth", "history", "publish"] as const satisfies readonly RouteName[];

/**
 * Makes links over Pusher's protocol. With `url` the other end is a hub of our own, and everything that Bellwire promises holds. With
 * `cluster` it is Pusher: it may lose, double and reorder events, which is found by their numbers and repaired from the history route.
 * Throws `invalid_option`.
 *
 * A link fails with `forbidden` when the server does not know the app (4001) or has disabled it, with `unauthorized` (4009), with
 * `overloaded` when it has too many connections (4004, 4100), and with `link_lost` for everything else.
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
  return "url" in options ? hubTransport(options) : hostedTransport(options);
}

function isUrl(options: object): options is PusherUrlOptions {
  return !("key" in options) && "url" in options && typeof options.url === "string";
}

function hubTransport(options: PusherHubOptions): Transport {
  checkOptions("pusherTransport", options, { key, url }, ["key", "url"]);
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
    connect: (observer) => new NativeLink(address, observer),
  };
}

function hostedTransport(options: HostedPusherOptions): Transport {
  checkOptions("pusherTransport", options, HOSTED_RULES, ["key", "cluster"]);
  const { cluster, wsHost, wsPort, forceTLS = true, metadata = true, headers, fetch } = options;
  const routes = routeUrls(options.routes);
  // An event without a position cannot be told from one that the history holds.
  const urls = metadata ? routes : { ...routes, history: undefined };
  const { positionCheck = 10_000, clock = systemClock } = options;
  const address: PusherAddress = { key: options.key, cluster, host: wsHost, port: wsPort, tls: forceTLS };
  const without = (name: RouteName, ...lost: readonly CapabilityName[]): Partial<Capabilities> =>
    urls[name] === undefined ? Object.fromEntries(lost.map((capability) => [capability, "none"])) : {};
  return {
    name: "pusher",
    capabilities: {
      ...HOSTED_CAPABILITIES,
      ...without("history", "history"),
      ...without("publish", "acknowledgement", "clientPublish"),
      ...without("auth", "presence"),
      ...(!metadata && { order: "none" }),
    },
    connect: (observer) =>
      new HostedLink(
        { address, urls, headers, fetch, metadata, positionCheck, clock, random: Math.random },
        observer,
      ),
  };
}

function routeUrls(routes: HostedPusherOptions["routes"]): Readonly<Partial<Record<RouteName, string>>> {
  if (routes === undefined) return {};
  const base = resolved(routes);
  if (base !== undefined) {
    const path = base.replace(/\/$/, "");
    return Object.fromEntries(CLIENT_ROUTES.map((name) => [name, `${path}/${name}`]));
  }
  checkOptions(
    "pusherTransport.routes",
    routes,
    Object.fromEntries(CLIENT_ROUTES.map((name) => [name, route])),
  );
  return Object.fromEntries(Object.entries(routes).map(([name, value]) => [name, resolved(value)]));
}

function resolved(value: unknown): string | undefined {
  if (typeof value !== "string" && !(value instanceof URL)) return undefined;
  // A page is where relative URLs start; other runtimes have none.
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  if (!URL.canParse(value, base)) return undefined;
  const { href, protocol, search, hash } = new URL(value, base);
  return /^https?:$/.test(protocol) && search === "" && hash === "" ? href : undefined;
}
