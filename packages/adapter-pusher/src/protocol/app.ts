/** An app of Pusher's, and the rules for its options. */
import { checkOptions, type OptionRule, text } from "@bellwire/core/adapter";

/** An app of Pusher's. A peer that knows the secret speaks for the application's server. */
export interface PusherApp {
  /** Names the app in URLs of the HTTP API. Pusher's own libraries expect digits. */
  readonly id: string;
  /** Names the app to clients; public. */
  readonly key: string;
  readonly secret: string;
}

/** The rule of a name in URLs: an app's id and key, and a cluster. */
export const nameRule: OptionRule = {
  allowed: "1 to 64 of A-Z a-z 0-9 _ -",
  test: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};

/** The rule of an option that is an app; {@link checkApp} checks its parts. */
export const appRule: OptionRule = {
  allowed: "an object with id, key and secret",
  test: (value) => typeof value === "object" && value !== null,
};

/** Checks the parts of the option `<where>.app`. Throws `invalid_option`. */
export function checkApp(where: string, app: PusherApp): void {
  const rules = { id: nameRule, key: nameRule, secret: text };
  checkOptions(`${where}.app`, app, rules, ["id", "key", "secret"]);
}
