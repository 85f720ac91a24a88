/**
 * Sends a segment on schedule, whatever the receivers do: an open loop. It reports how far it fell
 * behind itself.
 */
import type { Notice } from "../contender.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import type { Workload } from "../workload/workload.ts";
import { intendedTime, noticeAt, type Run } from "./schedule.ts";

/**
 * A send that is later than this is counted as late; the timers of Node alone make it up to 2 ms.
 * Milliseconds.
 */
export const LATE = 10;

/**
 * With more than this share of late sends the latencies tell of the machine and not of the wire.
 */
export const ILL_SHARE = 0.01;

/**
 * With more delay of its event loop than this, at the 99th percentile, the sender was busy with
 * something else. Milliseconds.
 */
export const LOOP_LATE = 25;

/** How punctual a sender was. */
export interface Punctuality {
  readonly sent: number;
  readonly late: number;
  /** The latest send, milliseconds after its time. */
  readonly worst: number;
}

/** How a sender did: what it says itself, and what its event loop says of it. */
export interface SenderHealth extends Punctuality {
  /** The 99th percentile of how long the sender's event loop kept a timer waiting, milliseconds. */
  readonly loopDelay: number;
}

/** A sender that has sent nothing yet. */
export const WELL: SenderHealth = { sent: 0, late: 0, worst: 0, loopDelay: 0 };

/** Adds up what senders said of several segments. */
export function addHealth(a: SenderHealth, b: SenderHealth): SenderHealth {
  return { ...addPunctuality(a, b), loopDelay: Math.max(a.loopDelay, b.loopDelay) };
}

function addPunctuality(a: Punctuality, b: Punctuality): Punctuality {
  return { sent: a.sent + b.sent, late: a.late + b.late, worst: Math.max(a.worst, b.worst) };
}

/** Why latencies measured with this sender are not to be believed; undefined: they are. */
export function lateness({ sent, late, loopDelay }: SenderHealth): string | undefined {
  if (late > sent * ILL_SHARE)
    return `the sender fell behind: ${late} of ${sent} sends more than ${LATE} ms late`;
  if (loopDelay > LOOP_LATE)
    return `the sender fell behind: its event loop was held up for ${loopDelay.toFixed(0)} ms`;
  return undefined;
}

/** Where time comes from; tests have their own. */
export interface SenderClock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const HOST_CLOCK: SenderClock = { now: hostNow, sleep };

/** Publishes all that is due at each turn of the event loop until the segment is over. */
export async function send(
  workload: Workload,
  run: Run,
  publish: (notices: readonly Notice[]) => void,
  clock: SenderClock = HOST_CLOCK,
): Promise<Punctuality> {
  let health: Punctuality = { sent: 0, late: 0, worst: 0 };
  let next = run.from;
  while (next < run.to) {
    const now = clock.now();
    const due: Notice[] = [];
    let late = 0;
    let worst = 0;
    for (; next < run.to; next += 1) {
      const behind = now - intendedTime(workload, run, next);
      if (behind < 0) break;
      if (behind > LATE) late += 1;
      worst = Math.max(worst, behind);
      due.push(noticeAt(workload, next));
    }
    if (due.length > 0) publish(due);
    health = addPunctuality(health, { sent: due.length, late, worst });
    if (next < run.to) await clock.sleep(Math.max(0, intendedTime(workload, run, next) - clock.now()));
  }
  return health;
}
