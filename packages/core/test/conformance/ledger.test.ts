import {
  dataText,
  judge,
  type PublishEntry,
  type RunLog,
  type SessionEntry,
  type ViolationKind,
} from "@bellwire/core/conformance";
import { describe, expect, it } from "vitest";

const EPOCH = "e1";
const at = (offset: number, epoch = EPOCH) => ({ epoch, offset });
const publish = (offset: number, more: Partial<PublishEntry> = {}): PublishEntry => ({
  topic: "t",
  id: `p${offset}`,
  data: `${offset}`,
  acknowledged: true,
  position: at(offset),
  ...more,
});
const got = (
  offset: number,
  more: Partial<Extract<SessionEntry, { type: "delivered" }>> = {},
): SessionEntry => ({
  type: "delivered",
  topic: "t",
  id: `p${offset}`,
  data: `${offset}`,
  position: at(offset),
  ...more,
});
const subscribed = (offset = 0, epoch = EPOCH): SessionEntry => ({
  type: "subscribed",
  topic: "t",
  position: at(offset, epoch),
});
const gap = (
  after: number,
  resumeAt: number | null,
  reason: "evicted" | "epoch" | "limit" | "authorization" = "evicted",
): SessionEntry => ({
  type: "gap",
  topic: "t",
  after: at(after),
  resumeAt: resumeAt === null ? null : at(resumeAt),
  reason,
});
const five = [1, 2, 3, 4, 5].map((offset) => publish(offset));
const run = (
  entries: SessionEntry[],
  publishes: PublishEntry[] = five,
  head: Partial<RunLog["heads"][number]> = {},
): RunLog => ({
  publishes,
  sessions: [{ session: "s", entries }],
  heads: [{ topic: "t", position: at(5), ...head }],
});
/** The kinds that were found, each with its count. */
const kinds = (log: RunLog): Partial<Record<ViolationKind, number>> =>
  Object.fromEntries(Object.entries(judge(log).counts).filter(([, count]) => count > 0));

describe("an honest run", () => {
  it("finds nothing when everything came once and in order", () => {
    const verdict = judge(run([subscribed(), got(1), got(2), got(3), got(4), got(5)]));
    expect(verdict).toMatchObject({ delivered: 5, expected: 5, violations: [] });
  });
  it("expects only what came after the subscription's position", () => {
    expect(judge(run([subscribed(3), got(4), got(5)]))).toMatchObject({ expected: 2, violations: [] });
  });
  it("accepts a gap over what was lost, before anything later", () => {
    const verdict = judge(run([subscribed(), got(1), gap(1, 4), got(5)]));
    expect(verdict).toMatchObject({ gaps: 1, reportedLost: 3, violations: [] });
  });
  it("expects nothing after an unsubscribe, and from the new position after subscribing again", () => {
    expect(
      kinds(run([subscribed(), got(1), { type: "unsubscribed", topic: "t" }, subscribed(4), got(5)])),
    ).toEqual({});
  });
  it("accepts a gap of reason epoch into a new numbering, even where nothing was lost", () => {
    const log = run(
      [
        subscribed(),
        got(1),
        { type: "gap", topic: "t", after: at(1), resumeAt: at(0, "e2"), reason: "epoch" },
        got(1, { id: "q", position: at(1, "e2") }),
      ],
      [publish(1), publish(1, { id: "q", position: at(1, "e2") })],
      { position: at(1, "e2") },
    );
    expect(kinds(log)).toEqual({});
  });
  it("excuses what excluded the session, also at the end of the log", () => {
    const publishes = [
      publish(1),
      publish(2, { excluded: "s" }),
      publish(3),
      publish(4),
      publish(5, { excluded: "s" }),
    ];
    expect(kinds(run([subscribed(), got(1), got(3), got(4)], publishes))).toEqual({});
  });
  it("excuses a conflated notification that a later one of its key superseded, and only that", () => {
    const conflated = (offset: number, key: string) => publish(offset, { kind: "conflated", key });
    const publishes = [
      conflated(1, "a"),
      conflated(2, "b"),
      conflated(3, "a"),
      conflated(4, "a"),
      conflated(5, "c"),
    ];
    expect(kinds(run([subscribed(), got(2), got(4), got(5)], publishes))).toEqual({});
    expect(kinds(run([subscribed(), got(4), got(5)], publishes))).toEqual({ silentGap: 1, lost: 1 });
  });
  it("places an unacknowledged publish where it arrived, or nowhere", () => {
    const unanswered = [
      publish(3, { acknowledged: false, position: null }),
      publish(9, { acknowledged: false, position: null }),
    ];
    const publishes = [publish(1), publish(2), publish(4), publish(5), ...unanswered];
    expect(kinds(run([subscribed(), got(1), got(2), got(3), got(4), got(5)], publishes))).toEqual({});
  });
  it("excuses the session's own publish whose answer came only from the next epoch", () => {
    const publishes = [publish(1), publish(1, { id: "own", excluded: "s", position: at(1, "e2") })];
    const epoch: SessionEntry = {
      type: "gap",
      topic: "t",
      after: at(2),
      resumeAt: at(0, "e2"),
      reason: "epoch",
    };
    expect(kinds(run([subscribed(), got(1), epoch], publishes, { position: at(1, "e2") }))).toEqual({});
  });
  it("accepts volatile events anywhere while subscribed", () => {
    const typing = publish(0, { id: "v", kind: "volatile", position: null });
    const volatile = got(0, { id: "v" });
    expect(kinds(run([subscribed(3), got(4), volatile, got(5)], [...five, typing]))).toEqual({});
    expect(kinds(run([subscribed(3), got(4), volatile, volatile, got(5)], [...five, typing]))).toEqual({
      doubled: 1,
    });
  });
});

