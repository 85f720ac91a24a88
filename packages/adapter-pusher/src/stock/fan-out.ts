/**
 * The encoding of batches that many connections are due. The hub gives equal batches as one array, one connection after the other,
 * so the last encoding is kept; it holds for every connection whose channels are live.
 */
import type { Joined, Left, Notified, ServerMessage } from "@bellwire/core/adapter";
import { textFrames } from "@bellwire/core/adapter";
import { PING, PONG } from "../connection/event-text.ts";
import { addedText, notificationText, removedText } from "./events.ts";
import type { MemberIds } from "./member-id.ts";
import type { Senders } from "./senders.ts";

/** What the fan-out asks of a connection's channel. */
export interface Standing {
  /** False while what comes on it must be looked at one by one. */
  readonly live: boolean;
}

/** A connection's channels by name. */
export type Standings = ReadonlyMap<string, Standing>;

export class FanOut {
  readonly #senders: Senders;
  readonly #memberIds: MemberIds;
  #batch: readonly ServerMessage[] | undefined;
  /** The channels that the batch is about; undefined when it is not the same for everybody. */
  #channels: ReadonlySet<string> | undefined;
  #frames: Buffer | undefined;

  constructor(senders: Senders, memberIds: MemberIds) {
    this.#senders = senders;
    this.#memberIds = memberIds;
  }

  /** The frames of a batch, perhaps none; undefined when its messages must be looked at one by one for this connection. */
  encode(batch: readonly ServerMessage[], channels: Standings): Buffer | undefined {
    if (batch !== this.#batch) {
      this.#batch = batch;
      this.#channels = batch.every(isPlain) ? channelsOf(batch) : undefined;
      this.#frames = undefined;
    }
    if (!this.#channels) return undefined;
    for (const channel of this.#channels) if (!channels.get(channel)?.live) return undefined;
    this.#frames ??= textFrames(batch.flatMap((message) => this.#text(message) ?? []));
    return this.#frames;
  }

  /** A notification for one connection. */
  notification(message: Notified): string {
    return notificationText(message, this.#senders.of(message));
  }

  /** That a member came or left, for one connection. */
  member(message: Joined | Left): string {
    const { topic } = message;
    if (message.type === "left") return removedText(topic, this.#memberIds.left(topic, message.id));
    this.#memberIds.came(topic, message.member);
    return addedText(message);
  }

  /** The text of a plain message for a client; undefined when it means nothing to one. */
  #text(message: ServerMessage): string | undefined {
    switch (message.type) {
      case "notification":
        return this.notification(message);
      case "joined":
      case "left":
        return this.member(message);
      case "ping":
        return PING;
      case "pong":
        return PONG;
      default:
        return undefined;
    }
  }
}

function channelsOf(batch: readonly ServerMessage[]): ReadonlySet<string> {
  return new Set(batch.flatMap((message) => ("topic" in message ? (message.topic ?? []) : [])));
}

/** Whether a message means the same for everybody who is subscribed, and changes nothing for them. */
function isPlain({ type }: ServerMessage): boolean {
  switch (type) {
    case "notification":
    case "joined":
    case "left":
    case "head":
    case "skip":
    case "ping":
    case "pong":
      return true;
    default:
      return false;
  }
}
