/** The client half for the hosted service, or for any other server of the protocol. */
import { type Capabilities, type CapabilityName, type Clock, type Transport } from "@bellwire/core";
import {
  atLeast,
  callable,
  checkOptions,
  flag,
  having,
  type OptionRule,
  type OptionRules,
  pageUrl,
  systemClock,
  text,
} from "@bellwire/core/adapter";
import type { PusherAddress } from "../../connection/pusher-connection.ts";
import { HOSTED_MESSAGE_BYTES, type RouteName } from "../routes.ts";
import { HostedLink } from "./client-link.ts";

// ── Capabilities ──

/** The capabilities of hosted Pusher with all routes beside it. */
export const HOSTED_CAPABILITIES = {
  history: "emulated",
  paging: "none",
  order: "emulated",
  acknowledgement: "emulated",
  clientPublish: "emulated",
  presence: "native",
  binary: "none",
  maxMessageBytes: HOSTED_MESSAGE_BYTES,
} as const satisfies Capabilities;

// ── Options ──

/**
 * URLs at which the application's server does what Pusher cannot. Without a route, its function is
 * missing.
 */
export interface HostedRoutes {
  /**
   * Receives the token when a link begins. Without it the first request to another route finds an
   * invalid token.
   */
  readonly hello?: string | URL;
  /**
   * Signs for `private-` and `presence-` topics. Without it only public topics can be subscribed.
   */
  readonly auth?: string | URL;
  /**
   * Repairs what Pusher lost. Without it every loss of the link, and every lost event, is a gap of
   * reason `transport`.
   */
  readonly history?: string | URL;
  /** Receives publishes. Without it clients cannot publish. */
  readonly publish?: string | URL;
}

/** Options of `pusherTransport` for hosted Pusher, or any other server of the protocol. */
export interface HostedPusherOptions {
  /** The app's key. It names the app and is public. */
  readonly key: string;
  /** Pusher's cluster, such as `eu`. */
  readonly cluster: string;
  /**
   * The path below which `attachPusherRoutes` serves all routes, such as
   * `https://app.example.com/bellwire/pusher`; or the routes that exist, by name. In a browser they
   * may be relative to the page. Default: none, and then only public topics without history work.
   */
  readonly routes?: string | URL | HostedRoutes;
  /**
   * The option `metadata` of `hostedPusher` on the server; both must be equal. With `false` events
   * come without positions. They are delivered as Pusher brings them, in its order and with offset
   * 0, and a lost one among them goes unnoticed. Every loss of the connection is a gap of reason
   * `transport`, and so is an event that was too large for Pusher. The history route is not asked,
   * and the capabilities `history` and `order` are `none`. Default: true.
   */
  readonly metadata?: boolean;
  /** The host of another server in place of Pusher's. */
  readonly wsHost?: string;
  /** The port of `wsHost`. Default: 443, or 80 without TLS. */
  readonly wsPort?: number;
  /** Whether connections use TLS. Default: true. */
  readonly forceTLS?: boolean;
  /** Milliseconds between two comparisons of all topics with their history. Default: 10,000. */
  readonly positionCheck?: number;
  /** Additional headers of requests to the routes. The channel's token needs none. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /**
   * The function that makes requests to the routes. Default: the platform's own. One of yours can
   * send cookies to another origin.
   */
  readonly fetch?: typeof fetch;
  /** The source of time. Default: the system's. */
  readonly clock?: Clock;
}

/** The rule of the app's key. */
export const keyRule: OptionRule = {
  allowed: "the app's key, 1 to 64 of A-Z a-z 0-9 _ -",
  test: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};
const route: OptionRule = {
  allowed: "an http: or https: URL without a query",
  test: (value) => resolved(value) !== undefined,
};

const RULES: OptionRules = {
  key: keyRule,
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

/** The routes that this client uses; `user` and `webhooks` are for stock clients and Pusher. */
const CLIENT_ROUTES = ["hello", "auth", "history", "publish"] as const satisfies readonly RouteName[];

// ── Transport ──

/** Makes links to the hosted service. Throws `invalid_option`. */
export function hostedTransport(options: HostedPusherOptions): Transport {
  checkOptions("pusherTransport", options, RULES, ["key", "cluster"]);
  const { cluster, wsHost, wsPort, forceTLS = true, metadata = true, headers, fetch } = options;
  const routes = routeUrls(options.routes);
  // Without positions, events cannot be compared with the history.
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

/** The URL of a route; undefined for a value that is none. */
function resolved(value: unknown): string | undefined {
  const url = pageUrl(value);
  if (!url) return undefined;
  const { href, protocol, search, hash } = url;
  return /^https?:$/.test(protocol) && search === "" && hash === "" ? href : undefined;
}
