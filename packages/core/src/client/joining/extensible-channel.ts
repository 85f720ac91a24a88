/** A channel as the code sees it that adds to it. */
import type { Clock } from "../../clock.ts";
import type { TopicMatch } from "../../contract.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import type { ChannelState, ChannelStatus } from "../connection-machine.ts";
import type { SubscriptionHandle } from "../subscription.ts";

/**
 * The channel calls its own methods by their names, so that `subscribe`, `receive` and `changed`
 * can be replaced by functions that call the former ones.
 */
export interface ExtensibleChannel {
  readonly status: ChannelStatus;
  readonly clock: Clock;
  readonly report: (error: unknown) => void;
  connect(): void;
  subscribe(topic: string): SubscriptionHandle;
  /** Takes a message of the hub. */
  receive(message: ServerMessage): void;
  /** The state changed, or is connected over another link. */
  changed(now: ChannelState, before: ChannelState): void;
  /** The topic in the contract. Throws `unknown_topic`. */
  find(topic: string): TopicMatch;
  /** A fresh reference for a command. */
  ref(): number;
  send(message: ClientMessage): void;
}
