import { describe, expect, it } from "vitest";
import type { ClientReport } from "../src/replay/client-process.ts";
import { replayText } from "../src/replay/report.ts";
import { isIll, type SenderClock, type SenderHealth, send } from "../src/replay/sender.ts";
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

async function sendWith(clock: SenderClock): Promise<{ health: SenderHealth; sequences: unknown[] }> {
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
    expect(isIll(health)).toBe(false);
  });

  it("counts each send that a stall made late, and still sends it", async () => {
    const { health, sequences } = await sendWith(clockThatStalls(500, 55));
    expect(sequences).toHaveLength(100);
    expect(health.late).toBe(5);
    expect(health.worst).toBeCloseTo(55, 5);
    expect(isIll(health)).toBe(true);
  });

  it("sends faster when told to", async () => {
    const clock = clockThatStalls(Number.POSITIVE_INFINITY, 0);
    await send(workload, { from: 50, to: 100, start: 0, speed: 10 }, () => {}, clock);
    expect(clock.now()).toBeCloseTo(49, 5);
  });
});

describe("the replay's table", () => {
  const report: ClientReport = {
    account: { expected: 100, delivered: 100, lost: 0, doubled: 0, disordered: 0, stray: 0 },
    latency: { p50: 1.5, p99: 7.25, p999: 9, max: 12 },
    duration: 1_000,
    cpu: 500,
    troubles: [],
  };
  const rest = {
    report,
    notifications: 100,
    milliseconds: 1_000,
    serverCpu: 900,
    clientCpu: 500,
    bytes: 5_000,
    failures: 0,
  };

  it("shows latencies of a healthy sender", () => {
    const text = replayText([{ ...rest, name: "some wire", health: { sent: 100, late: 1, worst: 20 } }]);
    expect(text).toContain("7.3");
    expect(text).not.toContain("invalid");
    expect(text).toContain("loopback");
  });

  it("calls latencies invalid when the sender was ill, and says why", () => {
    const text = replayText([{ ...rest, name: "some wire", health: { sent: 100, late: 2, worst: 20 } }]);
    expect(text).not.toContain("7.3");
    expect(text).toContain("some wire: latency invalid, the sender was ill: 2 of 100 sends");
  });

  it("marks a row whose clients had no time left", () => {
    const busy = { ...rest, clientCpu: 900_000, name: "some wire", health: { sent: 100, late: 0, worst: 1 } };
    expect(replayText([busy])).toContain("bound");
  });
});
