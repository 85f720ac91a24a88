/**
 * The backlog of one slow consumer: messages that wait in the hub because the link's own buffer is
 * full. Pure: it decides which are kept, replaced or dropped; the link's queue performs.
 */
import type { ServerMessage } from "../protocol/messages.ts";
import { control, type Outgoing } from "./outgoing.ts";

/** The most that a backlog may hold, the transport's own buffer included. */
export interface BacklogCaps {
  readonly bytes: number;
  readonly messages: number;
}

/** Removed places that may accumulate before the backlog is rewritten. */
const SLACK = 64;

export class Backlog {
  #items: Outgoing[] = [];
  #bytes = 0;
  #dead = 0;
  #dropped = 0;
  /** The place of the newest notification of each conflation key. */
  readonly #newest: Map<string, number> = new Map();

  get bytes(): number {
    return this.#bytes;
  }

  /** Notifications that gaps have replaced so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get size(): number {
    return this.#items.length;
  }

  /**
   * Adds messages; `false` when those that must be kept do not fit, and the link must be closed.
   */
  add(items: readonly Outgoing[], buffered: number, caps: BacklogCaps): boolean {
    for (const item of items) this.#push(item);
    if (this.#fits(buffered, caps)) return true;
    this.#compact();
    if (this.#fits(buffered, caps)) return true;
    this.#dropOldest(buffered, caps);
    return this.#fits(buffered, caps);
  }

  /** Removes and returns messages of up to `bytes` bytes, at least one. */
  take(bytes: number): readonly ServerMessage[] {
    this.#compact();
    let end = 0;
    let taken = 0;
    for (const item of this.#items) {
      if (end > 0 && taken + item.bytes > bytes) break;
      taken += item.bytes;
      end += 1;
    }
    const messages = this.#items.slice(0, end).map(({ message }) => message);
    this.#keep(this.#items.slice(end));
    return messages;
  }

  #fits(buffered: number, caps: BacklogCaps): boolean {
    return this.#bytes + buffered <= caps.bytes && this.#items.length <= caps.messages;
  }

  #push(item: Outgoing): void {
    const { topic } = item;
    if (topic) {
      // A late volatile event has no value.
      if (topic.offset === 0) return;
      if (topic.key !== undefined) this.#supersede(`${topic.name} ${topic.key}`);
    }
    this.#items.push(item);
    this.#bytes += item.bytes;
    if (this.#dead > SLACK) this.#compact();
  }

  #supersede(key: string): void {
    const index = this.#newest.get(key);
    this.#newest.set(key, this.#items.length);
    const older = index === undefined ? undefined : this.#items[index];
    if (index === undefined || !older?.topic) return;
    const skip = skipOver(older.topic.name, older.topic.offset);
    this.#items[index] = skip;
    this.#bytes += skip.bytes - older.bytes;
    this.#dead += 1;
  }

  /**
   * Removes every `skip` that a later message of its topic makes superfluous: only the last of a
   * run has an effect.
   */
  #compact(): void {
    if (this.#dead === 0) return;
    const kept: Outgoing[] = [];
    const skippedNext = new Set<string>();
    for (const item of this.#items.toReversed()) {
      const { message } = item;
      if (message.type === "skip") {
        if (skippedNext.has(message.topic)) continue;
        skippedNext.add(message.topic);
      } else if ("topic" in message && message.topic !== undefined) {
        skippedNext.delete(message.topic);
      }
      kept.push(item);
    }
    this.#keep(kept.reverse());
  }

  /**
   * Replaces the oldest notifications of topics with the policy `drop` by a gap, until the rest
   * fits.
   */
  #dropOldest(buffered: number, caps: BacklogCaps): void {
    let bytes = this.#bytes + buffered;
    let count = this.#items.length;
    const gaps = new Map<string, number>();
    const kept: Outgoing[] = [];
    for (const item of this.#items) {
      const { topic } = item;
      const over = bytes > caps.bytes || count > caps.messages;
      if (topic?.policy !== "drop" || !over) {
        const { message } = item;
        // A gap of an earlier overflow grows; after a new start or a renumbering another one is
        // needed.
        if (message.type === "gap" && message.reason === "overflow") gaps.set(message.topic, kept.length);
        else if (message.type === "gap" || message.type === "subscribed") gaps.delete(message.topic);
        kept.push(item);
        continue;
      }
      this.#dropped += 1;
      const gap = overflow(topic.name, topic.epoch, topic.offset);
      const at = gaps.get(topic.name);
      if (at === undefined) {
        gaps.set(topic.name, kept.length);
        kept.push(gap);
        bytes += gap.bytes;
      } else {
        // In place of the first that was dropped: a `skip` between would move the cursor past it
        // unnoticed.
        kept[at] = gap;
        count -= 1;
      }
      bytes -= item.bytes;
    }
    this.#keep(kept);
  }

  #keep(items: Outgoing[]): void {
    this.#items = items;
    this.#bytes = 0;
    this.#dead = 0;
    this.#newest.clear();
    for (const [index, { bytes, topic }] of items.entries()) {
      this.#bytes += bytes;
      if (topic?.key !== undefined) this.#newest.set(`${topic.name} ${topic.key}`, index);
    }
  }
}

function skipOver(topic: string, offset: number): Outgoing {
  return control({ type: "skip", topic, offset });
}

function overflow(topic: string, epoch: string, offset: number): Outgoing {
  return control({ type: "gap", topic, position: { epoch, offset }, reason: "overflow" });
}
