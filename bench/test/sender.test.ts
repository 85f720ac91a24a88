import { describe, expect, it } from "vitest";
import { contender } from "../src/contenders/raw-ws-topics.ts";
import type { ClientReport } from "../src/drive/client-half.ts";
import type { DriveResult } from "../src/drive/drive.ts";
import { lateness, type Punctuality, type SenderClock, send } from "../src/drive/sender.ts";
import { seededRandom } from "../src/measure/random.ts";
import { scenarioText } from "../src/report/terminal.ts";
import type { Row } from "../src/results.ts";
import { DRIVEN_METRICS, drivenRow } from "../src/scenarios/driven-row.ts";
import type { Workload } from "../src/workload/workload.ts";

/** A hundred notifications, ten milliseconds apart. */
const workload: Workload = {
  subscribers: [],
  notifications: Array.from({ length: 100 }, (_, index) => ({
    at: index * 10,
    topic: "a.b",
    event: "c",
    data: {},
  })),
};

/** A clock that jumps where it is told to, such as an event loop that was held up. */
function clockThatStalls(at: number, milliseconds: number): SenderClock {
  let now = 0;
  let stalled = false;
  return {
    now: () => now,
    async sleep(asked) {
      now += asked;
      if (!stalled && now >= at) {
        stalled = true;
        now += milliseconds;
      }
    },
  };
}

async function sendWith(clock: SenderClock): Promise<{ health: Punctuality; sequences: unknown[] }> {
  const sequences: unknown[] = [];
  const run = { from: 0, to: 100, start: 0, speed: 1 };
  const health = await send(
    workload,
    run,
    (notices) => sequences.push(...notices.map(({ data }) => data.sequence)),
    clock,
  );
  return { health, sequences };
}

describe("the sender", () => {
  it("sends everything once, in order and on time", async () => {
    const { health, sequences } = await sendWith(clockThatStalls(Number.POSITIVE_INFINITY, 0));
    expect(sequences).toEqual(workload.notifications.map((_, index) => index));
    expect(health).toEqual({ sent: 100, late: 0, worst: 0 });
    expect(lateness({ ...health, loopDelay: 0 })).toBeUndefined();
  });

  it("counts each send that a stall made late, and still sends it", async () => {
    const { health, sequences } = await sendWith(clockThatStalls(500, 55));
    expect(sequences).toHaveLength(100);
    expect(health.late).toBe(5);
    expect(health.worst).toBeCloseTo(55, 5);
    expect(lateness({ ...health, loopDelay: 0 })).toContain("5 of 100 sends");
  });

  it("falls behind, too, when its event loop was held up between sends", () => {
    const punctual = { sent: 100, late: 0, worst: 1 };
    expect(lateness({ ...punctual, loopDelay: 5 })).toBeUndefined();
    expect(lateness({ ...punctual, loopDelay: 80 })).toContain("held up for 80 ms");
  });

  it("sends faster when told to", async () => {
    const clock = clockThatStalls(Number.POSITIVE_INFINITY, 0);
    await send(workload, { from: 50, to: 100, start: 0, speed: 10 }, () => {}, clock);
    expect(clock.now()).toBeCloseTo(49, 5);
  });
});

describe("a driven row", () => {
  const report: ClientReport = {
    account: { expected: 100, delivered: 100, lost: 0, doubled: 0, disordered: 0, stray: 0 },
    delivered: 100,
    latency: { p50: 1.5, p99: 7.25, p999: 9, max: 12 },
    percentiles: [],
    duration: 1_000,
    cpu: 500,
    troubles: [],
  };
  const result = (late: number, other: Partial<DriveResult> = {}): DriveResult => ({
    report,
    notifications: 100,
    health: { sent: 100, late, worst: 20, loopDelay: 0 },
    server: { cpu: 900, bytes: 5_000 },
    failures: 0,
    ...other,
  });
  const rowOf = (...results: DriveResult[]): Row =>
    drivenRow(
      { module: "file:///some.ts", contender },
      results.map((one) => ({ result: one, reruns: 0 })),
      seededRandom(1),
    );
  const textOf = (row: Row): string =>
    scenarioText(
      {
        name: "replay",
        title: "Replay",
        setup: "",
        metrics: DRIVEN_METRICS,
        rows: [row],
        verdicts: [],
        notes: [],
      },
      { color: false, width: 200 },
    );

  it("shows latencies of a healthy sender", () => {
    const text = textOf(rowOf(result(1)));
    expect(text).toContain("7.3");
    expect(text).not.toContain("invalid");
    expect(text).toContain("loopback");
  });

  it("calls latencies invalid when the sender fell behind, with the reason", () => {
    const text = textOf(rowOf(result(2)));
    expect(text).not.toContain("7.3");
    expect(text).toContain("invalid: the sender fell behind: 2 of 100 sends");
  });

  it("reports how often its parts were run again", () => {
    const part = { result: result(0), reruns: 2 };
    const row = drivenRow({ module: "file:///some.ts", contender }, [part, part], seededRandom(1));
    expect(row.reruns).toBe(4);
  });

  it("marks a row whose clients had no time left", () => {
    expect(rowOf(result(0)).caveats).not.toContain("client-bound");
    expect(rowOf(result(0, { report: { ...report, cpu: 900_000 } })).caveats).toContain("client-bound");
  });

  it("counts the server's CPU by the deliveries of each part, though the account grows over all", () => {
    const second = result(0, {
      report: { ...report, delivered: 200, account: { ...report.account, expected: 300, delivered: 300 } },
      server: { cpu: 4_000, bytes: 9_000 },
    });
    expect(rowOf(result(0), second).figures["server-cpu"]?.samples).toEqual([
      { round: 1, value: 9 },
      { round: 2, value: 20 },
    ]);
  });

  it("has no figure where nothing arrived, and none for bytes that were not counted", () => {
    const none = { ...report, delivered: 0, account: { ...report.account, delivered: 0, lost: 100 } };
    expect(rowOf(result(0, { report: none })).figures["server-cpu"]).toBeUndefined();
    const uncounted = result(0, { server: { cpu: 900, bytes: Number.NaN } });
    expect(rowOf(uncounted).figures["wire-bytes"]).toBeUndefined();
  });

  it("names publishes that failed", () => {
    expect(rowOf(result(0, { failures: 3 })).troubles).toEqual(["3 publishes failed"]);
  });
});
