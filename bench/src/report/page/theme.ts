/**
 * The page's colours in light and dark, and which of them a contender has in every plot of a
 * report.
 */
import type { ContenderKind } from "../../names.ts";
import type { Results } from "../../results.ts";

/** Colours by name; each becomes the variable `--name`. */
type Colours = Readonly<Record<string, string>>;

/** Behind everything, for the measure of contrast. */
export const PAPER = { light: "#ffffff", dark: "#14171b" } as const;

/**
 * Seven hues that stay apart under each kind of colour blindness and stand out from the paper by
 * 3:1. The order is that in which wires, and after them bare libraries, get them.
 */
export const HUES = {
  light: ["#1d5bc0", "#cc6600", "#539c74", "#952463", "#088aa9", "#704900", "#430d75"],
  dark: ["#18acf5", "#c35f00", "#6cc290", "#9e6491", "#89f7fe", "#fed419", "#755efa"],
} as const;

const LIGHT: Colours = {
  paper: PAPER.light,
  panel: "#f5f6f8",
  ink: "#1b2027",
  muted: "#59626d",
  rule: "#d8dce2",
  accent: "#0a55c2",
  good: "#0d6b3f",
  bad: "#b3231b",
  unsure: "#855300",
  control: "#3a424c",
  floor: "#727b86",
};

const DARK: Colours = {
  paper: PAPER.dark,
  panel: "#1c2026",
  ink: "#e8ebef",
  muted: "#a6afba",
  rule: "#363d46",
  accent: "#7db5ff",
  good: "#63cf97",
  bad: "#ff8e84",
  unsure: "#e8b858",
  control: "#cdd4dc",
  floor: "#8f99a5",
};

/** The variables: by what the reader's system prefers, by the button, and light on paper. */
export function themeCss(): string {
  const light = variables({ ...LIGHT, ...hues("light") });
  const dark = variables({ ...DARK, ...hues("dark") });
  return [
    `:root{color-scheme:light;${light}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){color-scheme:dark;${dark}}}`,
    `:root[data-theme="dark"]{color-scheme:dark;${dark}}`,
    `@media print{:root,:root[data-theme]{color-scheme:light;${light}}}`,
  ].join("\n");
}

/**
 * How a contender is drawn, in every plot alike. Colour is never the only sign: a dash tells the
 * kind, too.
 */
export interface LineStyle {
  /** The variable's name: `--hue-0`. */
  readonly variable: string;
  /** Lengths in CSS pixels, drawn and not drawn in turn; empty for a solid line. */
  readonly dash: readonly number[];
}

/**
 * By the contender's name. Wires are solid and first in colour; controls and floors have no hue at
 * all.
 */
export function lineStyles(results: Results): ReadonlyMap<string, LineStyle> {
  const kinds = new Map<string, ContenderKind>();
  for (const { rows } of results.scenarios)
    for (const { contender, kind } of rows) if (!kinds.has(contender)) kinds.set(contender, kind);
  const named = (...wanted: readonly ContenderKind[]): string[] =>
    wanted.flatMap((kind) => [...kinds].filter(([, of]) => of === kind).map(([name]) => name));
  const styles = new Map<string, LineStyle>();
  named("wire", "bare").forEach((name, index) => {
    const again = Math.floor(index / HUES.light.length);
    styles.set(name, {
      variable: `--hue-${index % HUES.light.length}`,
      dash: kinds.get(name) === "wire" ? longer([], again) : longer([6, 3], again),
    });
  });
  for (const [kind, dash] of [
    ["control", [10, 4]],
    ["floor", [2, 4]],
  ] as const)
    named(kind).forEach((name, index) =>
      styles.set(name, { variable: `--${kind}`, dash: longer(dash, index) }),
    );
  return styles;
}

/** Another pattern for each time that a colour comes round again. */
function longer(dash: readonly number[], again: number): number[] {
  return [...(dash.length === 0 && again > 0 ? [14, 3] : dash), ...Array(again).fill([2, 3]).flat()];
}

function hues(theme: keyof typeof HUES): Colours {
  return Object.fromEntries(HUES[theme].map((colour, index) => [`hue-${index}`, colour]));
}

function variables(colours: Colours): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");
}
