/**
 * One channel for a tree of components: made on first use, closed when nobody holds it any more.
 * Knows nothing of React.
 */
import type { TopicMap } from "@bellwire/core";
import type { NotificationChannel } from "@bellwire/core/client";

/** A channel without the types of its contract; the hooks' signatures hold those. */
export type AnyChannel = NotificationChannel<TopicMap>;

/** A channel that may not be there yet. */
export interface HeldChannel {
  /** The channel, if it has been opened. Never opens it, so that rendering may ask. */
  readonly current: AnyChannel | undefined;
  /** The channel, made now if need be. Only for effects and handlers, which no server runs. */
  open(): AnyChannel;
  /** Keeps it open until the returned function is called. */
  hold(): () => void;
}

/** A channel of somebody else's, who closes it. */
export function lentChannel(channel: AnyChannel): HeldChannel {
  return { current: channel, open: () => channel, hold: () => () => {} };
}

/**
 * A channel of its own. It is closed when the work under way ends without a holder, and not at
 * once: React takes effects away and puts them back in one go (StrictMode, hot reload), and a
 * component's effects run before those of the provider above, which holds.
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
