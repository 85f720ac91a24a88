/** Brings snapshots into a stream of notifications: at its beginning, and after each gap. */
import type { Clock } from "../../clock.ts";
import { BellwireError } from "../../errors.ts";
import { isPosition } from "../../protocol/codec.ts";
import type { Position } from "../../protocol/messages.ts";
import type { SubscriptionHandle } from "../subscription.ts";
import { LateSubscription } from "./late-subscription.ts";

/** The state of what a topic is about, with the position that the hub gave before it was read. */
export interface Snapshot {
  /** `hub.position(topic)`, taken before the query, or together with it. */
  readonly position: Position;
}

/** Reads a snapshot. `signal` aborts when it is no longer needed. */
export type SnapshotSource<S extends Snapshot> = (request: { readonly signal: AbortSignal }) => Promise<S>;

/** Milliseconds before a snapshot is asked for again. Doubled with each try, up to 32 s. */
const RETRY = 1_000;

/**
 * Follows a subscription from a snapshot on. The snapshot is asked for only after the hub has
 * subscribed the channel, so that nothing can be missing between the two.
 */
export function withSnapshots(
  inner: SubscriptionHandle,
  source: SnapshotSource<Snapshot>,
  { clock, report }: { readonly clock: Clock; readonly report: (error: unknown) => void },
): LateSubscription {
  /** The position from which the stream goes on; a snapshot from before it would leave a hole. */
  let start: Position | undefined;
  let current = new AbortController();
  const late = new LateSubscription(inner, report, () => restart(inner.position));

  const isCurrent = ({ position }: Snapshot): boolean =>
    start !== undefined && position.epoch === start.epoch && position.offset >= start.offset;

  async function load({ signal }: AbortController): Promise<void> {
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        const state = await source({ signal });
        if (signal.aborted) return;
        if (!isPosition(state?.position))
          throw new BellwireError("invalid_data", "state: must have the position of the hub");
        if (isCurrent(state)) return late.beginWithState(state, state.position);
        // The topic may have been renumbered meanwhile, and then a gap asks for the next snapshot.
        if (tries > 0) report(new BellwireError("invalid_data", "state: older than the subscription"));
      } catch (error) {
        if (!signal.aborted) report(error);
      }
      await paused(clock, RETRY * 2 ** Math.min(tries, 5), signal);
    }
  }

  function restart(position: Position | undefined): void {
    current.abort();
    current = new AbortController();
    start = position;
    late.hold();
    void load(current);
  }

  inner.onGap((gap) => {
    late.gap(gap);
    if (gap.resumeAt) restart(gap.resumeAt);
  });
  late.onEnd(() => current.abort());
  // The end is heard by `onEnd`. A gap may have come with the answer.
  inner.ready().then(
    (position) => start ?? restart(position),
    () => {},
  );
  return late;
}

/** Resolves after `ms`, or when the signal aborts. */
function paused(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    signal.addEventListener("abort", () => {
      cancel();
      resolve();
    });
  });
}
