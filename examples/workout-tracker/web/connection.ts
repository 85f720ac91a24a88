/** One signed-in user's channel, on whatever wire was picked, with what passes it observed. */

import type { Transport } from "@bellwire/core";
import { createChannel, type NotificationChannel, transportFrom } from "@bellwire/core/client";
import { type Topics, topics } from "../contract.ts";
import type { Person } from "../things.ts";
import { freshToken } from "./account.ts";
import { Bell } from "./bell.ts";
import { configOf, nameOf, settings } from "./settings.ts";
import { Traffic } from "./traffic.ts";

const providers = {
  ws: async () => (await import("@bellwire/adapter-ws/client")).webSocketTransport,
  sse: async () => (await import("@bellwire/adapter-sse/client")).sseTransport,
  socketio: async () => (await import("@bellwire/adapter-socketio/client")).socketIoTransport,
  pusher: async () => (await import("@bellwire/adapter-pusher/client")).pusherTransport,
};

/** Milliseconds between two measurements of the latency. */
const MEASURE = 2_500;
/** Where this device remembers its wire. */
const WIRE = "tracker:wire";

export interface Connection {
  readonly user: Person;
  readonly channel: NotificationChannel<Topics>;
  readonly traffic: Traffic;
  readonly bell: Bell;
  /** The wire that it is on, or on its way to. */
  readonly wire: string;
  /**
   * Goes on over another wire. Rejects when that one does not work, and then nothing has changed.
   */
  switchTo(wire: string): Promise<void>;
  close(): void;
}

/** Opens a channel on the wire that this device used last, or on the configuration's. */
export async function openConnection(user: Person): Promise<Connection> {
  const traffic = new Traffic();
  const make = async (wire: string): Promise<Transport> =>
    traffic.observed(await transportFrom(configOf(wire), providers));
  const kept = localStorage.getItem(WIRE) ?? "";
  let wire = kept in settings.wires ? kept : settings.wire;
  const channel = createChannel({ topics, transport: await make(wire), token: freshToken });
  channel.onState((state) => traffic.state(state));
  channel.onError((error) => console.warn(error));

  const measure = setInterval(() => {
    if (channel.state !== "connected" || document.hidden) return;
    const began = performance.now();
    channel.publish(`private-user.${user.id}`, "ping", {}).then(
      () => traffic.latency(performance.now() - began),
      () => {},
    );
  }, MEASURE);
  channel.connect();
  return {
    user,
    channel,
    traffic,
    bell: new Bell(user.id),
    get wire() {
      return wire;
    },
    async switchTo(next) {
      await channel.switchTransport(await make(next));
      wire = next;
      localStorage.setItem(WIRE, next);
      traffic.switched(nameOf(next));
    },
    close() {
      clearInterval(measure);
      channel.close();
    },
  };
}