describe("a broken run", () => {
  it.each<[string, RunLog, Partial<Record<ViolationKind, number>>]>([
    ["one that is missing", run([subscribed(), got(1), got(2), got(4), got(5)]), { silentGap: 1, lost: 1 }],
    ["the last ones missing", run([subscribed(), got(1), got(2), got(3)]), { silentGap: 1, lost: 2 }],
    ["everything missing", run([subscribed()]), { silentGap: 1, lost: 5 }],
    ["a repetition", run([subscribed(), got(1), got(2), got(2), got(3), got(4), got(5)]), { doubled: 1 }],
    ["two that are swapped", run([subscribed(), got(1), got(3), got(2), got(4), got(5)]), { outOfOrder: 1 }],
    [
      "something from before the subscription",
      run([subscribed(3), got(2), got(4), got(5)]),
      { outOfOrder: 1 },
    ],
    [
      "something that a gap had given up",
      run([subscribed(), gap(0, 3), got(2), got(4), got(5)]),
      { outOfOrder: 1 },
    ],
    ["other data", run([subscribed(3), got(4, { data: "x" }), got(5)]), { corrupted: 1 }],
    [
      "another id at the position",
      run([subscribed(3), got(4, { id: "p1", data: "1" }), got(5)]),
      { corrupted: 1 },
    ],
    ["an id that nobody published", run([subscribed(3), got(4, { id: "?" }), got(5)]), { phantom: 1 }],
    [
      "a position beyond the end",
      run([subscribed(3), got(4), got(5), got(99, { id: "p5", data: "5" })]),
      { phantom: 1, corrupted: 0 },
    ],
    [
      "an epoch that was not announced",
      run([subscribed(3), got(4, { position: at(4, "e9") }), got(4), got(5)]),
      { wrongEpoch: 1 },
    ],
    [
      "a new epoch without a gap",
      run([subscribed(), got(1)], [publish(1), publish(1, { id: "q", position: at(1, "e2") })], {
        position: at(1, "e2"),
      }),
      { silentGap: 2, lost: 1 },
    ],
    ["a gap where nothing was lost", run([subscribed(3), gap(3, 3), got(4), got(5)]), { falseGap: 1 }],
    [
      "a gap inside the window",
      run([subscribed(), got(1), gap(1, 4), got(5)], five, { window: 10 }),
      { falseGap: 1 },
    ],
    ["a gap from where it did not stand", run([subscribed(), got(1), gap(2, 4), got(5)]), { falseGap: 1 }],
    [
      "a gap after what follows it",
      run([subscribed(), got(1), got(4), gap(1, 3), got(5)]),
      { silentGap: 1, lost: 2, falseGap: 2 },
    ],
    [
      "a gap into another epoch for a reason within one",
      run(
        [subscribed(4), { type: "gap", topic: "t", after: at(4), resumeAt: at(5, "e2"), reason: "evicted" }],
        five,
        { position: at(5, "e2") },
      ),
      { wrongEpoch: 1 },
    ],
    [
      "an acknowledgement beyond the end",
      run([subscribed(5)], [...five, publish(6)]),
      { acknowledgedLost: 1 },
    ],
    [
      "two acknowledgements of one position",
      run([subscribed(5)], [...five, publish(5, { id: "other" })]),
      { acknowledgedLost: 1 },
    ],
    [
      "one id acknowledged twice",
      run(
        [subscribed(4), got(5, { id: "p4", data: "4" })],
        [publish(4), publish(5, { id: "p4", data: "4" })],
      ),
      { appendedTwice: 1 },
    ],
    ["a delivery without a subscription", run([got(1)]), { phantom: 1 }],
    [
      "a delivery after unsubscribing",
      run([subscribed(4), { type: "unsubscribed", topic: "t" }, got(5)]),
      { phantom: 1 },
    ],
    [
      "a delivery after the right was taken",
      run([subscribed(4), { type: "revoked", topic: "t" }, got(5)]),
      { leaked: 1 },
    ],
    [
      "a delivery to the excluded session",
      run([subscribed(4), got(5)], [publish(5, { excluded: "s" })]),
      { leaked: 1 },
    ],
  ])("finds %s", (_, log, expected) => {
    const found = kinds(log);
    for (const [kind, count] of Object.entries(expected))
      if (count > 0) expect(found).toMatchObject({ [kind]: count });
    expect(Object.keys(found).length).toBeGreaterThan(0);
  });
});

