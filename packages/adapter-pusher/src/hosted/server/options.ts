/** Options of the routes, with their defaults. */
import { callable, checkOptions, type OptionRules, text } from "@bellwire/core/adapter";
import { isAllowedOrigins } from "@bellwire/core/http";
import { type AllowedOrigins } from "@bellwire/core/server";
import type { PusherApp } from "../../protocol/signature.ts";

/** One event of a webhook, as Pusher sends it: https://pusher.com/docs/channels/server_api/webhooks. */
export interface WebhookEvent {
  /** `channel_occupied`, `member_added`, `client_event` … */
  readonly name: string;
  readonly channel?: string;
  readonly [key: string]: unknown;
}

/** Options of `attachPusherRoutes`. */
export interface PusherRoutesOptions {
  /** The app whose signatures are made and checked. */
  readonly app: PusherApp;
  /** What the paths of the routes follow. Default: `/bellwire/pusher`. */
  readonly path?: string;
  /**
   * Origins of the web pages that may ask, beside those of the server itself: `["https://app.example.com"]`. `"*"` allows every page
   * and then refuses requests that carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
  /** Gets the events of a webhook whose signature is right. When it throws or rejects, Pusher sends them again. Default: 404. */
  readonly onWebhook?: (events: readonly WebhookEvent[]) => unknown;
  /** Hears of errors in the application's own functions. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
}

/** Every option, set. */
export type RouteSettings = Required<Omit<PusherRoutesOptions, "onWebhook">> &
  Pick<PusherRoutesOptions, "onWebhook">;

const word = {
  allowed: "1 to 64 of A-Z a-z 0-9 _ -",
  test: (value: unknown) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};

const RULES: OptionRules = {
  app: {
    allowed: "an object with id, key and secret",
    test: (value) => typeof value === "object" && value !== null,
  },
  path: {
    allowed: 'a path such as "/bellwire/pusher", without a slash at the end and without a query',
    test: (value) => typeof value === "string" && /^(\/[^?#\s/]+)+$/.test(value),
  },
  allowedOrigins: {
    allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
    test: isAllowedOrigins,
  },
  onWebhook: callable,
  onError: callable,
};

/** The options with defaults. Throws `invalid_option` naming the path and what is allowed. */
export function routeSettings(options: PusherRoutesOptions): RouteSettings {
  checkOptions("attachPusherRoutes", options, RULES, ["app"]);
  checkOptions("attachPusherRoutes.app", options.app, { id: word, key: word, secret: text }, [
    "id",
    "key",
    "secret",
  ]);
  const { app, path = "/bellwire/pusher", allowedOrigins = [], onWebhook, onError = complain } = options;
  return { app, path, allowedOrigins, onError, ...(onWebhook && { onWebhook }) };
}

function complain(error: unknown): void {
  // oxlint-disable-next-line no-console -- silence would hide the application's bugs
  console.error("bellwire:", error);
}
