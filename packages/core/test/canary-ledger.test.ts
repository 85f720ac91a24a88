/**
 * The counts of two transports, against a model that knows everything, and the counting of
 * milliseconds.
 */
import { bucketEnd, type CanaryReport, readReport, sumReports } from "@bellwire/core/canary";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CanaryLedger, HELD } from "../src/canary/canary-ledger.ts";
import { Counter } from "../src/canary/distribution.ts";
import { emptyTally, reportOf, type Side, type Tally } from "../src/canary/report.ts";
import { holds } from "./property.ts";

const WINDOW = 1_000;
const TOPIC = "t";

/** A ledger, and the messages of each transport. */
class Bench {
  readonly tally: Tally = emptyTally();
  readonly ledger: CanaryLedger = new CanaryLedger(this.tally, WINDOW);
  now = 0;
  #ref = 0;

  constructor() {
    this.ledger.asked(TOPIC, 0, undefined, 0);
  }

  /** The hub answers the subscribe over the transport with the position. */
  subscribed(side: Side, offset: number, epoch = "e"): void {
    this.#ref += 1;
    this.ledger.step(side, TOPIC, { type: "connected" }, this.#ref, this.now);
    const message = {
      type: "subscribed",
      ref: this.#ref,
      topic: TOPIC,
      position: { epoch, offset },
    } as const;
    this.ledger.step(side, TOPIC, message, 0, this.now);
  }

  notified(side: Side, offset: number): void {
    const message = { type: "notification", topic: TOPIC, event: "said", data: 0, time: 0, offset } as const;
    this.ledger.step(side, TOPIC, message, 0, this.now);
  }

  skip(side: Side, offset: number): void {
    this.ledger.step(side, TOPIC, { type: "skip", topic: TOPIC, offset }, 0, this.now);
  }

  gap(side: Side, offset: number, epoch = "e"): void {
    const message = { type: "gap", topic: TOPIC, position: { epoch, offset }, reason: "overflow" } as const;
    this.ledger.step(side, TOPIC, message, 0, this.now);
  }

  report(): CanaryReport {
    const about = { id: "i", elapsed: this.now, closed: false, window: WINDOW };
    const names = { primary: "a", candidate: "b" };
    return reportOf(about, names, this.tally, this.ledger.overdue(this.now));
  }
}

/**
 * The next act of a transport: it brings some notifications, repeats the last, skips some, or
 * rests.
 */
const act = fc.record({
  side: fc.constantFrom<Side>("primary", "candidate"),
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant("bring" as const) },
    fc.constantFrom("again" as const, "skip" as const, "gap" as const),
  ),
  count: fc.integer({ min: 1, max: 4 }),
  wait: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 1_500 })),
});

type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** A model that knows everything, beside the ledger. */
class Model {
  readonly bench = new Bench();
  readonly #starts: Readonly<Record<Side, number>>;
  readonly #cursor: Record<Side, number>;
  readonly #came = { primary: new Map<number, number>(), candidate: new Map<number, number>() };
  readonly #skipped = { primary: new Set<number>(), candidate: new Set<number>() };
  readonly #gone = { primary: new Set<number>(), candidate: new Set<number>() };
  readonly #doubled = { primary: 0, candidate: 0 };

  constructor(primary: number, candidate: number) {
    this.#starts = { primary, candidate };
    this.#cursor = { primary, candidate };
    this.bench.subscribed("primary", primary);
    this.bench.subscribed("candidate", candidate);
  }

