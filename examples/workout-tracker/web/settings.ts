/**
 * The settings that the server put into the page: the transports, and whether this is a
 * demonstration.
 */
import { z } from "zod";

const shape = z.object({ wires: z.record(z.string(), z.string()), wire: z.string(), demo: z.boolean() });
export type Settings = z.infer<typeof shape>;

export const settings: Settings = shape.parse(
  JSON.parse(document.getElementById("settings")?.textContent ?? "{}"),
);

/** A wire's configuration with this page's host in it, encrypted when the page came so. */
export function configOf(wire: string): string {
  const config = (settings.wires[wire] ?? "").replaceAll("{host}", location.host);
  return location.protocol === "https:" ? config.replace(/(^|\+)(ws|http):/, "$1$2s:") : config;
}

const NAMES: Readonly<Record<string, string>> = {
  ws: "WebSocket",
  sse: "SSE",
  socketio: "Socket.IO",
  pusher: "Pusher",
};

/** The name of a transport for people. */
export function nameOf(wire: string): string {
  return NAMES[wire] ?? wire;
}
