/**
 * The clients' half of a drive: every user's client in one process, one ledger over all, and the
 * latencies.
 */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { ClientHalf } from "../contender.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { type Account, Ledger } from "../measure/ledger.ts";
import { loadContender } from "../registry.ts";
import { eventsOf, type WorkloadSpec, workloadOf } from "../workload/spec.ts";
import type { Workload } from "../workload/workload.ts";
import { inLap, intendedTime, notificationAt, type Part, type Run, sequenceOf } from "./schedule.ts";
import { COMES_BACK_WITHIN, Settling, type Straggler } from "./settling.ts";

/** Milliseconds from intended send to delivery into the application. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The deliveries that the clients have seen. */
export interface ClientReport {
  /** Over all runs so far. */
  readonly account: Account;
  /** Deliveries of the last run, each counted once. */
  readonly delivered: number;
  /** Of the last run. */
  readonly latency: Latency;
  /** Over all runs so far that count: percentile and milliseconds. */
  readonly percentiles: readonly (readonly [percentile: number, milliseconds: number])[];
  /** Milliseconds from the start of the last run to its last delivery. */
  readonly duration: number;
  /** CPU of the process during the last run, microseconds. */
  readonly cpu: number;
  readonly troubles: readonly string[];
}

/** How one client that was cut off fared. */
export interface Recovery {
  readonly subscriber: string;
  /**
   * From the cut to the first delivery that came on time and was sent after it. Missed
   * notifications are replayed before new ones, so a transport that recovers is whole then.
   * Undefined: never.
   */
  readonly milliseconds: number | undefined;
}

/** How the clients connect. */
export interface ConnectOrder {
  readonly module: string;
  /** Clients use them in turns. */
  readonly ports: readonly number[];
  readonly spec: WorkloadSpec;
  /** See `ClientOrder`. */
  readonly comesBack: boolean;
}

/** A delivery that is later than this, in milliseconds, reflects earlier events. */
const ON_TIME = 100;
/** Clients that connect at the same time. */
const AT_ONCE = 20;

const PERCENTILES = Array.from({ length: 19 }, (_, index) => index * 5).concat([
  92.5, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 100,
]);

interface Client {
  readonly subscriber: string;
  /** The way that its connection takes. */
  readonly way: number;
  /** Undefined until it is connected. */
  half: ClientHalf | undefined;
  /** Milliseconds from the cut of its way until it was whole. */
  recovered: number | undefined;
}

// In microseconds, up to a minute, three digits.
function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
}

/** See `HalfModule`. */
export function createHalf() {
  const ledger = new Ledger();
  const whole = newHistogram();
  let histogram = newHistogram();
  const troubles: string[] = [];
  const clients = new Map<string, Client>();
  /** When the ways were cut. */
  const cuts = new Map<number, number>();
  let comesBackWithin = COMES_BACK_WITHIN;
  let workload: Workload | undefined;
  let part: Part | undefined;
  let run: Run | undefined;
  let lastDelivery = 0;
  let delivered = 0;
  let cpuAtStart = process.cpuUsage();

  const received = (client: Client, topic: string, data: unknown): void => {
    const now = hostNow();
    const sequence = sequenceOf(data) ?? -1;
    lastDelivery = now;
    if (!ledger.delivered(client.subscriber, topic, sequence) || !run || !workload || sequence < run.from)
      return;
    delivered += 1;
    const intended = intendedTime(workload, run, sequence);
    histogram.record(Math.max(1, Math.round((now - intended) * 1_000)));
    const cut = cuts.get(client.way);
    if (cut !== undefined && intended > cut && now - intended < ON_TIME) client.recovered ??= now - cut;
  };

  const stragglers = (): Straggler[] =>
    ledger.behind().map((subscriber) => ({
      subscriber,
      hasLast: ledger.hasLast(subscriber),
      live: clients.get(subscriber)?.half?.live() ?? false,
    }));

  return {
    /** Connects every subscriber of the workload. Resolves to how many there are. */
    async connect({ module, ports, spec, comesBack }: ConnectOrder): Promise<number> {
      const contender = await loadContender(module);
      comesBackWithin = contender.comesBackWithin ?? COMES_BACK_WITHIN;
      workload = await workloadOf(spec);
      const events = eventsOf(workload);
      const queue = [...workload.subscribers.entries()];
      const connectNext = async (): Promise<void> => {
        for (let next = queue.pop(); next; next = queue.pop()) {
          const [index, { subscriber, topics }] = next;
          const way = index % ports.length;
          const client: Client = { subscriber, way, half: undefined, recovered: undefined };
          clients.set(subscriber, client);
          for (const topic of topics) ledger.subscribed(subscriber, topic);
          client.half = await contender.connect({
            port: ports[way] as number,
            topics,
            events,
            comesBack,
            received: (topic, data) => received(client, topic, data),
            troubled: (what) => void (troubles.length < 5 && troubles.push(`${subscriber}: ${what}`)),
          });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, connectNext));
      return workload.subscribers.length;
    },
    /** Enters what a part will publish. */
    begin(next: Part, lap: number): void {
      if (!workload) throw new Error("nobody is connected");
      part = inLap(next, workload, lap);
      histogram = newHistogram();
      delivered = 0;
      for (let sequence = part.from; sequence < part.to; sequence += 1) {
        ledger.published(notificationAt(workload, sequence).topic, sequence);
      }
    },
    /**
     * Says when the part's first notification will be sent. It may be said again while that is to
     * come.
     */
    start(at: number): void {
      if (!part) throw new Error("nothing is played");
      run = { ...part, start: at };
      cpuAtStart = process.cpuUsage();
    },
    /** The clients of a way were cut off at this time of the host. */
    watch(way: number, since: number): void {
      cuts.set(way, since);
    },
    /** When those who were cut off were live again. */
    recoveries(): Recovery[] {
      return [...clients.values()]
        .filter(({ way }) => cuts.has(way))
        .map(({ subscriber, recovered }) => ({ subscriber, milliseconds: recovered }));
    },
    /**
     * Waits until everything came, or nothing more can come. A part that does not count, such as a
     * warm-up, is accounted for, and its latencies are forgotten.
     */
    async settle(counts: boolean): Promise<ClientReport> {
      const settling = new Settling(hostNow(), comesBackWithin);
      while (!ledger.complete && !settling.isOver(hostNow(), lastDelivery, stragglers)) await sleep(2);
      const { user, system } = process.cpuUsage(cpuAtStart);
      if (counts) whole.add(histogram);
      const at = (percentile: number): number => histogram.percentile(percentile) / 1_000;
      return {
        account: ledger.account(),
        delivered,
        latency: { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.max / 1_000 },
        percentiles:
          whole.count === 0
            ? []
            : PERCENTILES.map((percentile) => [
                percentile,
                (percentile === 0 ? whole.min : whole.percentile(percentile)) / 1_000,
              ]),
        duration: lastDelivery - (run?.start ?? lastDelivery),
        cpu: user + system,
        troubles,
      };
    },
    close(): void {
      for (const { half } of clients.values()) half?.close();
      clients.clear();
    },
  };
}
