/** Texts for people: errors, states and times. */
import { isBellwireError } from "@bellwire/core";
import type { ChannelState } from "@bellwire/core/client";

/** The text that tells a person why something failed. */
export function wordsFor(error: unknown): string {
  switch (isBellwireError(error) ? error.code : undefined) {
    case "forbidden":
      return "You may not do that.";
    case "link_lost":
    case "no_answer":
      return "The connection was lost. Try again.";
    case "rate_limited":
      return "That was too fast. Wait a moment.";
    case "invalid_data":
    case "too_large":
      return "The server did not accept that.";
    case "outbox_full":
      return "Too many messages are waiting to be sent.";
    case "unauthorized":
      return "Your sign-in has ended.";
    default:
      return "That did not work. Try again in a moment.";
  }
}

/** The name of each state, and a notice where the person should know more. */
export const STATES: Readonly<Record<ChannelState, { readonly name: string; readonly notice?: string }>> = {
  idle: { name: "Not connected" },
  connecting: { name: "Connecting" },
  connected: { name: "Connected" },
  waiting: {
    name: "Reconnecting",
    notice:
      "The connection was lost. Reconnecting. Anything you send now is sent when the connection is back.",
  },
  suspended: {
    name: "Away",
    notice: "You have been away for a while. Everything is reloaded when the connection is back.",
  },
  closed: { name: "Closed" },
  failed: { name: "Signed out" },
};

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** How long ago, roughly. */
export function ago(time: number, now: number = Date.now()): string {
  const minutes = Math.round((now - time) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return RELATIVE.format(-minutes, "minute");
  if (minutes < 24 * 60) return RELATIVE.format(-Math.round(minutes / 60), "hour");
  return RELATIVE.format(-Math.round(minutes / 60 / 24), "day");
}

/** Hours and minutes. */
export function clock(time: number): string {
  return new Date(time).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Metres, as kilometres from one on. */
export function distance(metres: number): string {
  return metres < 1_000
    ? `${metres} m`
    : `${(metres / 1_000).toLocaleString("en", { maximumFractionDigits: 1 })} km`;
}

/** Great-circle kilometres between two places in degrees. */
export function kilometres(
  a: { readonly latitude: number; readonly longitude: number },
  b: { readonly latitude: number; readonly longitude: number },
): number {
  const radians = Math.PI / 180;
  const dLat = (b.latitude - a.latitude) * radians;
  const dLon = (b.longitude - a.longitude) * radians;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * Math.sin(dLon / 2) ** 2;
  return 12_742 * Math.asin(Math.sqrt(h));
}
