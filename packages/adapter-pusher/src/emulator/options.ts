/** Options of the emulator, with their defaults. */
import { checkOptions, flag, type OptionRule, type OptionRules, text } from "@bellwire/core";
import { type AllowedOrigins, isAllowedOrigins } from "@bellwire/core/server";
import type { PusherApp } from "../signature.ts";

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
  /** Where signed webhooks are posted. Default: nowhere. */
  readonly webhooks?: readonly string[];
}

/** Every option, set. */
export type PusherSettings = Required<PusherServerOptions>;

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
    allowed: "an array of http or https URLs",
    test: (value) => Array.isArray(value) && value.every(isUrl),
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
  return { ...DEFAULTS, app: options.app, ...Object.fromEntries(given) };
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value);
}
