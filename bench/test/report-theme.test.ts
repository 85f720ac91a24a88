/**
 * Whether the plots' colours can be told from the paper and from each other, also by those who see
 * fewer of them.
 */
import { describe, expect, it } from "vitest";
import { HUES, lineStyles, PAPER } from "../src/report/page/theme.ts";
import type { Results } from "../src/results.ts";
import { exampleResults } from "./fixtures/results.ts";

type Triple = readonly [number, number, number];

/** How much a colour is worth to somebody without one kind of cone: in linear light. */
const SIGHTS: Readonly<Record<string, readonly Triple[]>> = {
  "all cones": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "no long cones": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "no middle cones": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "no short cones": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(colour: string): Triple {
  const part = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function through(matrix: readonly Triple[], [red, green, blue]: Triple): Triple {
  const [x = 0, y = 0, z = 0] = matrix.map(([a, b, c]) => a * red + b * green + c * blue);
  return [Math.max(0, x), Math.max(0, y), Math.max(0, z)];
}

/** Lightness and two opponent axes, in which distances are about as large as they look (OKLab). */
function seen([red, green, blue]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = linear(colour);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

describe.each(["light", "dark"] as const)("the %s colours", (theme) => {
  it.each(HUES[theme])("has %s stand out from the paper", (colour) => {
    expect(contrast(colour, PAPER[theme])).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.entries(SIGHTS))("can be told from each other with %s", (sight, matrix) => {
    // Hardly anybody lacks the short cones; there the dashes have to help.
    const least = sight === "no short cones" ? 0.035 : 0.1;
    const views = HUES[theme].map((colour) => seen(through(matrix, linear(colour))));
    for (const [index, [l, a, b]] of views.entries())
      for (const [l2, a2, b2] of views.slice(0, index))
        expect(Math.hypot(l - l2, a - a2, b - b2)).toBeGreaterThan(least);
  });
});

describe("a contender's line", () => {
  it("is solid for a wire and dashed for everything beside it", () => {
    const styles = lineStyles(exampleResults());
    for (const { contender, kind } of exampleResults().scenarios[1]?.rows ?? [])
      expect(styles.get(contender)?.dash.length === 0, contender).toBe(kind === "wire");
  });

  it("differs from every other, also where there are more contenders than colours", () => {
    const [first] = exampleResults().scenarios;
    const row = first?.rows[0];
    if (!first || !row) throw new Error("the example has no row");
    const rows = Array.from({ length: 40 }, (_, index) => ({
      ...row,
      contender: `contender ${index}`,
      kind: (["wire", "bare", "control", "floor"] as const)[index % 4] ?? "wire",
    }));
    const results: Results = { ...exampleResults(), scenarios: [{ ...first, rows }] };
    const styles = [...lineStyles(results).values()].map((style) => JSON.stringify(style));
    expect(new Set(styles).size).toBe(40);
  });
});
