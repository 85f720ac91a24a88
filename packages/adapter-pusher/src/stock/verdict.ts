/** Verifies the signatures of subscriptions and of users who sign in. Pure but for the HMAC. */
import type { Grant } from "@bellwire/core/adapter";
import type { PusherApp } from "../protocol/app.ts";
import { channelClass } from "../protocol/channel-name.ts";
import { HOSTED_LIMITS } from "../protocol/limits.ts";
import { ERROR_TEXT, type PusherError } from "../protocol/pusher-error.ts";
import { channelText, isSignature, userText } from "../protocol/signature.ts";
import type { SignedMember } from "./member-id.ts";

/** A user who has signed in on a connection. */
export type SignedInUser = SignedMember;

/** The signed value, which is trusted, or the error that the client receives. */
export type Verdict<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: PusherError };

/** The parts of a subscription that are verified. */
export interface Subscription {
  readonly socketId: string;
  readonly channel: string;
  readonly auth: string | undefined;
  readonly channelData: string | undefined;
  /** The user who signed in on the connection. It stands in for `channel_data` that is missing. */
  readonly user: SignedInUser | undefined;
}

/**
 * The largest `channel_data` and `user_data` in bytes. The hub has a bound of its own for the info
 * of members.
 */
const USER_DATA = 10_240;

/**
 * Verifies the signature of a subscription to a private or presence channel. The grant names the
 * member of a presence channel. For a private one it names the user in `channel_data`, if there is
 * one, so that the hub can revoke it.
 */
export function judgeSubscription(app: PusherApp, subscription: Subscription): Verdict<Grant> {
  const { socketId, channel, auth, channelData, user } = subscription;
  const refuse = (message: string): Verdict<Grant> => ({
    ok: false,
    error: { code: "forbidden", message, channel },
  });
  if (auth === undefined) return refuse(ERROR_TEXT.authRequired(channel));
  const signed = channelText(socketId, channel, channelData);
  const shown = channelText(socketId, channel, channelData === undefined ? undefined : "<channel_data>");
  const wrong = judgeAuth(app, auth, signed, shown);
  if (wrong !== undefined) return refuse(wrong);
  const member = readUser(channelData, "user_id");
  if (channelClass(channel).access !== "presence")
    return { ok: true, value: typeof member === "string" ? {} : { user: member.id } };
  if (channelData === undefined && user) return { ok: true, value: { member: user } };
  return typeof member === "string"
    ? refuse(`Invalid channel_data: ${member}`)
    : { ok: true, value: { member } };
}

/** Verifies the signature of a user who signs in. */
export function judgeSignin(
  app: PusherApp,
  socketId: string,
  auth: string,
  userData: string,
): Verdict<SignedInUser> {
  const refuse = (message: string): Verdict<SignedInUser> => ({
    ok: false,
    error: { code: "unauthorized", message },
  });
  const wrong = judgeAuth(app, auth, userText(socketId, userData), userText(socketId, "<user_data>"));
  if (wrong !== undefined) return refuse(wrong);
  const user = readUser(userData, "id");
  return typeof user === "string" ? refuse(`Invalid user_data: ${user}`) : { ok: true, value: user };
}

/** Checks `key:signature`. Returns the error text, or undefined for a correct signature. */
function judgeAuth(app: PusherApp, auth: string, signed: string, shown: string): string | undefined {
  const colon = auth.indexOf(":");
  if (auth.slice(0, Math.max(0, colon)) !== app.key) return ERROR_TEXT.invalidKey;
  return isSignature(app.secret, signed, auth.slice(colon + 1))
    ? undefined
    : ERROR_TEXT.invalidSignature(shown);
}

/** Reads a user from signed JSON. Returns an error text for anything else. */
function readUser(text: string | undefined, key: "user_id" | "id"): SignedInUser | string {
  if (text === undefined) return "it is missing";
  if (Buffer.byteLength(text) > USER_DATA) return `at most ${USER_DATA} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return `${key} is missing`;
  const { [key]: given, user_info: info } = value as Readonly<Record<string, unknown>>;
  // Larger numbers lose digits when they are parsed, so different ids would become the same.
  const numeric = key === "user_id" && Number.isSafeInteger(given);
  const id = numeric ? String(given) : given;
  if (typeof id !== "string" || id === "" || id.length > HOSTED_LIMITS.userId)
    return `${key} must be a string of at most ${HOSTED_LIMITS.userId} characters${key === "id" ? "" : ", or a whole number below 2^53"}`;
  return { id, ...(info !== undefined && { info }), ...(numeric && { numeric: true }) };
}