  perform({ side, does, count, wait }: Act): void {
    this.bench.now += wait;
    if (does === "again") return this.#again(side);
    const first = this.#cursor[side] + 1;
    this.#cursor[side] += count;
    const offsets = Array.from({ length: count }, (_, index) => first + index);
    if (does === "bring") {
      for (const offset of offsets) this.#bring(side, offset);
      return;
    }
    const passed = does === "skip" ? this.#skipped : this.#gone;
    for (const offset of offsets) passed[side].add(offset);
    this.bench[does](side, this.#cursor[side]);
  }

  #again(side: Side): void {
    if (this.#cursor[side] === 0) return;
    this.bench.notified(side, this.#cursor[side]);
    this.#doubled[side] += 1;
  }

  #bring(side: Side, offset: number): void {
    this.bench.notified(side, offset);
    this.#came[side].set(offset, this.bench.now);
  }

  /** For each notification on both sides: how much later the candidate brought it. */
  get lags(): number[] {
    const { primary, candidate } = this.#came;
    return [...primary].flatMap(([offset, at]) => {
      const other = candidate.get(offset);
      return other === undefined ? [] : [other - at];
    });
  }

  /** The counts that the report must have for a side. `lags`: how much later it was. */
  counts(side: Side, lags: readonly number[]): object {
    const other = side === "primary" ? "candidate" : "primary";
    const isLost = ([offset, at]: readonly [offset: number, at: number]): boolean =>
      offset > this.#starts[side] &&
      !this.#came[side].has(offset) &&
      !this.#skipped[side].has(offset) &&
      (this.#gone[side].has(offset) || this.bench.now - at >= WINDOW);
    return {
      delivered: this.#came[side].size,
      lost: [...this.#came[other]].filter(isLost).length,
      late: lags.filter((lag) => lag >= WINDOW).length,
      doubled: this.#doubled[side],
      disorder: 0,
    };
  }
}

describe("the ledger", () => {
  it("counts like a model that knows everything, whatever the transports do", () => {
    const start = fc.integer({ min: 0, max: 5 });
    const property = fc.property(start, start, fc.array(act, { maxLength: 60 }), (a, b, acts) => {
      const model = new Model(a, b);
      for (const next of acts) model.perform(next);
      const report = model.bench.report();
      const { lags } = model;
      expect(report).toMatchObject({
        both: lags.length,
        primary: model.counts(
          "primary",
          lags.map((lag) => -lag),
        ),
        candidate: model.counts("candidate", lags),
      });
      expect(report.lag).toMatchObject({
        count: lags.length,
        min: lags.length > 0 ? Math.min(...lags) : null,
        max: lags.length > 0 ? Math.max(...lags) : null,
      });
      expect(report.uncompared).toBeGreaterThanOrEqual(0);
    });
    holds(property, 500);
  });

  it("holds no more than its bound; a notification that it gives up is lost after the window, and not judged before", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    for (let offset = 1; offset <= HELD; offset++) bench.notified("primary", offset);
    for (let offset = HELD + 1; offset <= HELD + 10; offset++) bench.notified("primary", offset);
    expect(bench.ledger.held).toBe(HELD);
    expect(bench.report()).toMatchObject({ uncompared: HELD + 10, candidate: { lost: 0 } });
    bench.now += WINDOW;
    for (let offset = HELD + 11; offset <= HELD + 15; offset++) bench.notified("primary", offset);
    expect(bench.ledger.held).toBe(HELD);
    expect(bench.report()).toMatchObject({ uncompared: 15, candidate: { lost: HELD } });
    // Later notifications are not held for new ones.
    for (let offset = 1; offset <= HELD + 15; offset++) bench.notified("candidate", offset);
    expect(bench.report()).toMatchObject({
      both: HELD,
      candidate: { lost: 5, late: HELD - 5 },
      primary: { lost: 0 },
    });
    expect(bench.ledger.held).toBe(0);
  });

  it("compares each epoch by itself, and the transport that is behind may still end the one before", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    bench.notified("primary", 1);
    bench.gap("primary", 0, "f");
    bench.notified("primary", 1);
    bench.notified("candidate", 1);
    bench.gap("candidate", 0, "f");
    bench.notified("candidate", 1);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({
      both: 2,
      primary: { gaps: 1, lost: 0 },
      candidate: { gaps: 1, lost: 0 },
    });
    for (const epoch of ["g", "h", "i"]) bench.gap("primary", 0, epoch);
    bench.notified("primary", 1);
    bench.notified("candidate", 2);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ both: 2, uncompared: 2 });
  });

  it("judges nothing by a transport that was not subscribed, and nothing after it was refused", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.notified("primary", 1);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ uncompared: 1, candidate: { lost: 0 } });
    bench.subscribed("candidate", 1);
    bench.notified("primary", 2);
    const ended = { type: "error", topic: TOPIC, code: "forbidden", message: "no" } as const;
    bench.ledger.step("candidate", TOPIC, ended, 0, bench.now);
    bench.notified("primary", 3);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ uncompared: 3, candidate: { lost: 0 } });
    expect(bench.ledger.held).toBe(0);
  });

  it("judges nothing by a candidate that has failed, before it is subscribed again", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    bench.ledger.retire(bench.now);
    bench.notified("primary", 1);
    bench.ledger.revive();
    bench.notified("primary", 2);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ uncompared: 2, candidate: { lost: 0 } });
    bench.subscribed("candidate", 2);
    for (const side of ["primary", "candidate"] as const) bench.notified(side, 3);
    bench.notified("primary", 4);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ both: 1, uncompared: 2, candidate: { lost: 1 } });
  });

  it("remembers what a transport passed over in the epoch before", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    bench.skip("candidate", 2);
    bench.gap("candidate", 0, "f");
    bench.notified("primary", 1);
    bench.notified("primary", 2);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ uncompared: 2, candidate: { lost: 0 } });
  });

  it("forgets a subscription when the channel begins another to the same topic", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    bench.notified("primary", 1);
    expect(bench.ledger.asked(TOPIC, 0, { epoch: "e", offset: 1 }, bench.now)).toBe(false);
    expect(bench.ledger.held).toBe(1);
    bench.subscribed("primary", 1);
    expect(bench.ledger.asked(TOPIC, 0, undefined, bench.now)).toBe(true);
    expect(bench.ledger.held).toBe(0);
    bench.now += WINDOW;
    expect(bench.report()).toMatchObject({ uncompared: 1, candidate: { lost: 0 } });
  });
});

