/** The hook that publishes. */
import {
  BellwireError,
  type EventsOf,
  type InputOf,
  isBellwireError,
  type ResultOf,
  type TopicMap,
  type TopicsOf,
} from "@bellwire/core";
import type { ChannelPublishOptions, Receipt } from "@bellwire/core/client";
import { useCallback, useState } from "react";
import { useHeldChannel } from "./provider.ts";
import type { RegisteredTopics } from "./register.ts";

/** A function that publishes one event, and the state of its publishes. */
export interface Publisher<M extends TopicMap, T extends string, E extends string> {
  /**
   * Publishes as the channel does, from a handler or an effect, and rejects with the same errors. A
   * component that does not await the promise may read `error` instead. The function is the same in
   * every render with the same topic and event.
   */
  readonly publish: (
    data: InputOf<M, T, E>,
    options?: ChannelPublishOptions,
  ) => Promise<Receipt<ResultOf<M, T, E>>>;
  /**
   * Whether an acknowledgement is outstanding, which includes publishes that wait in the outbox
   * while the link is lost.
   */
  readonly pending: boolean;
  /**
   * The error of the last publish that ended; undefined when it succeeded and after another has
   * begun. An error of the application's own code, such as a schema's, is the `cause` of an
   * `internal`.
   */
  readonly error: BellwireError | undefined;
}

interface Progress {
  readonly under: number;
  readonly error: BellwireError | undefined;
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
      const ended = (error?: BellwireError): void =>
        setProgress((before) => ({ under: before.under - 1, error }));
      setProgress((before) => ({ under: before.under + 1, error: undefined }));
      const send = async (): Promise<Receipt> =>
        held.open().publish(topic as string, event as string, data, options);
      const receipt = send();
      // This handler also prevents an unhandled rejection when the caller ignores the promise.
      receipt.then(
        () => ended(),
        (cause: unknown) =>
          ended(
            isBellwireError(cause)
              ? cause
              : new BellwireError("internal", "the program's own code failed", { cause }),
          ),
      );
      return receipt;
    },
    [held, topic, event],
  );
  return { publish: publish as Publisher<RegisteredTopics, T, E>["publish"], pending: under > 0, error };
}
