/** State, events and effects of the machine of a topic of hosted Pusher. */
import type { Position } from "@bellwire/core";
import type { Failed, Notified, ServerMessage, Skip, Subscribed } from "@bellwire/core/adapter";
import { type Arrival, type Held, NOTHING } from "./held.ts";

export interface HostedTopic {
  readonly state: "left" | "joining" | "catching_up" | "paused" | "live";
  readonly topic: string;
  /** Whether missing notifications can be read. It never changes. */
  readonly history: boolean;
  /** The epoch of the offsets that this end makes up where there is no history. */
  readonly ownEpoch: string;
  /** The channel's subscribe command that has no answer yet: while joining and catching up. */
  readonly pending: { readonly ref: number; readonly position: Position | undefined } | undefined;
  /** The last place that was delivered, in the provider's numbers; undefined before it is known. */
  readonly cursor: Position | undefined;
  /** The difference between the offsets that the channel receives and the provider's. */
  readonly shift: number;
  readonly held: Held;
  /** The read under way: its number, and the position from which it reads. */
  readonly reading: { readonly number: number; readonly after: Position | undefined } | undefined;
  /** The number of the last read. */
  readonly reads: number;
  /** Whether `waited` is still to come. */
  readonly waiting: boolean;
  /** Milliseconds to wait for a missing notification the next time. */
  readonly patience: number;
}

/** A refusal of the provider, the server that signs, or the history. */
export type Refusal = Pick<Failed, "code" | "message"> & { readonly retryAfter?: number | undefined };

/** The history's answer: everything after the position that was asked for, or a gap. */
export type HistoryAnswer = Pick<Subscribed, "position" | "gap"> & {
  readonly messages: readonly (Notified | Skip)[];
};

export type TopicEvent =
  /** The channel subscribes, or subscribes again from another position. */
  | { readonly type: "subscribe"; readonly ref: number; readonly position: Position | undefined }
  /** The channel unsubscribes. */
  | { readonly type: "unsubscribe" }
  /** The provider has subscribed this end: its events come from now on. */
  | { readonly type: "joined" }
  /** The provider, or the server that signs for it, refused. */
  | { readonly type: "refused"; readonly refusal: Refusal }
  /** An event for a place of the topic. */
  | { readonly type: "arrived"; readonly place: Position; readonly arrival: Arrival }
  /** An event without a place, which is delivered when it comes, or never. */
  | { readonly type: "volatile"; readonly message: Notified }
  /** An event without a place was too large for the provider, and nothing can bring it back. */
  | { readonly type: "lost" }
  /** The time that the effect `wait` asked for has passed. */
  | { readonly type: "waited" }
  /** Time to compare with the history, which finds that the last event was lost. */
  | { readonly type: "check" }
  /** The history has answered the read of this number. */
  | { readonly type: "read"; readonly number: number; readonly answer: HistoryAnswer }
  /** The history could not be read. */
  | { readonly type: "unread"; readonly number: number; readonly refusal: Refusal };

export type TopicEffect =
  | { readonly do: "say"; readonly message: ServerMessage }
  /** Ask the provider for the channel; `joined` or `refused` follows. */
  | { readonly do: "join" }
  | { readonly do: "leave" }
  /** Read the history; `read` or `unread` with the same number follows. */
  | { readonly do: "read"; readonly number: number; readonly after: Position | undefined }
  /** Report `waited` after that many milliseconds, or somewhat fewer. */
  | { readonly do: "wait"; readonly ms: number };

/** The next state and what has to be done, in this order. */
export interface TopicStep {
  readonly next: HostedTopic;
  readonly effects: readonly TopicEffect[];
}

/** Milliseconds to wait for a notification that was overtaken. */
export const PATIENCE = 500;

/** A topic that nobody has subscribed to yet. */
export function newTopic({
  topic,
  history,
  ownEpoch,
}: Pick<HostedTopic, "topic" | "history" | "ownEpoch">): HostedTopic {
  return {
    state: "left",
    topic,
    history,
    ownEpoch,
    pending: undefined,
    cursor: undefined,
    shift: 0,
    held: NOTHING,
    reading: undefined,
    reads: 0,
    waiting: false,
    patience: PATIENCE,
  };
}

/** A step to a state, with effects. */
export function to(next: HostedTopic, ...effects: readonly TopicEffect[]): TopicStep {
  return { next, effects };
}

/** A step, followed by the step that `more` takes from its state. */
export function andThen({ next, effects }: TopicStep, more: (now: HostedTopic) => TopicStep): TopicStep {
  const after = more(next);
  return { next: after.next, effects: [...effects, ...after.effects] };
}

export function say(message: ServerMessage): TopicEffect {
  return { do: "say", message };
}
