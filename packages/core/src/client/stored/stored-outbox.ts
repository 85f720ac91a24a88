/** An outbox that survives its page: what it still holds is sent when the application is back. */
import { systemClock } from "../../clock.ts";
import { BellwireError } from "../../errors.ts";
import { callable, checkOptions, having, object, text } from "../../options.ts";
import type { Position } from "../../protocol/messages.ts";
import { randomId } from "../../random-id.ts";
import type { OutboxSource } from "../channel-api.ts";
import { KeptOutbox } from "./kept-outbox.ts";
import { type LeftoversOptions, lanesUnder, sendLeftovers } from "./leftovers.ts";
import { leases, type PageLocks, pageLocks } from "./locks.ts";
import { isKeyValueStore, type KeyValueStore, recordsOf, type TextStorage } from "./records.ts";

/** Milliseconds between two looks at what other pages have left. */
const LOOK = 5_000;

/** A publish of a page that is gone, and what became of it. */
export interface Leftover {
  readonly topic: string;
  readonly event: string;
  readonly data: unknown;
  readonly id: string;
  /** As in a receipt. Undefined if there is an error. */
  readonly position?: Position | null;
  /**
   * The hub's refusal, or `no_answer`: it was sent, and it is too late to send it again. It may
   * have been appended.
   */
  readonly error?: BellwireError;
}

/** The part of a browser's global object that is used. */
export interface PagePlatform {
  /** Without `locks`, the pages of an origin agree by leases in the store. */
  readonly navigator?: { readonly locks?: PageLocks };
  /** Reports `pagehide` and `freeze`, `pageshow` and `resume`. */
  readonly addEventListener?: (
    type: string,
    listener: () => void,
    options: { readonly capture: true; readonly signal: AbortSignal },
  ) => void;
}

/** Options of {@link storedOutbox}. */
export interface StoredOutboxOptions {
  /**
   * Publishes are kept under this key, and sent only by channels with the same. It MUST name the
   * hub and, where the hub knows users, the user: what one user has left must not be published as
   * another. It is no secret.
   */
  readonly key: string;
  /**
   * Called for each publish of an earlier page when it is settled: once, unless this page goes
   * before a store with promises has taken the publish out. Default: errors go to the channel's
   * `onError`.
   */
  readonly onLeftover?: (leftover: Leftover) => void;
  /** Default: the browser's locks and page events. */
  readonly platform?: PagePlatform;
}

/**
 * An outbox in `localStorage`, or in a store with idb-keyval's shape, for the option `outbox` of
 * `createChannel`. A publish stays there until the hub has answered. When the page is gone before,
 * another page sends it, under its id and in its order: the next one that is loaded, before its own
 * publishes, or one that is open. A publish that was sent and not answered is sent again within
 * 4.5 minutes, while the hub knows its id, and later dropped with the error `no_answer`.
 *
 * `close` keeps what waits; an aborted signal takes it out. Volatile events are not kept. A store
 * that fails costs this protection: its errors go to the channel's `onError`, and the publishes
 * wait in memory. Throws `invalid_option`.
 */
export function storedOutbox(store: TextStorage | KeyValueStore, options: StoredOutboxOptions): OutboxSource {
  checkOptions("storedOutbox", options, { key: text, onLeftover: callable, platform: object }, ["key"]);
  const shape = isKeyValueStore(store)
    ? having("get", "set", "del", "keys")
    : having("getItem", "setItem", "removeItem", "key");
  if (!shape.test(store))
    throw new BellwireError("invalid_option", `storedOutbox.store: must be ${shape.allowed}`);
  const { key, onLeftover, platform = globalThis as unknown as PagePlatform } = options;

  return (channel, report, flush) => {
    const clock = channel.clock ?? systemClock;
    const records = recordsOf(store, clock);
    const home = `bellwire/outbox/1/${encodeURIComponent(key)}/`;
    const prefix = `${home}page/`;
    const session = randomId(22);
    const lane = `${Math.floor(clock.wall()).toString(36).padStart(9, "0")}.${session}`;
    const outbox = new KeptOutbox({ records, clock, report, prefix: `${prefix}${lane}/`, session });
    const locks = platform.navigator?.locks;
    const hold = locks ? pageLocks(locks, home) : leases(records, `${home}lease/`, clock);
    const settled: LeftoversOptions["settled"] = ({ topic, event, data, id }, outcome) => {
      if (onLeftover) {
        try {
          onLeftover({ topic, event, data, id, ...outcome });
        } catch (error) {
          report(error);
        }
      } else if ("error" in outcome) report(outcome.error);
    };
    const leftovers = { records, hold, clock, channel, report, settled, prefix, lane };
    const over = new AbortController();
    /** Aborted while the page stands still, or is gone. */
    let away = new AbortController();
    /** When the page was left, by the wall clock. */
    let left: number | undefined;

    /** Sends what others left, and opens the outbox. */
    async function enter(): Promise<void> {
      away = new AbortController();
      const { signal } = away;
      const release = await hold(`page/${lane}`, signal);
      if (!release) return;
      signal.addEventListener("abort", release);
      // The page may have been left at the moment at which the lock was granted.
      if (signal.aborted) return release();
      const done = await attempt(async () => {
        await count();
        const sent = await sendLeftovers(leftovers, signal, signal);
        if (left !== undefined) await outbox.reconcile(left);
        return sent;
      });
      if (signal.aborted) return;
      left = undefined;
      outbox.others = 0;
      outbox.open = true;
      flush();
      if (done) look(signal);
    }

    async function count(): Promise<void> {
      outbox.others = 0;
      for (const [other, keys] of await lanesUnder(prefix, records))
        if (other !== lane) outbox.others += keys.length;
    }

    function look(signal: AbortSignal): void {
      const send = async (): Promise<void> => {
        signal.removeEventListener("abort", cancel);
        const done = await attempt(() => sendLeftovers(leftovers, signal));
        if (done && !signal.aborted) look(signal);
      };
      const cancel = clock.after(LOOK, () => void send());
      signal.addEventListener("abort", cancel);
    }

    /** Whether it is worth another look later. */
    async function attempt(work: () => Promise<boolean>): Promise<boolean> {
      try {
        return await work();
      } catch (error) {
        report(error);
        return true;
      }
    }

    function leave(): void {
      if (away.signal.aborted) return;
      left = clock.wall();
      outbox.open = false;
      away.abort();
    }

    const listen = (types: readonly string[], listener: () => void): void => {
      for (const type of types)
        platform.addEventListener?.(type, listener, { capture: true, signal: over.signal });
    };
    listen(["pagehide", "freeze"], leave);
    listen(["pageshow", "resume"], () => {
      if (away.signal.aborted) void enter();
    });
    outbox.flush = flush;
    outbox.ended = () => {
      over.abort();
      leave();
    };
    void enter();
    return outbox;
  };
}
