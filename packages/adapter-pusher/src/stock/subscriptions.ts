/**
 * The channels of one connection. Subscribes at the hub in the client's place and translates the
 * answers.
 */

import type { ErrorCode, Position } from "@bellwire/core";
import type { ClientMessage, Grant, ServerMessage } from "@bellwire/core/adapter";
import { channelClass } from "../protocol/channel-name.ts";
import { ERROR_TEXT, type PusherError } from "../protocol/pusher-error.ts";
import type { Connection } from "./channels.ts";
import { cacheMissText, gapText, rosterText, succeededText } from "./events.ts";
import type { Standing, Standings } from "./fan-out.ts";
import type { PusherHost } from "./host.ts";

/** The connection of these channels. */
export interface SubscriptionPort extends Connection {
  /** Sends the hub a command. */
  tell(message: ClientMessage, bytes: number): void;
  nextRef(): number;
  /** Writes the text of an event. */
  write(text: string): void;
  fail(error: PusherError): void;
}

/** The number of subscriptions that may wait because the client exceeds the hub's rate. */
const WAITING = 256;

interface ChannelState extends Standing {
  readonly name: string;
  readonly grant: Grant | undefined;
  /** The reference of the command whose answer counts. */
  ref: number;
  /** The hub has answered; its messages on the channel belong to this subscription. */
  answered: boolean;
  /** The client has received the answer to its subscription. */
  begun: boolean;
  /** On a cache channel: the offset of the last event, while the hub is asked for it. */
  cached: number | undefined;
  live: boolean;
  retry: ReturnType<typeof setTimeout> | undefined;
}

type About<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

export class Subscriptions {
  readonly #host: PusherHost;
  readonly #port: SubscriptionPort;
  readonly #states: Map<string, ChannelState> = new Map();
  readonly #asked: Map<number, ChannelState> = new Map();
  #waiting = 0;

  constructor(host: PusherHost, port: SubscriptionPort) {
    this.#host = host;
    this.#port = port;
  }

  get standings(): Standings {
    return this.#states;
  }

  has(channel: string): boolean {
    return this.#states.has(channel);
  }

  /** The grant of a subscription, answered or not; undefined also where none is needed. */
  grant(channel: string): Grant | undefined {
    return this.#states.get(channel)?.grant;
  }

  /** Whether the client has received the answer to its subscription. */
  begun(channel: string): boolean {
    return this.#states.get(channel)?.begun === true;
  }

  /** Subscribes. `grant` comes from the client's signature. */
  add(name: string, grant: Grant | undefined, bytes: number): void {
    const state: ChannelState = {
      name,
      grant,
      ref: 0,
      answered: false,
      begun: false,
      cached: undefined,
      live: false,
      retry: undefined,
    };
    this.#states.set(name, state);
    this.#ask(state, undefined, bytes);
  }

  /** Unsubscribes. Ignores channels that are not subscribed, as Pusher does. */
  remove(name: string, bytes: number): void {
    const state = this.#states.get(name);
    if (!state) return;
    this.#forget(state);
    this.#port.tell({ type: "unsubscribe", ref: this.#port.nextRef(), topic: name }, bytes);
  }

  /** Ends every subscription: the connection is over. */
  clear(): void {
    for (const state of this.#states.values()) this.#forget(state);
  }

  /** Takes the hub's messages about topics and ignores all others. */
  hear(message: ServerMessage): void {
    switch (message.type) {
      case "subscribed":
        return this.#subscribed(message);
      case "error":
        return this.#failed(message);
      case "members":
      case "joined":
      case "left":
      case "notification":
      case "skip":
      case "gap": {
        const state = this.#states.get(message.topic);
        // Until then, messages belong to an earlier subscription of the channel.
        if (!state?.answered) return;
        if (message.type === "members") return this.#roster(state, message);
        if (!state.begun) return;
        if (message.type === "joined" || message.type === "left")
          return this.#port.write(this.#host.fanOut.member(message));
        return this.#continue(state, message);
      }
      default:
    }
  }

  #ask(state: ChannelState, position: Position | undefined, bytes: number): void {
    const ref = this.#port.nextRef();
    state.ref = ref;
    this.#asked.set(ref, state);
    this.#port.tell({ type: "subscribe", ref, topic: state.name, ...(position && { position }) }, bytes);
  }

  /** The state whose subscription has this reference; undefined when it has ended meanwhile. */
  #answered(ref: number | undefined): ChannelState | undefined {
    const state = ref === undefined ? undefined : this.#asked.get(ref);
    if (state) this.#asked.delete(state.ref);
    return state;
  }

  #subscribed({ ref, position, gap }: About<"subscribed">): void {
    const state = this.#answered(ref);
    if (!state) return;
    const { access, cache } = channelClass(state.name);
    if (cache && state.cached === undefined && position.offset > 0) {
      // The hub replays the events after a position, so one step back brings the last one.
      state.cached = position.offset;
      return this.#ask(state, { ...position, offset: position.offset - 1 }, 0);
    }
    if (gap) state.cached = undefined;
    state.answered = true;
    if (access !== "presence") this.#begin(state, succeededText(state.name));
  }

  #roster(state: ChannelState, message: About<"members">): void {
    if (state.begun) return;
    for (const member of message.members) this.#host.memberIds.came(state.name, member);
    this.#begin(state, rosterText(message, state.grant?.member?.id ?? ""));
  }

  #begin(state: ChannelState, text: string): void {
    state.begun = true;
    this.#port.write(text);
    if (state.cached === undefined) {
      state.live = true;
      if (channelClass(state.name).cache) this.#miss(state);
    }
    this.#host.channels.enter(state.name, this.#port, state.grant?.member?.id);
  }

  #miss({ name }: ChannelState): void {
    this.#port.write(cacheMissText(name));
    this.#host.cacheMiss(name);
  }

  #continue(state: ChannelState, message: About<"notification"> | About<"skip"> | About<"gap">): void {
    const { cached } = state;
    state.cached = undefined;
    state.live = true;
    if (message.type === "gap") return this.#port.write(gapText(message));
    // Client events are not kept for later subscribers.
    const kept = message.type === "notification" && !message.event.startsWith("client-");
    if (cached !== undefined && message.offset === cached && !kept) return this.#miss(state);
    if (message.type === "notification") this.#port.write(this.#host.fanOut.notification(message));
  }

  #failed({ ref, topic, code, message, retryAfter }: About<"error">): void {
    const state = ref === undefined ? this.#states.get(topic ?? "") : this.#answered(ref);
    if (!state) return;
    // A stock client does not ask again until it reconnects, so this end does.
    if (ref !== undefined && retryAfter !== undefined && this.#waiting < WAITING) {
      this.#waiting += 1;
      state.retry = setTimeout(() => {
        this.#waiting -= 1;
        state.retry = undefined;
        state.cached = undefined;
        this.#ask(state, undefined, 0);
      }, retryAfter);
      return;
    }
    this.#forget(state);
    this.#port.fail({ code, message: reasonText(code, message, state.name), channel: state.name });
  }

  #forget(state: ChannelState): void {
    this.#states.delete(state.name);
    this.#asked.delete(state.ref);
    if (state.retry) {
      clearTimeout(state.retry);
      this.#waiting -= 1;
    }
    if (state.begun) this.#host.channels.leave(state.name, this.#port, state.grant?.member?.id);
  }
}

function reasonText(code: ErrorCode, message: string, channel: string): string {
  if (code === "unknown_topic") return ERROR_TEXT.unknownChannel(channel);
  return code === "forbidden" ? ERROR_TEXT.forbidden(channel) : message;
}
