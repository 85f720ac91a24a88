/** Options of the routes beside the hosted service. */
import { callable, checkOptions, type OptionRules, withDefaults } from "@bellwire/core/adapter";
import { allowedOriginsRule, type OriginOptions } from "@bellwire/core/http";
import { appRule, checkApp, type PusherApp } from "../../protocol/app.ts";

// ── Options ──

/**
 * One event of a webhook, as Pusher sends it:
 * https://pusher.com/docs/channels/server_api/webhooks.
 */
export interface WebhookEvent {
  /** `channel_occupied`, `member_added`, `client_event` … */
  readonly name: string;
  readonly channel?: string;
  readonly [key: string]: unknown;
}

/** Options of `attachPusherRoutes`. */
export interface PusherRoutesOptions extends OriginOptions {
  /** The app whose signatures are made and checked. */
  readonly app: PusherApp;
  /** The prefix of the routes' paths. Default: `/bellwire/pusher`. */
  readonly path?: string;
  /**
   * Receives the events of a webhook whose signature is right. When it throws or rejects, Pusher
   * sends them again. Default: webhooks are answered 404.
   */
  readonly onWebhook?: (events: readonly WebhookEvent[]) => unknown;
  /** Receives errors of the application's own functions. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
}

// ── Defaults ──

/** Every option, set. */
export type RouteSettings = Required<Omit<PusherRoutesOptions, "onWebhook">> &
  Pick<PusherRoutesOptions, "onWebhook">;

const DEFAULTS: Required<Omit<RouteSettings, "app" | "onWebhook">> = {
  path: "/bellwire/pusher",
  allowedOrigins: [],
  onError: complain,
};

// ── Rules ──

const RULES: OptionRules = {
  app: appRule,
  path: {
    allowed: 'a path such as "/bellwire/pusher", without a slash at the end and without a query',
    test: (value) => typeof value === "string" && /^(\/[^?#\s/]+)+$/.test(value),
  },
  allowedOrigins: allowedOriginsRule,
  onWebhook: callable,
  onError: callable,
};

// ── Settings ──

/** The options of `attachPusherRoutes` with defaults. Throws `invalid_option`. */
export function routeSettings(options: PusherRoutesOptions): RouteSettings {
  checkOptions("attachPusherRoutes", options, RULES, ["app"]);
  checkApp("attachPusherRoutes", options.app);
  const { app, onWebhook, ...others } = options;
  return { ...withDefaults(DEFAULTS, others), app, ...(onWebhook && { onWebhook }) };
}

function complain(error: unknown): void {
  // oxlint-disable-next-line no-console -- the default must show the application's bugs
  console.error("bellwire:", error);
}