it("keeps its list of violations bounded, and counts them all", () => {
  const publishes = Array.from({ length: 1_000 }, (_, n) => publish(n + 1));
  const verdict = judge(
    run([subscribed(), ...publishes.map((_, n) => got(n + 1, { data: "x" }))], publishes, {
      position: at(1_000),
    }),
  );
  expect(verdict.counts.corrupted).toBe(1_000);
  expect(verdict.violations).toHaveLength(50);
});

it("judges sixteen times as many deliveries, with gaps between them, in a time that grows about as much", () => {
  const judged = (count: number): number => {
    const publishes = Array.from({ length: count }, (_, n) => publish(n + 1, { data: "1" }));
    // The last two of every hundred are reported as a gap.
    const entries = publishes.flatMap((_, n): SessionEntry[] => {
      if (n % 100 < 98) return [got(n + 1, { data: "1" })];
      return n % 100 === 99 ? [gap(n - 1, n + 1)] : [];
    });
    const log = run([subscribed(), ...entries], publishes, { position: at(count), window: 1 });
    const started = process.cpuUsage();
    const { delivered, violations } = judge(log);
    const { user, system } = process.cpuUsage(started);
    expect([delivered, violations]).toEqual([(count / 100) * 98, []]);
    return user + system;
  };
  // The minimum of several runs is the least disturbed one. Quadratic time would be 256 times.
  const least = (count: number): number => Math.min(...[1, 2, 3].map(() => judged(count)));
  judged(10_000);
  const few = least(10_000);
  expect(least(160_000) / few).toBeLessThan(100);
});

it("gives equal values equal texts", () => {
  expect(dataText({ b: [1, { d: 1, c: 2 }], a: null })).toBe(dataText({ a: null, b: [1, { c: 2, d: 1 }] }));
  expect(dataText({ a: 1 })).not.toBe(dataText({ a: "1" }));
});
