/** The hooks that return the state of the connection. */
import type { ChannelState, ChannelStatus } from "@bellwire/core/client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { HeldChannel } from "./held-channel.ts";
import { useHeldChannel } from "./provider.ts";

const IDLE: ChannelStatus = { state: "idle" };

/**
 * The channel's state. It is `idle` on a server and until a component needs a connection. This hook
 * alone does not connect.
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
 * The channel's state with its details: `cause` is the reason that there is no link, as a code and
 * a text; `attempt` counts failed attempts; `after` is the time from the end of the last attempt to
 * the next, in milliseconds. This hook alone does not connect.
 */
export function useChannelStatus(): ChannelStatus {
  const held = useHeldChannel();
  // The channel makes a new object for each call; React needs the same object until something
  // changes.
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
