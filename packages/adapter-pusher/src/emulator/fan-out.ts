/**
 * The encoding of batches that many connections are due. The hub gives equal batches as one array, one connection after the other,
 * so the last encoding is kept; it holds for every connection whose channels stand in the same epochs.
 */
import type { Notified, ServerMessage } from "@bellwire/core";
import { textFrames } from "@bellwire/core/server";
import type { Senders } from "./senders.ts";
import { memberText, notificationText, PING, PONG } from "./translate.ts";

/** What the fan-out asks of a connection's channel. */
export interface Standing {
  /** The epoch of what comes on it; undefined while what comes must be looked at one by one. */
  readonly live: string | undefined;
}

/** A connection's channels by name. */
export type Standings = ReadonlyMap<string, Standing>;

interface Encoding {
  readonly epochs: readonly (readonly [channel: string, epoch: string])[];
  readonly bytes: Buffer;
}

export class FanOut {
  readonly #senders: Senders;
  #batch: readonly ServerMessage[] | undefined;
  #plain = false;
  #encoding: Encoding | undefined;

  constructor(senders: Senders) {
    this.#senders = senders;
  }

  /** The frames of a batch, perhaps none; undefined when its messages must be looked at one by one for this connection. */
  encode(batch: readonly ServerMessage[], channels: Standings): Buffer | undefined {
    if (batch !== this.#batch) {
      this.#batch = batch;
      this.#plain = batch.every(isPlain);
      this.#encoding = undefined;
    }
    if (!this.#plain) return undefined;
    const last = this.#encoding;
    if (last?.epochs.every(([channel, epoch]) => channels.get(channel)?.live === epoch)) return last.bytes;
    const encoding = this.#encode(batch, channels);
    this.#encoding = encoding ?? last;
    return encoding?.bytes;
  }

  /** A notification for one connection. */
  notification(message: Notified, epoch: string): string {
    return notificationText(message, epoch, this.#senders.of(message));
  }

  #encode(batch: readonly ServerMessage[], channels: Standings): Encoding | undefined {
    const epochs = new Map<string, string>();
    const texts: string[] = [];
    for (const message of batch) {
      if ("topic" in message && message.topic !== undefined) {
        const epoch = channels.get(message.topic)?.live;
        if (epoch === undefined) return undefined;
        epochs.set(message.topic, epoch);
        if (message.type === "notification") texts.push(this.notification(message, epoch));
        else if (message.type === "joined" || message.type === "left") texts.push(memberText(message));
      } else texts.push(message.type === "ping" ? PING : PONG);
    }
    return { epochs: [...epochs], bytes: textFrames(texts) };
  }
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
