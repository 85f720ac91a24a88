import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Decision, decide } from "../../src/decide/decision.ts";
import { decisionMarkdown } from "../../src/decide/markdown.ts";
import { readRequirements } from "../../src/decide/requirements.ts";
import type { Results } from "../../src/results.ts";
import { json, matrix, prices } from "./example.ts";

/** The profiles, with what is chosen for each. */
const PROFILES = { classroom: "pusher", dashboard: "sse", consumer: "fallback" } as const;
type Profile = keyof typeof PROFILES;
const names = Object.keys(PROFILES) as Profile[];

const folder = new URL("../../profiles/", import.meta.url);
const measured = json("profiles/results.json") as Results;

function decisionOf(name: Profile, results: Results | undefined = measured): Decision {
  const needs = readRequirements(json(`profiles/${name}.json`));
  return decide({ needs, matrix, prices, results, date: "2026-11-21" });
}

function markdownOf(name: Profile, results?: Results): string {
  return decisionMarkdown(decisionOf(name, results), {
    root: "../../",
    answers: `${name}.json`,
    matrix: "../src/decide/matrix.json",
    prices: "../src/decide/prices.json",
    results: "results.json",
  });
}

const LINK = /\[\[(\d+)\]\]\(([^)\s]+)\)/g;

/**
 * Everything that a decision claims: bullets, sentences outside of lists, and cells of tables but
 * their heads.
 */
function claims(markdown: string): string[] {
  const [text = ""] = markdown.split("\n## Sources\n");
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (line === "" || line.startsWith("#") || /^\|( --- \|)+$/.test(line)) return [];
    if (!line.startsWith("|")) return [line.replace(/^- /, "")];
    if (lines[index + 1]?.startsWith("| ---")) return [];
    const cells = line.split("|").slice(2, -1);
    return cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  });
}

/**
 * Whether an address leads to something: a page, a document with such a heading, or a value in a
 * file.
 */
function leadsSomewhere(address: string): boolean {
  if (address.startsWith("https://")) return URL.canParse(address);
  const [file = "", path] = address.split("#");
  const place = fileURLToPath(new URL(file, folder));
  if (!existsSync(place)) return false;
  if (path === undefined) return true;
  const text = readFileSync(place, "utf8");
  if (file.endsWith(".md")) {
    const headings = text.match(/^#+ .*$/gm) ?? [];
    return headings.some((line) => line.replace(/^#+ /, "").toLowerCase().replaceAll(" ", "-") === path);
  }
  const steps = path.split("/").map(decodeURIComponent);
  if (file === "results.json") return figureIn(JSON.parse(text) as Results, steps);
  // An answer that is not in the file is at its default.
  if (names.some((name) => file === `${name}.json`))
    return steps[0] === "weights" || (steps[0] !== undefined && steps[0] in readRequirements({}));
  return steps.reduce<unknown>(step, JSON.parse(text)) !== undefined;
}

/** One step into JSON; into a list also by the `id` of what is in it. */
function step(value: unknown, key: string): unknown {
  if (Array.isArray(value))
    return value.find((one: { id?: string }, index) => one.id === key || String(index) === key);
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function figureIn({ scenarios }: Results, [scenario, contender, metric = ""]: readonly string[]): boolean {
  const rows = scenarios.find(({ name }) => name === scenario)?.rows;
  return rows?.find((row) => row.contender === contender)?.figures[metric] !== undefined;
}

describe.each(names)("the decision for the profile %s", (name) => {
  const committed = readFileSync(new URL(`${name}.md`, folder), "utf8");

  it("equals what the command writes today", () => {
    expect(markdownOf(name)).toBe(committed);
  });

  it(`is ${PROFILES[name]}, with and without measurements`, () => {
    expect(decisionOf(name).choice).toBe(PROFILES[name]);
    expect(decide({ ...decisionOf(name), results: undefined }).choice).toBe(PROFILES[name]);
  });

  it("has a link in every sentence and in every cell", () => {
    const all = claims(committed);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter((claim) => !/\[\[\d+\]\]\(\S+\)/.test(claim))).toEqual([]);
  });

  it("puts one sentence only before its links", () => {
    const plain = claims(committed).map((claim) => claim.replaceAll(LINK, ""));
    expect(plain.filter((claim) => /[.!?]\s+["*]*[A-Z]/.test(claim))).toEqual([]);
  });

  it("leads to a page, a heading, a figure, an answer or a price by every link", () => {
    const addresses = [...new Set([...committed.matchAll(LINK)].map(([, , address = ""]) => address))];
    expect(addresses.length).toBeGreaterThan(50);
    expect(addresses.filter((address) => !leadsSomewhere(address))).toEqual([]);
  });

  it("lists exactly the sources that it refers to, each with its number", () => {
    const [text = "", sources = ""] = committed.split("\n## Sources\n");
    const used = new Map([...text.matchAll(LINK)].map(([, number = "", address = ""]) => [number, address]));
    const listed = new Map(
      [...sources.matchAll(/^- \[(\d+)\] \[.+\]\(([^)\s]+)\)/gm)].map(([, number = "", address = ""]) => [
        number,
        address,
      ]),
    );
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(used));
  });

  it("dates every page it cites", () => {
    const [, sources = ""] = committed.split("\n## Sources\n");
    const pages = (sources.split("### ")[1] ?? "").split("\n").filter((line) => line.startsWith("- "));
    expect(pages.length).toBeGreaterThan(20);
    expect(pages.filter((line) => !/, \d{4}-\d\d-\d\d$/.test(line))).toEqual([]);
  });

  it("has every part that a decision needs", () => {
    const titles = [...committed.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      "Context",
      "Options",
      "Excluded",
      "Evidence",
      "Choice",
      "Dissent",
      "What would change the choice",
      "Cost",
      "Sensitivity",
      "When to look again",
      "Sources",
    ]);
  });

  it("states without results what is not measured", () => {
    expect(decide({ ...decisionOf(name), results: undefined }).unmeasured).toEqual([
      "efficiency",
      "latency",
      "recovery",
    ]);
  });
});

describe("the decisions for the three profiles", () => {
  it("are three different ones", () => {
    expect(new Set(names.map((name) => decisionOf(name).choice)).size).toBe(3);
  });
});

describe("the matrix that comes with the program", () => {
  it("has a page and a day for everything, and its documents are there", () => {
    expect(matrix.sources.length).toBeGreaterThan(30);
    for (const { url, date } of [...matrix.sources, ...prices.sources]) {
      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(leadsSomewhere(url.startsWith("https://") ? url : `../../${url}`), url).toBe(true);
    }
  });

  it("gives each reason in one sentence", () => {
    const says = Object.values(matrix.cells).flatMap((cells) =>
      Object.values(cells).map((cell) => cell.says),
    );
    for (const sentence of [...says, ...matrix.limits.map((limit) => limit.says)]) {
      expect(sentence).not.toMatch(/\.$|[.!?]\s+[A-Z]/);
    }
  });
});
