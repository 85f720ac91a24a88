/**
 * The publishes that the hub has not acknowledged, in order. They survive the link: every publish
 * is sent again on the next link under its id, and the hub appends it once.
 */
import { BellwireError } from "../errors.ts";
import type { Acknowledged, Publish } from "../protocol/messages.ts";
import { randomId } from "../random-id.ts";

/** Publishes, and bytes of JSON, that may wait. One more rejects with `outbox_full`. */
export const MAX_PUBLISHES = 1_000;
const MAX_BYTES = 1_048_576;
/** Publishes without an answer on a link at a time, so that a hub over its rate refuses no more. */
export const WINDOW = 64;

/** A publish under way. */
export interface Pending {
  readonly message: Omit<Publish, "ref">;
  readonly bytes: number;
  /** A volatile event, which is not sent again on another link. */
  readonly volatile: boolean;
  resolve(answer: Acknowledged): void;
  reject(error: BellwireError): void;
}

/** The outbox as its channel uses it. */
export type ChannelOutbox = Pick<Outbox, keyof Outbox>;

export class Outbox {
  /** The session of the channel: the hub knows an anonymous publisher's ids by it. */
  readonly session: string = randomId(22);
  /**
   * In the order of publishing; the value is the ref on the current link, or 0 if not sent on it.
   */
  readonly #pending: Map<Pending, number> = new Map();
  #bytes = 0;

  /**
   * Adds a publish. Throws `too_large` or `outbox_full`. `maxBytes`: the limit of the transport and
   * the hub.
   */
  add(pending: Pending, maxBytes = Infinity): void {
    if (pending.bytes > maxBytes) throw tooLarge(maxBytes);
    if (this.#pending.size >= MAX_PUBLISHES || this.#bytes + pending.bytes > MAX_BYTES) {
      throw new BellwireError("outbox_full", "at most 1,000 or 1 MiB");
    }
    this.#pending.set(pending, 0);
    this.#bytes += pending.bytes;
  }

  remove(pending: Pending): void {
    if (this.#pending.delete(pending)) this.#bytes -= pending.bytes;
  }

  /**
   * The next messages that were not sent on this link yet, each with its new ref, as many as may be
   * under way among the first `window`. A publish over `maxBytes` would close the link, so it
   * rejects.
   */
  due(nextRef: () => number, maxBytes: number, window: number = WINDOW): readonly Publish[] {
    const messages: Publish[] = [];
    let underWay = 0;
    for (const [pending, ref] of this.#pending) {
      if (++underWay > window) break;
      if (ref > 0) continue;
      if (pending.bytes > maxBytes) this.#refuse(pending, tooLarge(maxBytes));
      else {
        const fresh = nextRef();
        this.#pending.set(pending, fresh);
        messages.push({ ...pending.message, ref: fresh });
      }
    }
    return messages;
  }

  /** Takes out the publish with this ref. */
  settle(ref: number): Pending | undefined {
    for (const [pending, sent] of this.#pending) {
      if (sent !== ref) continue;
      this.remove(pending);
      return pending;
    }
    return undefined;
  }

  /** Marks all publishes as not sent, in order, since the link is lost. */
  unlink(): void {
    for (const pending of this.#pending.keys()) {
      if (pending.volatile) {
        this.#refuse(pending, new BellwireError("link_lost", "a volatile event needs a link"));
      } else this.#pending.set(pending, 0);
    }
  }

  /**
   * Whether the publish with this ref waits here. The hub refused it for a while: it and everything
   * after it has to be sent again, in order. Publishes before it were accepted, and their answers
   * are on the way; sending them again would spend the rate on what the hub has already.
   */
  retry(ref: number): boolean {
    let waits = false;
    for (const [pending, sent] of this.#pending) {
      waits ||= sent === ref;
      if (waits) this.#pending.set(pending, 0);
    }
    return waits;
  }

  /** Rejects all publishes. */
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
