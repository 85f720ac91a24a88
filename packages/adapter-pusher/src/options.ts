/** Options of the server half of the Pusher transport. */
import { checkOptions, flag, type OptionRules, withDefaults } from "@bellwire/core/adapter";
import { allowedOriginsRule, type OriginOptions } from "@bellwire/core/http";
import { appRule, checkApp, type PusherApp } from "./protocol/app.ts";

// ── Options ──

/** Options of `attachPusher`. */
export interface PusherServerOptions extends OriginOptions {
  /**
   * The app that is served: the id, key and secret that clients and servers are configured with.
   */
  readonly app: PusherApp;
  /**
   * The prefix of the protocol's paths: `/pusher` serves `/pusher/app/KEY` and `/pusher/apps/ID/…`.
   * Default: none.
   */
  readonly path?: string;
  /**
   * Whether subscribers of private and presence channels may send `client-` events, if the contract
   * has events of these names. The signature of their subscription replaces `authorize`. Default:
   * false.
   */
  readonly clientEvents?: boolean;
  /**
   * Milliseconds without a message after which a client pings; clients receive whole seconds.
   * Default: 120,000.
   */
  readonly activityTimeout?: number;
  /**
   * Whether clients are notified of the number of connections on their channels, and the HTTP API
   * gives it. Default: false.
   */
  readonly subscriptionCount?: boolean;
  /**
   * Receivers of signed webhooks: a URL receives every event, an object only those that it names.
   * Default: none.
   */
  readonly webhooks?: readonly (string | PusherWebhook)[];
}

/** The event types of webhooks. */
export const WEBHOOK_EVENTS = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
  "subscription_count",
] as const;

/** A receiver of webhooks. */
export interface PusherWebhook {
  readonly url: string;
  /** The names of the events that it receives. Default: all. */
  readonly events?: readonly (typeof WEBHOOK_EVENTS)[number][];
}

// ── Defaults ──

/** Every option, set. */
export type PusherSettings = Required<Omit<PusherServerOptions, "webhooks">> & {
  readonly webhooks: readonly Required<PusherWebhook>[];
};

const DEFAULTS: Required<Omit<PusherServerOptions, "app">> = {
  path: "",
  allowedOrigins: [],
  clientEvents: false,
  activityTimeout: 120_000,
  subscriptionCount: false,
  webhooks: [],
};

// ── Rules ──

const RULES: OptionRules = {
  app: appRule,
  path: {
    allowed: 'a path such as "/pusher", without a slash at the end and without a query',
    test: (value) => typeof value === "string" && /^(\/[^?#\s/]+)*$/.test(value),
  },
  allowedOrigins: allowedOriginsRule,
  clientEvents: flag,
  activityTimeout: {
    allowed: "a whole number from 1000 to 86400000",
    test: (value) => Number.isSafeInteger(value) && Number(value) >= 1_000 && Number(value) <= 86_400_000,
  },
  subscriptionCount: flag,
  webhooks: {
    allowed: "an array of http or https URLs, or of objects with such a url and with events",
    test: (value) =>
      Array.isArray(value) &&
      value.every((one) => isUrl(one) || (typeof one === "object" && one !== null && !Array.isArray(one))),
  },
};

const WEBHOOK_RULES: OptionRules = {
  url: { allowed: "an http or https URL", test: isUrl },
  events: {
    allowed: `an array of ${WEBHOOK_EVENTS.join(", ")}`,
    test: (value) => Array.isArray(value) && value.every((one) => WEBHOOK_EVENTS.includes(one as never)),
  },
};

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value);
}

// ── Settings ──

/** The options of `attachPusher` with defaults. Throws `invalid_option`. */
export function serverSettings(options: PusherServerOptions): PusherSettings {
  checkOptions("attachPusher", options, RULES, ["app"]);
  checkApp("attachPusher", options.app);
  const webhooks = (options.webhooks ?? []).map((webhook, index) => {
    if (typeof webhook === "string") return { url: webhook, events: WEBHOOK_EVENTS };
    checkOptions(`attachPusher.webhooks.${index}`, webhook, WEBHOOK_RULES, ["url"]);
    const { url, events = WEBHOOK_EVENTS } = webhook;
    return { url, events };
  });
  const { app, ...others } = options;
  return { ...withDefaults(DEFAULTS, others), app, webhooks };
}
