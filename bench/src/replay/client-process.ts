/** The client process of the replay: every user's client, one ledger over all, and the latencies. */
import { createHistogram } from "node:perf_hooks";
import { hostNow, sleep } from "../measure/clock.ts";
import { type Account, Ledger } from "../measure/ledger.ts";
import { answerParent } from "../process/conversation.ts";
import { loadContender } from "../registry.ts";
import { readWorkload, WORKOUT_DAY, type Workload } from "../workload/workload.ts";
import { intendedTime, notificationAt, type Run, sequenceOf } from "./schedule.ts";

/** Milliseconds from intended send to delivery into the application. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What the clients have seen over all segments so far. */
export interface ClientReport {
  readonly account: Account;
  readonly latency: Latency;
  /** Milliseconds from the start of the last segment to its last delivery. */
  readonly duration: number;
  /** CPU of the client process during the last segment, microseconds. */
  readonly cpu: number;
  readonly troubles: readonly string[];
}

/** Milliseconds to wait, after the last delivery, for what is missing. */
const PATIENCE = 3_000;

const ledger = new Ledger();
// In microseconds, up to a minute, three digits.
const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
const troubles: string[] = [];
let workload: Workload | undefined;
let run: Run | undefined;
let lastDelivery = 0;
let cpuAtStart = process.cpuUsage();

function received(subscriber: string, topic: string, data: unknown): void {
  const now = hostNow();
  const sequence = sequenceOf(data) ?? -1;
  lastDelivery = now;
  if (!ledger.delivered(subscriber, topic, sequence) || !run || !workload || sequence < run.from) return;
  histogram.record(Math.max(1, Math.round((now - intendedTime(workload, run, sequence)) * 1_000)));
}

const handlers = {
  /** Connects every subscriber of the workload. Resolves to how many there are. */
  async connect(module: string, port: number): Promise<number> {
    const contender = await loadContender(module);
    workload = await readWorkload(WORKOUT_DAY);
    for (const { subscriber, topics } of workload.subscribers) {
      await contender.connect({
        port,
        topics,
        received: (topic, data) => received(subscriber, topic, data),
        troubled: (what) => void (troubles.length < 5 && troubles.push(`${subscriber}: ${what}`)),
      });
      for (const topic of topics) ledger.subscribed(subscriber, topic);
    }
    return workload.subscribers.length;
  },
  begin(segment: Run): void {
    if (!workload) throw new Error("nobody is connected");
    run = segment;
    for (let sequence = segment.from; sequence < segment.to; sequence += 1) {
      ledger.published(notificationAt(workload, sequence).topic, sequence);
    }
    cpuAtStart = process.cpuUsage();
  },
  /** Waits until everything came, or nothing more comes. */
  async settle(): Promise<ClientReport> {
    const asked = hostNow();
    while (!ledger.complete && hostNow() - Math.max(asked, lastDelivery) < PATIENCE) await sleep(2);
    const { user, system } = process.cpuUsage(cpuAtStart);
    const at = (percentile: number): number => histogram.percentile(percentile) / 1_000;
    return {
      account: ledger.account(),
      latency: { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.max / 1_000 },
      duration: lastDelivery - (run?.start ?? lastDelivery),
      cpu: user + system,
      troubles,
    };
  },
};

/** What this process answers. */
export type ReplayClients = typeof handlers;

answerParent(handlers);
