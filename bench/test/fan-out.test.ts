import { describe, expect, it } from "vitest";
import type { Contender } from "../src/contender.ts";
import { contender as loopContender } from "../src/contenders/raw-ws-loop.ts";
import { seededRandom } from "../src/measure/random.ts";
import { faults, missedBars } from "../src/outcome.ts";
import type { ScenarioResult, Verdict } from "../src/results.ts";
import { broadcast, ContentCheck, DATA_BYTES } from "../src/scenarios/fan-out/content.ts";
import { type FanOutResult, joinStarts, placesOf } from "../src/scenarios/fan-out/fan-out.ts";
import { relativeCosts, verdicts } from "../src/scenarios/fan-out/report.ts";
import { fanOutRow } from "../src/scenarios/fan-out/scenario.ts";
import { MARKER, MarkerCount } from "../src/wire/marker.ts";

describe("counting in a byte stream", () => {
  const stream = Buffer.from(`ab${MARKER}c${MARKER}${MARKER}d\u00b6\u00c2\u00b5${MARKER}`);

  it("finds every marker wherever the stream is cut", () => {
    for (let first = 0; first <= stream.length; first += 1) {
      for (let second = first; second <= stream.length; second += 1) {
        const marker = new MarkerCount();
        marker.add(stream.subarray(0, first));
        marker.add(stream.subarray(first, second));
        marker.add(stream.subarray(second));
        expect(marker.count).toBe(5);
      }
    }
  });

  it("takes half a marker for none", () => {
    const marker = new MarkerCount();
    marker.add(Buffer.from([0xb6, 0x00, 0xb6, 0xc2, 0x00, 0xb6, 0xc2]));
    marker.add(Buffer.from([0x00, 0xb6]));
    expect(marker.count).toBe(0);
  });
});

describe("the broadcast content", () => {
  it("has 128 bytes of data and one marker, whatever its number", () => {
    for (const sequence of [0, 9, 10, 99_999, 123_456_789]) {
      const text = JSON.stringify(broadcast(sequence).data);
      expect(Buffer.byteLength(text)).toBe(DATA_BYTES);
      expect(text.split(MARKER)).toHaveLength(2);
    }
  });

  it("is compared one by one and in order", () => {
    const check = new ContentCheck();
    check.add(broadcast(0).data);
    check.add(broadcast(1).data);
    expect(check.fault).toBeUndefined();
    check.add(broadcast(3).data);
    expect(check.fault).toContain("number 2");
  });
});

function result(
  name: string,
  kind: FanOutResult["kind"],
  costs: readonly number[],
  again = false,
): FanOutResult {
  const slices = costs.flatMap((serverCpu, index) =>
    ([1, 8] as const).map((burst) => ({
      round: index + 1,
      burst,
      deliveries: 1_000,
      serverCpu: burst === 8 && kind === "wire" ? serverCpu / 5 : serverCpu,
      clientCpu: 3,
      bytes: 132,
    })),
  );
  return { name, kind, again, slices, expected: 1_000, lost: 0, doubled: 0, troubles: [], failures: 0 };
}

/** The scenario's result with these verdicts and these rows. */
function scenario(
  judged: readonly Verdict[],
  results: readonly FanOutResult[] = [],
): readonly [ScenarioResult] {
  const rows = results.map((one) =>
    fanOutRow({ entrant: { module: "file:///loop.ts", contender: loopContender } }, one, []),
  );
  return [{ name: "fan-out", title: "", setup: "", metrics: [], rows, verdicts: judged, notes: [] }];
}

