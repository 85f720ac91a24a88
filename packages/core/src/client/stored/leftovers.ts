/**
 * Sends the publishes that pages have left in the store. Every page has a lane there, and holds a
 * lock of the lane's name for as long as it can go on. One page at a time sends: the one that holds
 * the lock `send`. It takes the lanes whose locks are free, in the order of their pages, each over
 * a channel with the lane's own session, so that the hub recognizes the ids that it has already.
 */
import type { Clock } from "../../clock.ts";
import type { TopicMap } from "../../contract.ts";
import { BellwireError } from "../../errors.ts";
import type { Publish } from "../../protocol/messages.ts";
import { createChannel } from "../channel.ts";
import type { ChannelOptions } from "../channel-api.ts";
import type { Pending } from "../outbox.ts";
import { readKept } from "./kept.ts";
import { isTooOld, KeptOutbox, tooOld } from "./kept-outbox.ts";
import type { Hold } from "./locks.ts";
import type { Records } from "./records.ts";

/** The end of a publish. */
export type Outcome = Pick<Parameters<Pending["resolve"]>[0], "position"> | { readonly error: BellwireError };

export interface LeftoversOptions {
  readonly records: Records;
  readonly hold: Hold;
  readonly clock: Clock;
  /** Of the channel whose page this is. */
  readonly channel: ChannelOptions<TopicMap>;
  readonly report: (error: unknown) => void;
  readonly settled: (message: Omit<Publish, "ref">, outcome: Outcome) => void;
  /** Of the keys of all lanes. */
  readonly prefix: string;
  /** The lane of this page. */
  readonly lane: string;
}

/** The lanes in the store, oldest first, with the keys of their publishes in order. */
export async function lanesUnder(prefix: string, records: Records): Promise<Map<string, string[]>> {
  const lanes = new Map<string, string[]>();
  for (const key of await records.keys(prefix)) {
    const lane = key.slice(prefix.length).split("/")[0] ?? "";
    lanes.set(lane, [...(lanes.get(lane) ?? []), key]);
  }
  return lanes;
}

/**
 * Sends all lanes of pages that are gone. `wait`: waits for its turn, if another page sends;
 * otherwise it leaves the lanes to that page. Resolves when it is done, or when `stop` aborts; with
 * false when the hub refuses the application for good, so that nothing is to be sent by it.
 */
export async function sendLeftovers(
  options: LeftoversOptions,
  stop: AbortSignal,
  wait?: AbortSignal,
): Promise<boolean> {
  const { prefix, records, hold, lane: own } = options;
  const release = await hold("send", wait);
  if (!release) return true;
  try {
    for (const [lane, keys] of await lanesUnder(prefix, records)) {
      if (lane === own || stop.aborted) continue;
      const free = await hold(`page/${lane}`);
      try {
        if (free && !(await sendLane(options, lane, keys, stop))) return false;
      } finally {
        free?.();
      }
    }
    return true;
  } finally {
    release();
  }
}

/** The session in a lane's name. */
function sessionOf(lane: string): string {
  return lane.slice(lane.indexOf(".") + 1);
}

async function sendLane(
  options: LeftoversOptions,
  lane: string,
  keys: readonly string[],
  stop: AbortSignal,
): Promise<boolean> {
  const { records, clock, report, settled, prefix } = options;
  const session = sessionOf(lane);
  const outbox = new KeptOutbox({ records, clock, report, prefix: `${prefix}${lane}/`, session });
  let stopped = false;
  let look = (): void => {};
  for (const key of keys) {
    // The page may have had its answer, and gone, since the keys were listed.
    const text = await records.read(key);
    if (text === undefined) continue;
    const kept = readKept(text);
    if (!kept || isTooOld(kept.sent, clock)) {
      await records.remove(key);
      if (kept) settled(kept.message, { error: tooOld() });
      else report(new BellwireError("malformed", "skipped in the store: not a publish"));
      continue;
    }
    const end = (outcome: Outcome): void => {
      if (stopped) return;
      settled(kept.message, outcome);
      look();
    };
    const pending: Pending = {
      message: kept.message,
      bytes: new TextEncoder().encode(text).length,
      volatile: false,
      resolve: ({ position }) => end({ position }),
      reject: (error) => end({ error }),
    };
    try {
      outbox.restore(pending, key, kept);
    } catch (error) {
      // More than an outbox takes was not written by one.
      report(error);
    }
  }
  if (outbox.size === 0 || stop.aborted) return true;
  const good = await new Promise<boolean>((resolve) => {
    const close = (): void => channel.close();
    outbox.ended = () => {
      stopped = true;
      stop.removeEventListener("abort", close);
      resolve(channel.state !== "failed");
    };
    const channel = createChannel({
      ...options.channel,
      outbox: (_options, _report, flush) => {
        outbox.flush = flush;
        outbox.open = true;
        return outbox;
      },
    });
    look = () => outbox.size === 0 && close();
    channel.onError(report);
    stop.addEventListener("abort", close);
    channel.connect();
  });
  await outbox.stored;
  return good;
}
