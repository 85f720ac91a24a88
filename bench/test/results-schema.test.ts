/**
 * The schema of results.json against what the program writes, and against what it must not write.
 */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { exampleResults } from "./fixtures/results.ts";

const text = readFileSync(new URL("../results.schema.json", import.meta.url), "utf8");

/** Reads the schema; `change` may touch every object in it. */
function schema(change: (part: Record<string, unknown>) => void = () => {}): object {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      change(value as Record<string, unknown>);
    return value;
  }) as object;
}

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema());

// oxlint-disable-next-line typescript/no-explicit-any -- the tests break what the types would keep whole
type Broken = any;

function written(): Broken {
  return JSON.parse(JSON.stringify(exampleResults()));
}

describe("the schema of results.json", () => {
  it("accepts what a run writes", () => {
    expect(validate(written()), JSON.stringify(validate.errors)).toBe(true);
  });

  it("accepts fields that a later program adds", () => {
    const results = written();
    results.fingerprint.flags = ["--expose-gc"];
    results.scenarios[0].rows[0].colour = "blue";
    expect(validate(results)).toBe(true);
  });

  it("describes every field that a run writes", () => {
    const closed = schema((part) => {
      if ("properties" in part) part.additionalProperties = false;
    });
    const strict = new Ajv2020({ allErrors: true }).compile(closed);
    expect(strict(written()), JSON.stringify(strict.errors)).toBe(true);
  });

  const faults: readonly (readonly [name: string, spoil: (results: Broken) => void])[] = [
    ["another version", (results) => (results.version = 2)],
    ["no fingerprint", (results) => delete results.fingerprint],
    ["a time that is none", (results) => (results.startedAt = "yesterday")],
    ["an unknown profile", (results) => (results.profile = "long")],
    ["a figure that is no number", (results) => (results.scenarios[0].rows[0].figures.p50.value = null)],
    ["an interval with one end", (results) => delete results.scenarios[0].rows[0].figures.p50.high],
    ["a fraction of a delivery", (results) => (results.scenarios[0].rows[0].account.lost = 0.5)],
    ["an account without a count", (results) => delete results.scenarios[0].rows[0].account.stray],
    ["an unknown kind", (results) => (results.scenarios[0].rows[0].kind = "winner")],
    ["a row without caveats", (results) => delete results.scenarios[0].rows[0].caveats],
    ["an unknown unit", (results) => (results.scenarios[0].metrics[0].unit = "furlong")],
    ["an unknown outcome", (results) => (results.scenarios[1].verdicts[0].outcome = "maybe")],
    ["a point with three numbers", (results) => results.scenarios[0].rows[0].curves[0].points[0].push(1)],
    ["an unknown curve", (results) => (results.scenarios[0].rows[0].curves[0].kind = "spiral")],
    ["notes that are no list", (results) => (results.scenarios[0].notes = "none")],
  ];
  it.each(faults)("refuses %s", (_, spoil) => {
    const results = written();
    spoil(results);
    expect(validate(results)).toBe(false);
  });
});