describe("the bars", () => {
  const loop = result("loop", "control", [4, 8, 4, 4, 4]);
  const judge = (wire: readonly number[], again: readonly number[]) => {
    const results = [
      loop,
      result("loop, again", "control", again, true),
      result("Bellwire ws", "wire", wire),
    ];
    return verdicts(results, relativeCosts(results, seededRandom(1)), 1_000);
  };

  it("hold by the median of ratios within rounds, not by the ratio of medians", () => {
    // Each round's ratio is 0.8, also in the round that was twice as slow.
    const judged = judge([3.2, 6.4, 3.2, 3.2, 3.2], [4, 8, 4, 4, 4]);
    expect(judged.map(({ outcome }) => outcome)).toEqual(["holds", "holds"]);
    expect(judged[0]?.text).toContain("0.80 × [0.80–0.80], at most 0.85");
  });

  it("are missed when the wire costs more", () => {
    const judged = judge([3.6, 7.2, 3.6, 3.6, 3.6], [4, 8, 4, 4, 4]);
    expect(judged.map(({ outcome }) => outcome)).toEqual(["missed", "holds"]);
    expect(missedBars(scenario(judged))).toHaveLength(1);
  });

  it("are undecided when the control differs from itself by enough to matter", () => {
    const judged = judge([3.4, 6.8, 3.4, 3.4, 3.4], [4.4, 8.8, 4.4, 4.4, 4.4]);
    expect(judged.map(({ outcome }) => outcome)).toEqual(["undecided", "holds"]);
    // The baseline is the mean of both: 3.4 / 4.2.
    expect(judged[0]?.text).toContain("0.81 ×");
    expect(judged[0]?.text).toContain("while the control is 1.10 of itself");
    expect(missedBars(scenario(judged))).toEqual([]);
  });

  it("of a wire on another library are against that library bare, which is no control", () => {
    const results = [
      loop,
      result("loop, again", "control", [4, 8, 4, 4, 4], true),
      result("raw Socket.IO", "bare", [6, 12, 6, 6, 6]),
      result("Bellwire socketio", "wire", [6, 12, 6, 6, 6]),
    ];
    const relative = relativeCosts(results, seededRandom(1));
    expect(verdicts(results, relative, 1_000).map(({ text }) => text)).toEqual([
      "Bellwire socketio to raw Socket.IO, one per tick: 1.00 × [1.00–1.00], at most 1.05: holds",
      "Bellwire socketio to raw Socket.IO, bursts of 8: 0.20 × [0.20–0.20], at most 0.3: holds",
    ]);
    const loopRatios = relative.filter(({ burst, against }) => burst === 1 && against === undefined);
    expect(loopRatios.map(({ ratio }) => ratio.median)).toEqual([1, 1, 1.5, 1.5]);
  });

  it("are not judged in a smaller run", () => {
    const results = [loop, result("loop, again", "control", [4], true), result("Bellwire ws", "wire", [2])];
    expect(verdicts(results, relativeCosts(results, seededRandom(1)), 100)).toEqual([]);
  });

  it("are judged only for wires that took part", () => {
    expect(verdicts([loop], relativeCosts([loop], seededRandom(1)), 1_000)).toEqual([]);
  });
});

describe("the table", () => {
  it("has two places for the control, beside each other, and one for every other contender", () => {
    const entrant = (contender: Contender) => ({ module: "file:///some.ts", contender });
    const wire: Contender = { ...loopContender, name: "raw ws, plain loop on something", kind: "wire" };
    expect(placesOf([entrant(loopContender), entrant(wire)]).map(({ name, again }) => [name, again])).toEqual(
      [
        ["raw ws, plain loop", false],
        ["raw ws, plain loop, again (A/A)", true],
        ["raw ws, plain loop on something", false],
      ],
    );
  });

  it("marks the second run of the control, and has each slice as a sample of its round", () => {
    const one = result("raw ws, plain loop, again (A/A)", "control", [4, 6, 5], true);
    const [row] = scenario([], [one])[0].rows;
    expect(row?.contender).toBe("raw ws, plain loop, again (A/A)");
    expect(row?.caveats).toEqual(["loopback", "A/A"]);
    expect(row?.figures["server-cpu-1"]).toEqual({
      value: 5,
      samples: [
        { round: 1, value: 4 },
        { round: 2, value: 6 },
        { round: 3, value: 5 },
      ],
    });
  });
});

describe("several starts", () => {
  it("are one result for each contender: every slice counts, and so does every loss", () => {
    const [first, second] = [result("loop", "control", [4, 5]), result("loop", "control", [6])];
    const joined = joinStarts([[first], [{ ...second, lost: 2, troubles: ["gap in a: evicted"] }]]);
    expect(joined).toEqual([
      {
        ...first,
        slices: [...first.slices, ...second.slices],
        expected: 2_000,
        lost: 2,
        troubles: ["gap in a: evicted"],
      },
    ]);
  });
});

describe("the outcome", () => {
  const clean = result("Bellwire ws", "wire", [3]);

  it("is good when everything came", () => {
    expect(faults(scenario([], [clean]))).toEqual([]);
  });

  it.each([
    [{ lost: 1 }, "lost"],
    [{ doubled: 1 }, "doubled"],
    [{ failures: 1 }, "publishes failed"],
    [{ troubles: ["gap in a: evicted"] }, "gap"],
  ])("is bad with %o", (flaw, word) => {
    expect(faults(scenario([], [{ ...clean, ...flaw }])).join()).toContain(word);
  });
});
