/** Options of the emulator, with their defaults. */
import { checkOptions, flag, type OptionRule, type OptionRules, text } from "@bellwire/core/adapter";
import { isAllowedOrigins } from "@bellwire/core/http";
import { type AllowedOrigins } from "@bellwire/core/server";
import type { PusherApp } from "./protocol/signature.ts";

/** Options of `attachPusher`. */
export interface PusherServerOptions {
  /** The app that is emulated: whatever id, key and secret the clients and servers are configured with. */
  readonly app: PusherApp;
  /** What the paths of the protocol follow: `/pusher` serves `/pusher/app/KEY` and `/pusher/apps/ID/…`. Default: nothing. */
  readonly path?: string;
  /**
   * Origins of the web pages that may connect, beside those of the server itself: `["https://app.example.com"]`. `"*"` allows every
   * page and then refuses requests that carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
  /**
   * Whether clients may send `client-` events: subscribers of private and presence channels, to events that the contract has under
   * that name. The signature of their subscription stands for `authorize`. Default: false.
   */
  readonly clientEvents?: boolean;
  /** Milliseconds of silence after which a client pings; clients are told whole seconds. Default: 120,000. */
  readonly activityTimeout?: number;
  /** Tells clients how many connections a channel has, and the HTTP API, too. Default: false. */
  readonly subscriptionCount?: boolean;
  /** Where signed webhooks are posted: URLs, which are told everything, or a URL and what it is told. Default: nowhere. */
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
  /** The names of the events that it is told. Default: all. */
  readonly events?: readonly (typeof WEBHOOK_EVENTS)[number][];
}

/** Every option, set. */
export type PusherSettings = Required<Omit<PusherServerOptions, "webhooks">> & {
  readonly webhooks: readonly Required<PusherWebhook>[];
};

const DEFAULTS: Omit<PusherSettings, "app"> = {
  path: "",
  allowedOrigins: [],
  clientEvents: false,
  activityTimeout: 120_000,
  subscriptionCount: false,
  webhooks: [],
};

const name: OptionRule = {
  allowed: "1 to 64 of A-Z a-z 0-9 _ -",
  test: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};

const RULES: OptionRules = {
  app: {
    allowed: "an object with id, key and secret",
    test: (value) => typeof value === "object" && value !== null,
  },
  path: {
    allowed: 'a path such as "/pusher", without a slash at the end and without a query',
    test: (value) => typeof value === "string" && /^(\/[^?#\s/]+)*$/.test(value),
  },
  allowedOrigins: {
    allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
    test: isAllowedOrigins,
  },
  clientEvents: flag,
  activityTimeout: {
    allowed: "a whole number from 1000 to 86400000",
    test: (value) => Number.isSafeInteger(value) && Number(value) >= 1_000 && Number(value) <= 86_400_000,
  },
  subscriptionCount: flag,
  webhooks: {
    allowed: "an array of http or https URLs, or of objects with such a url and with events",
    test: (value) =>
      Array.isArray(value) && value.every((one) => isUrl(one) || (typeof one === "object" && one !== null)),
  },
};

const WEBHOOK_RULES: OptionRules = {
  url: { allowed: "an http or https URL", test: isUrl },
  events: {
    allowed: `an array of ${WEBHOOK_EVENTS.join(", ")}`,
    test: (value) => Array.isArray(value) && value.every((one) => WEBHOOK_EVENTS.includes(one as never)),
  },
};

/** The options with defaults. Throws `invalid_option` naming the path and what is allowed. */
export function pusherSettings(options: PusherServerOptions): PusherSettings {
  checkOptions("attachPusher", options, RULES, ["app"]);
  checkOptions("attachPusher.app", options.app, { id: name, key: name, secret: text }, [
    "id",
    "key",
    "secret",
  ]);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const webhooks = (options.webhooks ?? []).map((webhook, index) => {
    if (typeof webhook === "string") return { url: webhook, events: WEBHOOK_EVENTS };
    checkOptions(`attachPusher.webhooks.${index}`, webhook, WEBHOOK_RULES, ["url"]);
    const { url, events = WEBHOOK_EVENTS } = webhook;
    return { url, events };
  });
  return { ...DEFAULTS, app: options.app, ...Object.fromEntries(given), webhooks };
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value);
}
