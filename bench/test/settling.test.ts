import { describe, expect, it } from "vitest";
import { Settling, type Straggler } from "../src/drive/settling.ts";

const away: Straggler = { subscriber: "ada", hasLast: false, live: false };
const live: Straggler = { ...away, live: true };

/** Looks every 10 ms from time 0, the last delivery, on. Resolves to when the wait was over. */
function waited(
  stragglers: (now: number) => readonly Straggler[],
  lastDelivery: (now: number) => number = () => 0,
): number {
  const settling = new Settling(0, 20_000);
  for (let now = 0; now < 200_000; now += 10)
    if (settling.isOver(now, lastDelivery(now), () => stragglers(now))) return now;
  throw new Error("the wait does not end");
}

describe("a drive's wait for missing deliveries", () => {
  it("waits for a client that is still within its backoff", () => {
    // It is back after 12 s of silence, and what it missed comes 2 s later.
    const back = (now: number): Straggler[] => (now < 12_000 ? [away] : now < 14_000 ? [live] : []);
    expect(waited(back)).toBe(14_000);
  });

  it("reports a loss when a contender's time is over", () => {
    const end = waited(() => [away]);
    expect(end).toBeGreaterThanOrEqual(20_000);
    expect(end).toBeLessThan(25_000);
  });

  it("counts a contender's time from when the client was last cut off", () => {
    const end = waited((now) => [now === 12_000 ? live : away]);
    expect(end).toBeGreaterThanOrEqual(32_000);
    expect(end).toBeLessThan(37_000);
  });

  it("reports a loss after 3 s of silence when the clients are connected, and sooner when they have what came later", () => {
    expect(waited(() => [live])).toBe(3_000);
    expect(waited(() => [{ ...live, hasLast: true }])).toBe(500);
    expect(waited(() => [{ ...away, hasLast: true }])).toBe(500);
  });

  it("goes on waiting while deliveries arrive", () => {
    expect(
      waited(
        () => [live],
        (now) => Math.min(now, 8_000),
      ),
    ).toBe(11_000);
  });

  it("does not wait for a client that receives nothing because another is away", () => {
    const both = (now: number): Straggler[] => [...(now < 5_000 ? [away] : []), { ...live, subscriber: "b" }];
    expect(waited(both)).toBeLessThan(8_100);
  });

  it("ends when clients disconnect and reconnect for ever", () => {
    const flapping = (now: number): Straggler[] => [now % 1_000 < 500 ? away : live];
    expect(waited(flapping)).toBe(50_000);
    expect(
      waited(
        () => [live],
        (now) => now,
      ),
    ).toBe(50_000);
  });
});
