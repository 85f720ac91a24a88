/** The workout app's client on Bellwire: what it does with a channel, whatever the wire. */
import type { Transport } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import type { ClientOrder } from "../contender.ts";
import { topics } from "./workout-app.ts";

/** A channel as this file uses it: topics come from a file, so their types are not known here. */
interface AnyChannel {
  subscribe(topic: string): {
    onAny(listener: (notification: { readonly data: unknown }) => void): void;
    onGap(listener: (gap: { readonly reason: string }) => void): void;
    onEnd(listener: (error: Error) => void): void;
    ready(): Promise<unknown>;
  };
}

/** Subscribes a channel to all topics; resolves when the hub has answered for each. */
export async function connectChannel(transport: Transport, order: ClientOrder): Promise<void> {
  const typed = createChannel({ topics, transport });
  typed.onError((error) => order.troubled(String(error)));
  const channel = typed as unknown as AnyChannel;
  await Promise.all(
    order.topics.map((topic) => {
      const subscription = channel.subscribe(topic);
      subscription.onAny(({ data }) => order.received(topic, data));
      subscription.onGap(({ reason }) => order.troubled(`gap in ${topic}: ${reason}`));
      subscription.onEnd((error) => order.troubled(`${topic} ended: ${error.message}`));
      return subscription.ready();
    }),
  );
}

/** The messages with which a raw connection says hello and subscribes; it has no library to do that. */
export const HELLO: string = JSON.stringify({ type: "hello", protocol: 1, session: "load" });

/** See {@link HELLO}. */
export function subscribeMessage(topic: string): string {
  return JSON.stringify({ type: "subscribe", ref: 1, topic });
}
