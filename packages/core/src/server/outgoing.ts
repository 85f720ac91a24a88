/**
 * Messages for links: one object for each message, shared by all of its links, and the batches of
 * one tick.
 */
import type { ServerMessage } from "../protocol/messages.ts";
import type { SlowConsumerPolicy } from "./slow-consumer.ts";

/**
 * A batch is full, and sent before its tick ends, when it reaches either, so that a long tick holds
 * little.
 */
const BATCH_MESSAGES = 256;
export const BATCH_BYTES = 65_536;

/** A message with the data that the queue needs. */
export interface Outgoing {
  readonly message: ServerMessage;
  /** The approximate number of bytes on the wire. */
  readonly bytes: number;
  /** Present on notifications. */
  readonly topic?: OutgoingTopic;
}

/** The part of an {@link Outgoing} that decides what may be dropped. */
export interface OutgoingTopic {
  readonly name: string;
  readonly epoch: string;
  readonly offset: number;
  readonly policy: SlowConsumerPolicy;
  /** While the subscriber is slow, a newer notification with the same key replaces this one. */
  readonly key?: string | undefined;
}

/** Wraps a control message; `bytes` is the size of its payload, where that can be large. */
export function control(message: ServerMessage, bytes = 0): Outgoing {
  return { message, bytes: 128 + bytes };
}

/**
 * The messages that one link is due in this tick, as a path in a tree that all links share. Links
 * that are due the same messages hold the same node, so `messages` is built once and adapters
 * encode it once. A path costs a link one look-up for each message.
 */
export class Batch {
  readonly bytes: number;
  readonly count: number;
  readonly #parent: Batch | undefined;
  readonly #last: Outgoing | undefined;
  #messages: readonly ServerMessage[] | undefined;
  // Nearly always every link appends the same message next; the map is for the others.
  #nextItem: Outgoing | undefined;
  #nextBatch: Batch | undefined;
  #others: Map<Outgoing, Batch> | undefined;

  constructor(parent?: Batch, last?: Outgoing) {
    this.#parent = parent;
    this.#last = last;
    this.bytes = parent && last ? parent.bytes + last.bytes : 0;
    this.count = parent ? parent.count + 1 : 0;
  }

  /** This batch with one more message; the same object for every caller with the same message. */
  with(item: Outgoing): Batch {
    if (this.#nextItem === item && this.#nextBatch) return this.#nextBatch;
    let next = this.#others?.get(item);
    if (!next) {
      next = new Batch(this, item);
      if (this.#nextItem) {
        this.#others ??= new Map();
        this.#others.set(item, next);
      } else {
        this.#nextItem = item;
        this.#nextBatch = next;
      }
    }
    return next;
  }

  get full(): boolean {
    return this.count >= BATCH_MESSAGES || this.bytes >= BATCH_BYTES;
  }

  get items(): readonly Outgoing[] {
    const items: Outgoing[] = this.#last ? [this.#last] : [];
    for (let batch = this.#parent; batch; batch = batch.#parent) if (batch.#last) items.push(batch.#last);
    return items.reverse();
  }

  get messages(): readonly ServerMessage[] {
    this.#messages ??= this.items.map(({ message }) => message);
    return this.#messages;
  }
}
