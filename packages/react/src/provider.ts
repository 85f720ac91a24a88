/** The provider, and the hook that finds the channel above a component. */
import { BellwireError } from "@bellwire/core";
import {
  type Context,
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import { type AnyChannel, type HeldChannel, lentChannel, ownChannel } from "./held-channel.ts";
import type { RegisteredChannel } from "./register.ts";

/**
 * Props of {@link ChannelProvider}: either a function that makes the channel, or a channel that the
 * application closes.
 */
export type ChannelProviderProps = { readonly children?: ReactNode } & (
  | {
      /**
       * Makes the channel, in the browser, when a component first needs it; the provider closes it
       * when it unmounts. Called once for a provider: StrictMode, hot reload and another function
       * in a later render make no second channel.
       */
      readonly create: () => RegisteredChannel;
      readonly channel?: never;
    }
  | {
      /**
       * A channel that lives outside of React and is never closed here. When the prop changes, all
       * components subscribe on the new channel.
       */
      readonly channel: RegisteredChannel;
      readonly create?: never;
    }
);

const ChannelContext: Context<HeldChannel | undefined> = createContext<HeldChannel | undefined>(undefined);

/**
 * Provides one channel to the components below it. Rendering on a server makes no channel and no
 * connection.
 */
export function ChannelProvider({ channel, create, children }: ChannelProviderProps): ReactElement {
  const [own] = useState(() => ownChannel(create as unknown as () => AnyChannel));
  const lent = useMemo(() => channel && lentChannel(channel as unknown as AnyChannel), [channel]);
  const held = lent ?? own;
  useEffect(() => held.hold(), [held]);
  return createElement(ChannelContext.Provider, { value: held }, children);
}

/** The channel above the component. Throws `invalid_option` without a provider. */
export function useHeldChannel(): HeldChannel {
  const held = useContext(ChannelContext);
  if (!held) throw new BellwireError("invalid_option", "the hooks need a ChannelProvider above them");
  return held;
}
