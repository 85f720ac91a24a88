/** The hook that shows the connection. */
import type { ChannelState } from "@bellwire/core/client";
import { useCallback, useSyncExternalStore } from "react";
import { useHeldChannel } from "./provider.ts";

/** The channel's state, `idle` before anything needed a connection and on a server. Does not connect by itself. */
export function useChannelState(): ChannelState {
  const held = useHeldChannel();
  const subscribe = useCallback((changed: () => void) => held.open().onState(changed), [held]);
  return useSyncExternalStore<ChannelState>(
    subscribe,
    () => held.current?.state ?? "idle",
    () => "idle",
  );
}
