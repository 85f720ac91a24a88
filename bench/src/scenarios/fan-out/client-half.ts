/**
 * The clients' half of the fan-out: many cheap subscribers that count, and one real client that
 * compares.
 */
import { type ClientHalf, FAN_OUT_EVENT, FAN_OUT_TOPIC } from "../../contender.ts";
import { hostNow, sleep } from "../../measure/clock.ts";
import { loadContender } from "../../registry.ts";
import { ContentCheck } from "./content.ts";
import { type LoadClient, openLoadClients } from "./load-clients.ts";

/**
 * The deliveries to all subscribers of one contender, once everything came or the wait was over.
 */
export interface Tally {
  /** Deliveries missing over all subscribers. */
  readonly lost: number;
  /** Deliveries too many over all subscribers. */
  readonly doubled: number;
  /** Other failures: content that was not as sent, connections lost. */
  readonly troubles: readonly string[];
  /** CPU of the client process since the slice began, microseconds. */
  readonly cpu: number;
}

/**
 * Milliseconds without a delivery to wait for what is missing; everybody is connected all the time.
 */
const PATIENCE = 5_000;

/** See `HalfModule`. */
export function createHalf() {
  const check = new ContentCheck();
  const troubles: string[] = [];
  let clients: LoadClient[] = [];
  let real: ClientHalf | undefined;
  let cpuAtStart = process.cpuUsage();

  function trouble(what: string): void {
    if (troubles.length < 5) troubles.push(what);
  }

  function shortfall(expected: number): number {
    let missing = Math.max(0, expected - check.received);
    for (const { counted } of clients) missing += Math.max(0, expected - counted());
    return missing;
  }

  return {
    /** Joins `subscribers - 1` load clients and one real one. */
    async connect(module: string, port: number, subscribers: number): Promise<void> {
      const contender = await loadContender(module);
      if (!contender.load) throw new Error(`${contender.name} does not declare how load clients join`);
      real = await contender.connect({
        port,
        topics: [FAN_OUT_TOPIC],
        events: [FAN_OUT_EVENT],
        comesBack: false,
        received: (_, data) => check.add(data),
        troubled: trouble,
      });
      clients = await openLoadClients(contender.load, port, subscribers - 1, trouble);
    },
    begin(): void {
      cpuAtStart = process.cpuUsage();
    },
    /** Waits until every subscriber has `expected` notifications, or nothing more comes. */
    async settle(expected: number): Promise<Tally> {
      let missing = shortfall(expected);
      for (let deadline = hostNow() + PATIENCE; missing > 0 && hostNow() < deadline; ) {
        await sleep(2);
        const before = missing;
        missing = shortfall(expected);
        if (missing < before) deadline = hostNow() + PATIENCE;
      }
      const { user, system } = process.cpuUsage(cpuAtStart);
      // A second copy comes right after the first or with what is published next; then the next
      // settling counts it.
      let doubled = Math.max(0, check.received - expected);
      for (const { counted } of clients) doubled += Math.max(0, counted() - expected);
      const faults = check.fault === undefined ? troubles : [...troubles, check.fault];
      return { lost: missing, doubled, troubles: faults, cpu: user + system };
    },
    close(): void {
      real?.close();
      for (const client of clients) client.close();
    },
  };
}
