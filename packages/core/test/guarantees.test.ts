/**
 * GUARANTEES.md names the tests that hold its promises: each test must exist, and every promise
 * must name one.
 */
import { readFileSync } from "node:fs";
import { DEFAULT_LIMITS } from "@bellwire/core/server";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

interface Row {
  readonly promise: string;
  readonly file: string;
  readonly title: string;
}

const guarantees = read("GUARANTEES.md");
const section = (heading: string): string =>
  guarantees.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";

const pathOf = (file: string): string => file.replace(/^cases\//, "packages/core/src/conformance/cases/");
const rows: Row[] = Array.from(
  section("The tests that hold them").matchAll(/^\| (R\d+)?[^|]*\| `([^`]+)` \| (.+) \|$/gm),
  ([, promise = "", file = "", title = ""]) => ({ promise, file: pathOf(file), title }),
);
const caps = Array.from(
  section("Caps and their tests").matchAll(/^\| `([^`]+)` \| [^|]+ \| `([^`]+)` \| (.+) \|$/gm),
  ([, cap = "", file = "", title = ""]) => ({ cap, file: pathOf(file), title }),
);

it("names only tests that exist", () => {
  expect(rows.length).toBeGreaterThan(0);
  const missing = [...rows, ...caps].filter(({ file, title }) => !read(file).includes(title));
  expect(missing).toEqual([]);
});

it("names a test for every promise", () => {
  const promises = Array.from(section("Promises").matchAll(/^\| (R\d+) /gm), ([, id]) => id);
  // Parity is that every wire runs these very cases.
  expect([...rows.map(({ promise }) => promise), "R16"]).toEqual(expect.arrayContaining(promises));
  expect(promises.length).toBeGreaterThan(10);
});

it("names the default and a test of every limit", () => {
  expect(caps.map(({ cap }) => cap)).toEqual(expect.arrayContaining(Object.keys(DEFAULT_LIMITS)));
});
