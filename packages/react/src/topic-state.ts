/** A component's subscription to one topic, and the state that the component derives from it. */
import type { BellwireError, TopicMap } from "@bellwire/core";
import type { Gap, SubscribeOptions, Subscription } from "@bellwire/core/client";
import { useCallback, useEffect, useRef, useState } from "react";
import { type AnyChannel, type HeldChannel, withPast } from "./held-channel.ts";
import { useLatest } from "./latest.ts";
import { useHeldChannel } from "./provider.ts";

/** The state of a component's subscription. */
export interface TopicStatus {
  /**
   * Whether the hub has confirmed the subscription: from then on nothing is missed without a gap.
   * It stays true while the link is lost.
   */
  readonly ready: boolean;
  /** The last gap; undefined when there was none. */
  readonly gap: Gap | undefined;
  /**
   * The reason that the hub refused or ended the subscription, such as `forbidden`; undefined
   * otherwise.
   */
  readonly error: BellwireError | undefined;
}

/** The status of a subscription that has just begun. */
export const BEGINNING: TopicStatus = { ready: false, gap: undefined, error: undefined };

/** Applies a change to the state; a function that returns the same object changes nothing. */
export type Change<S> = (next: (before: S) => S) => void;

/** A subscription without the types of its contract. */
export type AnySubscription = Subscription<TopicMap, string>;

interface Kept<S> {
  readonly held: HeldChannel;
  readonly topic: string | null;
  readonly state: S;
}

/**
 * Subscribes while the component is mounted and `topic` is not null. `listen` adds the component's
 * own listeners, which are removed before the subscription is closed. The state belongs to one
 * topic of one channel; when either changes, it is `beginning` in the same render. `beginning` MUST
 * be the same object in every render. `options`: for the subscription, when it is made.
 */
export function useTopicState<S extends TopicStatus>(
  topic: string | null,
  beginning: S,
  listen: (subscription: AnySubscription, change: Change<S>, channel: AnyChannel) => readonly (() => void)[],
  options: SubscribeOptions = {},
): readonly [state: S, change: Change<S>] {
  const held = useHeldChannel();
  const [kept, setKept] = useState<Kept<S>>({ held, topic, state: beginning });
  const subscribed = useRef(false);
  const latest = useLatest({ listen, options });
  const change: Change<S> = useCallback(
    (next) =>
      setKept((before) => {
        const state = stateOf(before, held, topic) ?? beginning;
        const changed = next(state);
        return changed === state ? before : { held, topic, state: changed };
      }),
    [held, topic, beginning],
  );

  useEffect(() => {
    if (topic === null) return;
    const become = (status: Partial<TopicStatus>): void => change((before) => ({ ...before, ...status }));
    let channel: AnyChannel;
    let subscription: AnySubscription;
    const { history } = latest.current.options;
    try {
      channel = held.open();
      subscription =
        history === undefined ? channel.subscribe(topic) : withPast(channel).subscribe(topic, { history });
    } catch (error) {
      return become({ error: error as BellwireError });
    }
    subscribed.current = true;
    const stop = [
      subscription.onGap((gap) => become({ gap })),
      subscription.onEnd((error) => become({ error })),
      ...latest.current.listen(subscription, change, channel),
    ];
    let mounted = true;
    subscription.ready().then(
      () => mounted && become({ ready: true, error: undefined }),
      () => {}, // heard by `onEnd`
    );
    return () => {
      mounted = false;
      subscribed.current = false;
      for (const remove of stop) remove();
      // The subscription is closed later, so that restored effects, or another component on the
      // topic, take it over without a message to the hub.
      queueMicrotask(() => {
        subscription.close();
        // Notifications that come without a subscription are missed, and a component that is shown
        // again must show that.
        if (!subscribed.current) change(() => beginning);
      });
    };
  }, [held, topic, change, beginning, latest]);

  return [stateOf(kept, held, topic) ?? beginning, change];
}

function stateOf<S>(kept: Kept<S>, held: HeldChannel, topic: string | null): S | undefined {
  return kept.held === held && kept.topic === topic ? kept.state : undefined;
}
