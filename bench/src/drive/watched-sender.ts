/**
 * A sender whose event loop is watched: it may be late without knowing, when nothing was due while
 * it was held up.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Notice } from "../contender.ts";
import type { Workload } from "../workload/workload.ts";
import type { Run } from "./schedule.ts";
import { type SenderHealth, send } from "./sender.ts";

/**
 * Milliseconds between looks at the event loop. The timer is in the native loop: what it costs does
 * not show in a figure.
 */
const RESOLUTION = 10;

/** Sends as {@link send} does, in this process. */
export async function sendWatched(
  workload: Workload,
  run: Run,
  publish: (notices: readonly Notice[]) => void,
): Promise<SenderHealth> {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION });
  monitor.enable();
  try {
    const punctuality = await send(workload, run, publish);
    return { ...punctuality, loopDelay: loopDelay(monitor) };
  } finally {
    monitor.disable();
  }
}

/**
 * The monitor measures the time between two looks, so a loop that is never held up shows the
 * resolution.
 */
function loopDelay(monitor: IntervalHistogram): number {
  return monitor.count === 0 ? 0 : Math.max(0, monitor.percentile(99) / 1e6 - RESOLUTION);
}
