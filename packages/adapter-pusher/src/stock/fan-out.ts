/**
 * Encodes batches that go to many connections. The hub passes equal batches as one array to one
 * connection after the other, so the last encoding is kept. It is valid for every connection whose
 * channels are live.
 */
import type { Joined, Left, Notified, ServerMessage } from "@bellwire/core/adapter";
import { textFrames } from "@bellwire/core/adapter";
import { PING, PONG } from "../connection/event-text.ts";
import { addedText, notificationText, removedText } from "./events.ts";
import type { MemberIds } from "./member-id.ts";
import type { Senders } from "./senders.ts";

/** The state of one channel on a connection. */
export interface Standing {
  /** False while messages on the channel must be handled one by one. */
  readonly live: boolean;
}

/** A connection's channels by name. */
export type Standings = ReadonlyMap<string, Standing>;

export class FanOut {
  readonly #senders: Senders;
  readonly #memberIds: MemberIds;
  #batch: readonly ServerMessage[] | undefined;
  /** The channels in the batch; undefined when connections need different encodings. */
  #channels: ReadonlySet<string> | undefined;
  #frames: Buffer | undefined;

  constructor(senders: Senders, memberIds: MemberIds) {
    this.#senders = senders;
    this.#memberIds = memberIds;
  }

  /**
   * The frames of a batch, which may be empty. Undefined when this connection must handle the
   * messages one by one.
   */
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

  /** The event of a notification. */
  notification(message: Notified): string {
    return notificationText(message, this.#senders.of(message));
  }

  /** The event of a member that joined or left. */
  member(message: Joined | Left): string {
    const { topic } = message;
    if (message.type === "left") return removedText(topic, this.#memberIds.left(topic, message.id));
    this.#memberIds.came(topic, message.member);
    return addedText(message);
  }

  /** The event of a plain message; undefined when Pusher has none for it. */
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

/** Whether a message is the same for every subscriber and changes no state of a connection. */
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
