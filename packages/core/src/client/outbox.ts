/**
 * What the application published and the hub has not acknowledged, in order. It survives the link: every publish is sent again on
 * the next one under its id, and the hub appends it once.
 */
import { BellwireError } from "../errors.ts";
import type { Acknowledged, Publish } from "../protocol/messages.ts";

/** Publishes and bytes of JSON that may wait. What does not fit rejects with `outbox_full`. */
const MAX_PUBLISHES = 1_000;
const MAX_BYTES = 1_048_576;
/** Publishes without an answer that a link carries at a time: a hub that refuses them for their rate refuses no more. */
const WINDOW = 64;

/** A publish under way. */
export interface Pending {
  readonly message: Omit<Publish, "ref">;
  readonly bytes: number;
  /** Live only: it is not sent again on another link. */
  readonly volatile: boolean;
  resolve(answer: Acknowledged): void;
  reject(error: BellwireError): void;
}

export class Outbox {
  /** In the order of publishing; the value is the ref under which it was sent on the link of now, or 0. */
  readonly #pending: Map<Pending, number> = new Map();
  #bytes = 0;

  /** Throws `too_large` or `outbox_full`. `maxBytes`: what the wire and the hub take. */
  add(pending: Pending, maxBytes = Infinity): void {
    if (pending.bytes > maxBytes) throw tooLarge(maxBytes);
    if (this.#pending.size >= MAX_PUBLISHES || this.#bytes + pending.bytes > MAX_BYTES) {
      throw new BellwireError("outbox_full", "at most 1,000 publishes and 1 MiB may wait");
    }
    this.#pending.set(pending, 0);
    this.#bytes += pending.bytes;
  }

  remove(pending: Pending): void {
    if (this.#pending.delete(pending)) this.#bytes -= pending.bytes;
  }

  /** The next messages that were not sent on this link yet, each with its new ref, as many as may be under way. What is over `maxBytes` would close it, and rejects. */
  unsent(nextRef: () => number, maxBytes: number): readonly Publish[] {
    const messages: Publish[] = [];
    let underWay = 0;
    for (const [pending, ref] of this.#pending) {
      if (++underWay > WINDOW) break;
      if (ref > 0) continue;
      if (pending.bytes > maxBytes) {
        this.#refuse(pending, tooLarge(maxBytes));
        continue;
      }
      const fresh = nextRef();
      this.#pending.set(pending, fresh);
      messages.push({ ...pending.message, ref: fresh });
    }
    return messages;
  }

  /** The publish with this ref, taken out. */
  settle(ref: number): Pending | undefined {
    for (const [pending, sent] of this.#pending) {
      if (sent !== ref) continue;
      this.remove(pending);
      return pending;
    }
    return undefined;
  }

  /** The link is gone: all of it has to be sent again, in order. */
  unlink(): void {
    for (const pending of this.#pending.keys()) {
      if (pending.volatile) {
        this.#refuse(pending, new BellwireError("link_lost", "a volatile event needs a link"));
      } else this.#pending.set(pending, 0);
    }
  }

  /**
   * Whether the publish with this ref waits here. It was refused for now: it and everything after it has to be sent again, in order. What
   * was sent before it was accepted and its answer is on the way; sending that again would spend the rate on what the hub has already.
   */
  postpone(ref: number): boolean {
    const waits = Array.from(this.#pending.values()).includes(ref);
    for (const [pending, sent] of this.#pending) if (waits && sent >= ref) this.#pending.set(pending, 0);
    return waits;
  }

  /** Gives everything up. */
  clear(error: BellwireError): void {
    for (const pending of this.#pending.keys()) this.#refuse(pending, error);
  }

  #refuse(pending: Pending, error: BellwireError): void {
    this.remove(pending);
    pending.reject(error);
  }
}

function tooLarge(maxBytes: number): BellwireError {
  return new BellwireError("too_large", `data: at most ${maxBytes} bytes`);
}
