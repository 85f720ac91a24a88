import { describe, expect, it } from "vitest";
import { progressOn } from "../src/report/progress.ts";

/** A terminal that remembers its last line, with a clock that stands still. */
function terminal(plan: Parameters<typeof progressOn>[1], isTTY = true) {
  const lines: string[] = [];
  const clock = { now: 0 };
  const stream = {
    isTTY,
    columns: 120,
    write: (text: string) => lines.push(text.replace("\r\u001b[2K", "").trimEnd()),
  };
  return { progress: progressOn(stream, plan, () => clock.now), lines, clock };
}

const PLAN = [
  { name: "latency", seconds: 30 },
  { name: "fan-out", seconds: 90 },
];

describe("the progress", () => {
  it("counts over all scenarios and shows the time left", () => {
    const { progress, lines, clock } = terminal(PLAN);
    progress.begin("latency", 2);
    progress.step("raw ws");
    expect(lines.at(-1)).toBe("░░░░░░░░░░░░░░░░░░░░░░░░   0 %  2:00 left  latency: raw ws");
    clock.now = 30_000;
    progress.begin("fan-out", 3);
    progress.step("round 1");
    expect(lines.at(-1)).toBe("██████░░░░░░░░░░░░░░░░░░  25 %  1:30 left  fan-out: round 1");
  });

  it("learns from a run that is slower than planned", () => {
    const { progress, lines, clock } = terminal(PLAN);
    clock.now = 70_000;
    progress.begin("fan-out", 3);
    progress.step("round 1");
    expect(lines.at(-1)).toContain("3:00 left");
  });

  it("writes a line every five seconds where there is no terminal", () => {
    const { progress, lines, clock } = terminal(PLAN, false);
    progress.begin("latency", 100);
    for (let step = 0; step < 11; step += 1) {
      progress.step("raw ws");
      clock.now += 1_000;
    }
    expect(lines).toHaveLength(3);
  });
});
