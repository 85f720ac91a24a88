/**
 * The outbound queue of one link: joins the messages of one tick into one batch, and holds back
 * those that a slow consumer cannot take yet.
 */
import type { Link } from "../link.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Subscriber } from "./audience.ts";
import { Backlog } from "./backlog.ts";
import { BATCH_BYTES, type Batch, type Outgoing } from "./outgoing.ts";
import type { PacedQueue, Pacer } from "./pacer.ts";

/** The queue of one link, which is a topic's subscriber. */
export class LinkQueue implements Subscriber, PacedQueue {
  session = "";
  readonly link: Link<ServerMessage>;
  readonly #pacer: Pacer;
  readonly #overrun: (action: "disconnect" | "drop") => void;
  #batch: Batch | undefined;
  #backlog: Backlog | undefined;
  #closed = false;

  /**
   * Calls `overrun` when the link takes too little: with `disconnect` when it must be closed, with
   * `drop` when notifications were dropped and a gap stands for them.
   */
  constructor(link: Link<ServerMessage>, pacer: Pacer, overrun: (action: "disconnect" | "drop") => void) {
    this.link = link;
    this.#pacer = pacer;
    this.#overrun = overrun;
  }

  /** Whether everything was handed to the link and the link has written it. */
  get empty(): boolean {
    return this.#closed || (!this.#batch && !this.#backlog && this.link.buffered === 0);
  }

  push(item: Outgoing): void {
    this.#pacer.beforeChange();
    const batch = this.#batch;
    if (!batch) {
      if (this.#closed) return;
      this.#batch = this.#pacer.root.with(item);
      this.#pacer.dirty(this);
      return;
    }
    const next = batch.with(item);
    this.#batch = next;
    if (next.full) this.flush();
  }

  flush(): void {
    this.#pacer.beforeChange();
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
    const { dropped } = this.#backlog;
    if (!this.#backlog.add(batch.items, this.link.buffered, this.#pacer.caps)) this.#overrun("disconnect");
    else if (this.#backlog.dropped > dropped) this.#overrun("drop");
  }

  /** Sends as much as the link can take; `true` when nothing is held back any more. */
  resume(): boolean {
    const backlog = this.#backlog;
    if (!backlog || this.#closed) return true;
    while (backlog.size > 0 && this.#pacer.takes(this.link)) {
      this.link.send(backlog.take(BATCH_BYTES));
      // A message that cannot be sent closes the link, and a closed link must not be sent to.
      if (this.#closed) return true;
    }
    if (backlog.size > 0) return false;
    this.#backlog = undefined;
    return true;
  }

  /** Discards everything that was not sent. */
  close(): void {
    this.#closed = true;
    this.#batch = undefined;
    this.#backlog = undefined;
  }
}
