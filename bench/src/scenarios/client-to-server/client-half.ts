/**
 * The clients' half of client-to-server: publishers, the time until each publish is acknowledged,
 * and one who sees what arrived.
 */
import { createHistogram } from "node:perf_hooks";
import type { ClientHalf, Notice } from "../../contender.ts";
import { intendedTime, noticeAt, type Part, type Run, sequenceOf } from "../../drive/schedule.ts";
import type { SenderHealth } from "../../drive/sender.ts";
import { sendWatched } from "../../drive/watched-sender.ts";
import { hostNow, sleep } from "../../measure/clock.ts";
import { type Account, Ledger } from "../../measure/ledger.ts";
import { loadContender } from "../../registry.ts";
import { eventsOf, type SteadySpec, workloadOf } from "../../workload/spec.ts";
import type { Workload } from "../../workload/workload.ts";

/** The result of an open loop of publishes. */
export interface PublishReport {
  readonly health: SenderHealth;
  /** Milliseconds from the intended publish to its acknowledgement. */
  readonly p50: number;
  readonly p99: number;
}

/** The result of a closed loop: every publisher has one publish under way all the time. */
export interface FloodReport {
  readonly acknowledged: number;
  readonly milliseconds: number;
  /** CPU of this process, microseconds. */
  readonly cpu: number;
}

/** The fate of all publishes so far. */
export interface PublishAccount {
  readonly account: Account;
  readonly troubles: readonly string[];
}

/**
 * Milliseconds without a delivery to wait for what is missing; everybody is connected all the time.
 */
const PATIENCE = 3_000;
/** The one who is subscribed to everything. */
const WATCHER = "watcher";

/** See `HalfModule`. */
export function createHalf() {
  const ledger = new Ledger();
  const troubles: string[] = [];
  const publishers: ClientHalf[] = [];
  let watcher: ClientHalf | undefined;
  let workload: Workload | undefined;
  /** The sequence of what is published next. */
  let next = 0;
  let lastDelivery = 0;

  const connected = (): Workload => {
    if (!workload) throw new Error("nobody is connected");
    return workload;
  };
  const trouble = (what: string): void => void (troubles.length < 5 && troubles.push(what));

  /** Each topic belongs to one publisher, so that the order on it is that of one connection. */
  const publish = async ({ topic, event, data }: Notice, sequence: number): Promise<void> => {
    ledger.published(topic, sequence);
    const publisher = publishers[sequence % publishers.length];
    try {
      await publisher?.publish?.({ topic, event, data: { ...data, sequence } });
    } catch (error) {
      trouble(`a publish failed: ${String(error)}`);
    }
  };

  return {
    /**
     * Connects a publisher for each subscriber of the workload, and a watcher. Resolves to whether
     * publishes are acknowledged here.
     */
    async connect(module: string, port: number, spec: SteadySpec): Promise<boolean> {
      const contender = await loadContender(module);
      workload = await workloadOf(spec);
      const events = eventsOf(workload);
      const topics = [...new Set(workload.notifications.map(({ topic }) => topic))];
      for (const topic of topics) ledger.subscribed(WATCHER, topic);
      const order = { port, events, comesBack: false, troubled: trouble };
      watcher = await contender.connect({
        ...order,
        topics,
        received(topic, data) {
          lastDelivery = hostNow();
          ledger.delivered(WATCHER, topic, sequenceOf(data) ?? -1);
        },
      });
      const received = (): void => {};
      const own = Array.from({ length: spec.subscribers }, () =>
        contender.connect({ ...order, topics: [], received }),
      );
      publishers.push(...(await Promise.all(own)));
      return publishers.every((publisher) => publisher.publish !== undefined);
    },
    /** Publishes a part of the workload on schedule and waits for every acknowledgement. */
    async play(part: Part): Promise<PublishReport> {
      const played = connected();
      const run: Run = { ...part, start: hostNow() };
      const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
      const asked: Promise<void>[] = [];
      const one = async (notice: Notice): Promise<void> => {
        const index = sequenceOf(notice.data) ?? 0;
        await publish(notice, next + index - run.from);
        histogram.record(Math.max(1, Math.round((hostNow() - intendedTime(played, run, index)) * 1_000)));
      };
      const health = await sendWatched(played, run, (notices) => void asked.push(...notices.map(one)));
      await Promise.all(asked);
      next += run.to - run.from;
      const at = (percentile: number): number => histogram.percentile(percentile) / 1_000;
      return { health, p50: at(50), p99: at(99) };
    },
    /** Every publisher publishes again as soon as the last one was acknowledged. */
    async flood(milliseconds: number): Promise<FloodReport> {
      const played = connected();
      const start = hostNow();
      const before = process.cpuUsage();
      let acknowledged = 0;
      let longest = 0;
      const lane = async (place: number): Promise<void> => {
        for (let turn = 0; hostNow() - start < milliseconds; turn += 1) {
          await publish(noticeAt(played, place), next + turn * publishers.length + place);
          acknowledged += 1;
          longest = Math.max(longest, turn + 1);
        }
      };
      await Promise.all(publishers.map((_, place) => lane(place)));
      const { user, system } = process.cpuUsage(before);
      next += longest * publishers.length;
      return { acknowledged, milliseconds: hostNow() - start, cpu: user + system };
    },
    /** Waits until the watcher has everything, or hears nothing more. */
    async settle(): Promise<PublishAccount> {
      const asked = hostNow();
      const silence = (): number => hostNow() - Math.max(asked, lastDelivery);
      while (!ledger.complete && silence() < PATIENCE) await sleep(2);
      return { account: ledger.account(), troubles };
    },
    close(): void {
      watcher?.close();
      for (const publisher of publishers.splice(0)) publisher.close();
    },
  };
}
