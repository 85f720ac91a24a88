/** The way out of one link: joins what is due in one tick into one batch, and holds back what a slow reader cannot take yet. */
import type { Clock } from "../clock.ts";
import type { Link } from "../link.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import { Backlog, type BacklogCaps } from "./outbound.ts";
import { Batch, type Outgoing } from "./outgoing.ts";
import type { Audience, Reader } from "./topic.ts";

/** A tick's batch for one link is sent early when it reaches this, so that a long tick holds little. */
const BATCH_MESSAGES = 256;
const BATCH_BYTES = 65_536;
/** Milliseconds between two looks at readers that were slow. */
const SLOW_POLL = 10;
/** So many links are looked at before the first of them is written to. Of 8, 16, 32 and 64 none is better. */
const AHEAD = 16;

/** Flushes all queues of a hub: those with something new at the end of the tick, those of slow readers every 10 ms. */
export class Pacer {
  readonly #clock: Clock;
  readonly #caps: BacklogCaps;
  #root: Batch = new Batch();
  #dirty: LinkQueue[] = [];
  readonly #slow: Set<LinkQueue> = new Set();
  /** What one audience is due, as long as nobody is due anything else in this tick; its links are then touched once. */
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

  dirty(queue: LinkQueue): void {
    if (this.#dirty.length === 0) process.nextTick(this.#flush);
    this.#dirty.push(queue);
  }

  /** Pushes to a whole audience. */
  fanOut(audience: Audience, item: Outgoing): void {
    if (this.#dirty.length > 0 || (this.#shared && this.#shared.audience !== audience)) {
      for (const reader of audience.values()) reader.push(item);
      return;
    }
    if (!this.#shared) {
      this.#shared = { audience, batch: this.#root };
      process.nextTick(this.#flush);
    }
    this.#shared.batch = this.#shared.batch.with(item);
    if (isFull(this.#shared.batch)) this.#flush();
  }

  /** Hands what is held for an audience to each of its readers: somebody is due something else, or the audience changes. */
  spread(): void {
    const shared = this.#shared;
    if (!shared) return;
    this.#shared = undefined;
    for (const reader of shared.audience.values()) for (const item of shared.batch.items) reader.push(item);
  }

  slow(queue: LinkQueue): void {
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

  /** The queues of an audience hold nothing else in this tick. As long as no reader is slow, the links are all there is to touch. */
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

  /** Memory that is asked for together comes together; with a system call after each link, each would be waited for. */
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

/** The queue of one link, which is a topic's reader. */
export class LinkQueue implements Reader {
  session = "";
  readonly link: Link<ServerMessage>;
  readonly #pacer: Pacer;
  readonly #overrun: () => void;
  #batch: Batch | undefined;
  #backlog: Backlog | undefined;
  #closed = false;

  /** `overrun` is called when the reader is too slow for what must be kept. */
  constructor(link: Link<ServerMessage>, pacer: Pacer, overrun: () => void) {
    this.link = link;
    this.#pacer = pacer;
    this.#overrun = overrun;
  }

  /** Whether everything was handed to the link and the link has written it. */
  get empty(): boolean {
    return this.#closed || (!this.#batch && !this.#backlog && this.link.buffered === 0);
  }

  push(item: Outgoing): void {
    this.#pacer.spread();
    const batch = this.#batch;
    if (!batch) {
      if (this.#closed) return;
      this.#batch = this.#pacer.root.with(item);
      this.#pacer.dirty(this);
      return;
    }
    const next = batch.with(item);
    this.#batch = next;
    if (isFull(next)) this.flush();
  }

  flush(): void {
    this.#pacer.spread();
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    this.send(batch);
  }

  send(batch: Batch): void {
    if (this.#closed) return;
    if (!this.#backlog && this.#pacer.takes(this.link)) {
      this.link.send(batch.messages);
      return;
    }
    this.#backlog ??= new Backlog();
    this.#pacer.slow(this);
    if (!this.#backlog.add(batch.items, this.link.buffered, this.#pacer.caps)) this.#overrun();
  }

  /** Hands over what the link can take again; `true` when nothing is held back any more. */
  resume(): boolean {
    const backlog = this.#backlog;
    if (!backlog || this.#closed) return true;
    while (backlog.size > 0 && this.#pacer.takes(this.link)) {
      this.link.send(backlog.take(BATCH_BYTES));
      // What cannot be sent closes the link, and a closed one may not be sent to.
      if (this.#closed) return true;
    }
    if (backlog.size > 0) return false;
    this.#backlog = undefined;
    return true;
  }

  /** Gives up what was not sent. */
  close(): void {
    this.#closed = true;
    this.#batch = undefined;
    this.#backlog = undefined;
  }
}

function isFull({ count, bytes }: Batch): boolean {
  return count >= BATCH_MESSAGES || bytes >= BATCH_BYTES;
}
