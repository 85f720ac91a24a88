import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseWorkload, readWorkload, segmentsOf, WORKOUT_DAY } from "../src/workload/workload.ts";
import { generateWorkoutDay, WORKOUT_DAY_SEED } from "../workloads/generate.ts";

describe("the workout day", () => {
  it("is what its generator writes, byte for byte", () => {
    // Not toBe on the texts: a failure would print megabytes.
    const committed = readFileSync(WORKOUT_DAY);
    const generated = Buffer.from(generateWorkoutDay(WORKOUT_DAY_SEED));
    expect(generated.length).toBe(committed.length);
    expect(generated.equals(committed)).toBe(true);
  });

  it("is another day with another seed", () => {
    expect(generateWorkoutDay(1)).not.toBe(generateWorkoutDay(2));
  });

  it("has at least 20,000 notifications of every kind the app sends, small and large", async () => {
    const { notifications, subscribers } = await readWorkload(WORKOUT_DAY);
    expect(notifications.length).toBeGreaterThanOrEqual(20_000);
    expect(subscribers.length).toBe(40);
    const kinds = new Set(notifications.map(({ topic, event }) => `${topic.split(".")[0]} ${event}`));
    expect([...kinds].toSorted()).toEqual([
      "chat message",
      "goals achieved",
      "leaderboards updated",
      "workouts completed",
      "workouts lap",
      "workouts progress",
    ]);
    const sizes = notifications.map(({ data }) => Buffer.byteLength(JSON.stringify(data)));
    expect(Math.min(...sizes)).toBeLessThan(80);
    expect(Math.max(...sizes)).toBeGreaterThan(600);
  });

  it("publishes nothing without a subscriber", async () => {
    const { notifications, subscribers } = await readWorkload(WORKOUT_DAY);
    const wanted = new Set(subscribers.flatMap(({ topics }) => topics));
    expect(notifications.filter(({ topic }) => !wanted.has(topic))).toEqual([]);
  });
});

describe("a workload", () => {
  const line = (at: string): string => JSON.stringify({ at, topic: "a.b", event: "c", data: {} });

  it("counts time from its first notification", () => {
    const { notifications } = parseWorkload(
      `${line("2026-01-01T10:00:00.250Z")}\n${line("2026-01-01T10:00:01Z")}\n`,
    );
    expect(notifications.map(({ at }) => at)).toEqual([0, 750]);
  });

  it("names the line of an error", () => {
    expect(() => parseWorkload(`${line("2026-01-01T10:00:00Z")}\n{"topic":"a"}\n`)).toThrow(/line 2/);
    expect(() => parseWorkload(`${line("2026-01-01T10:00:01Z")}\n${line("2026-01-01T10:00:00Z")}\n`)).toThrow(
      /line 2: goes back/,
    );
  });

  it("is read no further than it is played", () => {
    const day = `${line("2026-01-01T10:00:00Z")}\n${line("2026-01-01T10:00:01Z")}\n`;
    expect(parseWorkload(`${day}no JSON\n`, 2).notifications.map(({ at }) => at)).toEqual([0, 1_000]);
    expect(() => parseWorkload(`${day}no JSON\n`, 3)).toThrow();
  });

  it("is cut into segments that leave nothing out", async () => {
    const workload = await readWorkload(WORKOUT_DAY, 1_000);
    const segments = segmentsOf(workload, 3);
    expect(segments[0]?.from).toBe(0);
    expect(segments[2]?.to).toBe(1_000);
    expect(segments.slice(1).map(({ from }) => from)).toEqual(segments.slice(0, 2).map(({ to }) => to));
  });
});
