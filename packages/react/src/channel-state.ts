/** The hooks that show the connection. */
import type { ChannelState, ChannelStatus } from "@bellwire/core/client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { HeldChannel } from "./held-channel.ts";
import { useHeldChannel } from "./provider.ts";

const IDLE: ChannelStatus = { state: "idle" };

/**
 * The channel's state, `idle` before anything needed a connection and on a server. Does not connect
 * by itself.
 */
export function useChannelState(): ChannelState {
  const held = useHeldChannel();
  return useSyncExternalStore<ChannelState>(
    useChanges(held),
    () => held.current?.state ?? "idle",
    () => "idle",
  );
}

/**
 * The channel's state with what led to it: `cause` says why there is no link, in a code and words
 * for people, `attempt` how many have failed, and `after` in how many milliseconds from the last
 * one's end the next is made. Does not connect by itself.
 */
export function useChannelStatus(): ChannelStatus {
  const held = useHeldChannel();
  // The channel makes a new object at each question; React wants the same one for as long as
  // nothing has changed.
  const read = useMemo(() => {
    let last = IDLE;
    return (): ChannelStatus => {
      const now = held.current?.status ?? IDLE;
      const same =
        now.state === last.state &&
        now.attempt === last.attempt &&
        now.cause === last.cause &&
        now.after === last.after;
      if (!same) last = now;
      return last;
    };
  }, [held]);
  return useSyncExternalStore<ChannelStatus>(useChanges(held), read, () => IDLE);
}

function useChanges(held: HeldChannel): (changed: () => void) => () => void {
  return useCallback((changed: () => void) => held.open().onState(changed), [held]);
}
