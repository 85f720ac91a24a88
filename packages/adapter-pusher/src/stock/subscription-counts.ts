/** Notifies the connections of a channel of their number: at every change, or at intervals. */

import { textFrames } from "@bellwire/core/adapter";
import { channelClass } from "../protocol/channel-name.ts";
import type { ChannelChange, Channels } from "./channels.ts";
import { countText } from "./events.ts";

type CountChange = Extract<ChannelChange, { name: "subscription_count" }>;

/**
 * A channel with more than `MANY` connections is notified at most every `PAUSE` milliseconds.
 */
const MANY = 100;
const PAUSE = 5_000;

export class SubscriptionCounts {
  readonly #channels: () => Channels;
  /** Channels that wait for the end of their pause. */
  readonly #pausing: Map<string, ReturnType<typeof setTimeout>> = new Map();

  constructor(channels: () => Channels) {
    this.#channels = channels;
  }

  /** A channel's count has changed. Presence channels have members instead. */
  changed({ channel, subscription_count: count }: CountChange): void {
    if (channelClass(channel).access === "presence") return;
    if (count <= MANY) return this.#tell(channel);
    if (this.#pausing.has(channel)) return;
    const told = setTimeout(() => {
      this.#pausing.delete(channel);
      this.#tell(channel);
    }, PAUSE);
    told.unref();
    this.#pausing.set(channel, told);
  }

  #tell(channel: string): void {
    const connections = this.#channels().of(channel)?.connections;
    if (!connections) return;
    const frames = textFrames([countText(channel, connections.size)]);
    for (const connection of connections) connection.deliver(frames);
  }
}
