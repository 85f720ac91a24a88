/**
 * Schedules the flushes of a hub's queues: at the end of a tick, and every 10 ms for slow
 * consumers.
 */
import type { Clock } from "../clock.ts";
import type { Link } from "../link.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Audience } from "./audience.ts";
import type { BacklogCaps } from "./backlog.ts";
import { Batch, type Outgoing } from "./outgoing.ts";

/** Milliseconds between two checks of slow consumers. */
const SLOW_POLL = 10;
/**
 * Links that are checked before the first of them is written to. Of 8, 16, 32 and 64, none was
 * measurably better.
 */
const AHEAD = 16;

/** The interface of a link's queue to the pacer. */
export interface PacedQueue {
  /** Sends the messages of this tick. */
  flush(): void;
  /** Sends as much as the link can take; `true` when nothing is held back any more. */
  resume(): boolean;
}

/**
 * Flushes all queues of a hub: those with something new at the end of the tick, those of slow
 * consumers every 10 ms.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #caps: BacklogCaps;
  #root: Batch = new Batch();
  #dirty: PacedQueue[] = [];
  readonly #slow: Set<PacedQueue> = new Set();
  /**
   * The messages of one audience, while no link is due anything else in this tick; its links are
   * then touched once.
   */
  #shared: { readonly audience: Audience; batch: Batch } | undefined;

  /** `caps` are those of each link. */
  constructor(clock: Clock, caps: BacklogCaps) {
    this.#clock = clock;
    this.#caps = caps;
  }

  get caps(): BacklogCaps {
    return this.#caps;
  }

  /** The empty batch of this tick, from which every link's batch grows. */
  get root(): Batch {
    return this.#root;
  }

  dirty(queue: PacedQueue): void {
    if (this.#dirty.length === 0) process.nextTick(this.#flush);
    this.#dirty.push(queue);
  }

  /** Pushes to a whole audience. */
  fanOut(audience: Audience, item: Outgoing): void {
    if (this.#dirty.length > 0 || (this.#shared && this.#shared.audience !== audience)) {
      for (const subscriber of audience.values()) subscriber.push(item);
      return;
    }
    if (!this.#shared) {
      this.#shared = { audience, batch: this.#root };
      process.nextTick(this.#flush);
    }
    this.#shared.batch = this.#shared.batch.with(item);
    if (this.#shared.batch.full) this.#flush();
  }

  /**
   * Gives the messages that are held for an audience to each of its subscribers, because a link is
   * due another message or the audience changes.
   */
  beforeChange(): void {
    const shared = this.#shared;
    if (!shared) return;
    this.#shared = undefined;
    for (const subscriber of shared.audience.values())
      for (const item of shared.batch.items) subscriber.push(item);
  }

  slow(queue: PacedQueue): void {
    if (this.#slow.has(queue)) return;
    this.#slow.add(queue);
    if (this.#slow.size === 1) this.#clock.after(SLOW_POLL, this.#poll);
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty;
    const shared = this.#shared;
    this.#dirty = [];
    this.#shared = undefined;
    // A new tree for the next tick; the old one is garbage once the last link has sent.
    this.#root = new Batch();
    if (shared) this.#send(shared.audience, shared.batch);
    for (const queue of dirty) queue.flush();
  };

  /**
   * The queues of an audience hold nothing else in this tick. As long as no subscriber is slow, the
   * links are all there is to touch.
   */
  #send(audience: Audience, batch: Batch): void {
    const { messages } = batch;
    const links = [...audience.keys()];
    let place = 0;
    for (const link of audience.keys()) {
      if (place % AHEAD === 0) this.#touch(links, place);
      place += 1;
      if (this.#slow.size === 0 && this.takes(link)) link.send(messages);
      else audience.get(link)?.send(batch);
    }
  }

  /**
   * Memory that is asked for together comes together; with a system call after each link, each
   * would be waited for.
   */
  #touch(links: readonly Link<ServerMessage>[], from: number): void {
    const end = Math.min(links.length, from + AHEAD);
    for (let place = from; place < end; place += 1)
      if (!this.takes(links[place] as Link<ServerMessage>)) break;
  }

  /** Whether a link can take more at once. */
  takes(link: Link<ServerMessage>): boolean {
    return link.buffered <= this.#caps.bytes / 4;
  }

  readonly #poll = (): void => {
    for (const queue of this.#slow) if (queue.resume()) this.#slow.delete(queue);
    if (this.#slow.size > 0) this.#clock.after(SLOW_POLL, this.#poll);
  };
}
