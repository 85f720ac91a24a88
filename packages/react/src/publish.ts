/** The hook that publishes. */
import type { EventsOf, InputOf, TopicMap, TopicsOf } from "@bellwire/core";
import type { ChannelPublishOptions, Receipt } from "@bellwire/core/client";
import { useCallback, useState } from "react";
import { useHeldChannel } from "./provider.ts";
import type { RegisteredTopics } from "./register.ts";

/** Publishes one event, and says how that goes. */
export interface Publisher<M extends TopicMap, T extends string, E extends string> {
  /**
   * Publishes as the channel does, from a handler or an effect, and rejects as it does; who does not wait for the promise reads `error`.
   * The same function in every render for the same topic and event.
   */
  readonly publish: (data: InputOf<M, T, E>, options?: ChannelPublishOptions) => Promise<Receipt>;
  /** Whether an acknowledgement is still to come. While away it is, as long as the publish waits in the outbox. */
  readonly pending: boolean;
  /** Why the last publish that ended failed, in general a `BellwireError`; undefined when it did not, and once another begins. */
  readonly error: unknown;
}

interface Progress {
  readonly under: number;
  readonly error: unknown;
}

/** @example const { publish, pending, error } = usePublish("workouts.42", "completed"); */
export function usePublish<T extends TopicsOf<RegisteredTopics>, E extends EventsOf<RegisteredTopics, T>>(
  topic: T,
  event: E,
): Publisher<RegisteredTopics, T, E> {
  const held = useHeldChannel();
  const [{ under, error }, setProgress] = useState<Progress>({ under: 0, error: undefined });
  const publish = useCallback(
    (data: unknown, options?: ChannelPublishOptions): Promise<Receipt> => {
      const ended = (failure?: unknown): void =>
        setProgress((before) => ({ under: before.under - 1, error: failure }));
      setProgress((before) => ({ under: before.under + 1, error: undefined }));
      const receipt = held.open().publish(topic as string, event as string, data, options);
      // This also keeps a failure that nobody waits for from being an unhandled rejection.
      receipt.then(() => ended(), ended);
      return receipt;
    },
    [held, topic, event],
  );
  return { publish, pending: under > 0, error };
}
