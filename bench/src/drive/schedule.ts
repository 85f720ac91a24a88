/**
 * When each notification of a segment is to be sent. Server and clients compute it alike from the
 * same workload, so a message carries only its sequence, and latency counts from the intended time,
 * also when the sender was late.
 */
import type { Notice } from "../contender.ts";
import type { Segment, Workload, WorkloadNotification } from "../workload/workload.ts";

/** A segment, and how many times faster than life it is played. */
export interface Part extends Segment {
  readonly speed: number;
}

/** A part on its way: when it starts on the host's clock. */
export interface Run extends Part {
  readonly start: number;
}

/**
 * A part in a lap of the workload. A part that is played again is played in a later lap, as are all
 * that follow: its notifications have higher sequences, so that deliveries of two laps are never
 * confused.
 */
export function inLap<P extends Part>(part: P, workload: Workload, lap: number): P {
  const ahead = lap * workload.notifications.length;
  return { ...part, from: part.from + ahead, to: part.to + ahead };
}

/**
 * The notification with a sequence, which is its index in the workload, plus the workload's length
 * for each lap. Throws a RangeError when there is none.
 */
export function notificationAt(workload: Workload, sequence: number): WorkloadNotification {
  const notification = workload.notifications[sequence % workload.notifications.length];
  if (!notification) throw new RangeError(`the workload has no notification ${sequence}`);
  return notification;
}

/** The intended send time on the host's clock, in milliseconds. */
export function intendedTime(workload: Workload, run: Run, sequence: number): number {
  const first = notificationAt(workload, run.from).at;
  return run.start + (notificationAt(workload, sequence).at - first) / run.speed;
}

/**
 * The notice to publish: the recorded data with the sequence added, by which clients identify
 * deliveries.
 */
export function noticeAt(workload: Workload, sequence: number): Notice {
  const { topic, event, data } = notificationAt(workload, sequence);
  return { topic, event, data: { ...data, sequence } };
}

/** The sequence in what a client received, or undefined when the data is not ours. */
export function sequenceOf(data: unknown): number | undefined {
  const sequence =
    typeof data === "object" && data !== null ? (data as { sequence?: unknown }).sequence : undefined;
  return typeof sequence === "number" ? sequence : undefined;
}