const milliseconds = fc.oneof(
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.double({ min: -300, max: 300, noNaN: true }),
);

describe("a distribution", () => {
  it("says percentiles that are at most 19 % further from zero than the truth, and never nearer", () => {
    const small = fc.array(fc.double({ min: -1e8, max: 1e8, noNaN: true }), { minLength: 1 });
    const property = fc.property(small, (all) => {
      const counter = new Counter();
      for (const ms of all) counter.add(ms);
      const report = counter.report();
      const sorted = all.toSorted((x, y) => x - y);
      expect([report.count, report.min, report.max]).toEqual([all.length, sorted[0], sorted.at(-1)]);
      for (const [share, said] of [
        [0.5, report.p50],
        [0.9, report.p90],
        [0.99, report.p99],
      ] as const) {
        const truth = sorted[Math.ceil(share * all.length) - 1] ?? 0;
        if (Math.abs(truth) <= 0.25) expect(Math.abs(said ?? Infinity)).toBeLessThanOrEqual(0.25);
        else {
          const ratio = (said ?? 0) / truth;
          expect(ratio).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(ratio).toBeLessThanOrEqual(2 ** 0.25 + 1e-9);
        }
      }
    });
    holds(property, 500);
  });

  it("of some added to that of others is that of all", () => {
    const property = fc.property(fc.array(milliseconds), fc.array(milliseconds), (some, others) => {
      const [a, b, all] = [new Counter(), new Counter(), new Counter()];
      for (const ms of some) a.add(ms);
      for (const ms of others) b.add(ms);
      for (const ms of [...some, ...others]) all.add(ms);
      a.merge(b.report());
      expect(a.report()).toEqual(all.report());
    });
    holds(property, 200);
  });

  it("names the ends of its buckets, four to a doubling from a quarter of a millisecond", () => {
    expect([0, 4, 8, -8, 48].map(bucketEnd)).toEqual([0, 0.5, 1, -1, 1_024]);
  });
});

describe("the sum of reports", () => {
  it("has the latest of each canary, and adds them", () => {
    const bench = new Bench();
    bench.subscribed("primary", 0);
    bench.subscribed("candidate", 0);
    bench.tally.candidate.causes.timeout = 2;
    bench.notified("primary", 1);
    const before = bench.report();
    bench.now += 40;
    bench.notified("candidate", 1);
    const after = bench.report();
    const sum = sumReports([after, before, { ...after, id: "j" }]);
    expect(sum).toMatchObject({
      canaries: 2,
      both: 2,
      uncompared: 0,
      lag: { count: 2, min: 40, max: 40 },
      primary: { name: "a", delivered: 2 },
      candidate: { name: "b", delivered: 2, causes: { timeout: 4 } },
    });
    expect(sumReports([])).toMatchObject({ canaries: 0, both: 0, lag: { p50: null } });
    expect(JSON.parse(JSON.stringify(sum))).toEqual(sum);
  });
});

describe("a report that came over a network", () => {
  const bench = new Bench();
  bench.subscribed("primary", 0);
  bench.subscribed("candidate", 0);
  bench.notified("primary", 1);
  bench.notified("candidate", 1);
  bench.tally.primary.causes.link_lost = 1;
  const report = bench.report();

  it("is read when it is one", () => {
    expect(readReport(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it.each([
    undefined,
    null,
    "report",
    [report],
    { ...report, id: "no id" },
    { ...report, both: "1" },
    { ...report, both: -1 },
    { ...report, closed: undefined },
    { ...report, lag: {} },
    { ...report, lag: { ...report.lag, buckets: [[0.5, 1]] } },
    { ...report, lag: { ...report.lag, buckets: [[1_000, 1]] } },
    { ...report, lag: { ...report.lag, buckets: [7] } },
    { ...report, primary: { ...report.primary, name: "x".repeat(201) } },
    { ...report, primary: { ...report.primary, causes: { __proto__x: 1 } } },
    { ...report, candidate: { ...report.candidate, lost: null } },
  ])("is refused when it is none: %#", (value) => {
    expect(readReport(value)).toBeUndefined();
  });

  it("never makes readReport or sumReports throw, whatever was sent", () => {
    const property = fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(report)), (value, key) => {
      const read = readReport({ ...report, [key]: value });
      if (read) expect(sumReports([read, report]).canaries).toBeGreaterThan(0);
      expect(readReport(value)).toBeUndefined();
    });
    holds(property, 500);
  });
});
