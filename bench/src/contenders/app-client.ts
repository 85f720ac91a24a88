/** The benchmark's client on Bellwire: what it does with a channel, whatever the wire. */
import type { TopicMap, Transport } from "@bellwire/core";
import { type ChannelOptions, createChannel } from "@bellwire/core/client";
import type { ClientHalf, ClientOrder } from "../contender.ts";
import { contractOf } from "./workout-app.ts";

/** Subscribes a channel to all topics; resolves when the hub has answered for each. */
export async function connectChannel(
  transport: Transport,
  order: ClientOrder,
  options: Pick<ChannelOptions<TopicMap, Transport>, "backoff" | "random"> = {},
): Promise<ClientHalf> {
  const channel = createChannel({ ...options, topics: contractOf(order.events), transport });
  channel.onError((error) => order.troubled(String(error)));
  channel.onState((state) => {
    if (!order.comesBack && state !== "connected" && state !== "connecting" && state !== "closed")
      order.troubled(`the channel is ${state}`);
  });
  await Promise.all(
    order.topics.map((topic) => {
      const subscription = channel.subscribe(topic);
      subscription.onAny(({ data }) => order.received(topic, data));
      subscription.onGap(({ reason }) => order.troubled(`gap in ${topic}: ${reason}`));
      subscription.onEnd((error) => order.troubled(`${topic} ended: ${error.message}`));
      return subscription.ready();
    }),
  );
  return {
    async publish({ topic, event, data }) {
      await channel.publish(topic, event, data);
    },
    live: () => channel.state === "connected",
    close: () => channel.close(),
  };
}

/**
 * The messages with which a raw connection says hello and subscribes; it has no library to do that.
 */
export const HELLO: string = JSON.stringify({ type: "hello", protocol: 1, session: "load" });

/** See {@link HELLO}. */
export function subscribeMessage(topic: string): string {
  return JSON.stringify({ type: "subscribe", ref: 1, topic });
}
