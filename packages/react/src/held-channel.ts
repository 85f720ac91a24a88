/**
 * One channel for a tree of components: made on first use, closed after its last holder has left.
 * This file does not depend on React.
 */
import { BellwireError, type TopicMap } from "@bellwire/core";
import type { HistoryChannel, NotificationChannel } from "@bellwire/core/client";

/** A channel without the types of its contract; the hooks' signatures hold those. */
export type AnyChannel = NotificationChannel<TopicMap>;

/** The channel as one that reads the past. Throws `invalid_option` if it is none. */
export function withPast(channel: AnyChannel): HistoryChannel<TopicMap> {
  if ("history" in channel) return channel as HistoryChannel<TopicMap>;
  throw new BellwireError("invalid_option", "history: the channel must be one of withHistory");
}

/** A channel that may not have been made yet. */
export interface HeldChannel {
  /** The channel, if it has been opened. Never opens it, so that rendering may ask. */
  readonly current: AnyChannel | undefined;
  /**
   * The channel, made now if necessary. Only effects and handlers may call it: they do not run on a
   * server.
   */
  open(): AnyChannel;
  /** Keeps the channel open until the returned function is called. */
  hold(): () => void;
}

/** A channel that the application made and closes. */
export function lentChannel(channel: AnyChannel): HeldChannel {
  return { current: channel, open: () => channel, hold: () => () => {} };
}

/**
 * A channel that this object makes and closes. It closes the channel in a microtask, if it has no
 * holder by then: React removes effects and restores them in one synchronous pass (StrictMode, hot
 * reload), and a component's effects run before those of the provider above it, which is the
 * holder.
 */
export function ownChannel(create: () => AnyChannel): HeldChannel {
  let channel: AnyChannel | undefined;
  let holds = 0;
  const settle = (): void => {
    queueMicrotask(() => {
      if (holds > 0) return;
      channel?.close();
      channel = undefined;
    });
  };
  return {
    get current() {
      return channel;
    },
    open() {
      if (holds === 0) settle();
      channel ??= create();
      return channel;
    },
    hold() {
      holds += 1;
      return () => {
        holds -= 1;
        settle();
      };
    },
  };
}
