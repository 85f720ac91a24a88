/**
 * How long a drive waits for clients that were cut off: by the real command, over contenders that
 * come back late and never.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../src/results.ts";
import { type Bench, bench } from "./command.ts";

describe("a drive whose clients were cut off", () => {
  let run: Bench;
  let rows: readonly Row[] = [];
  let errors = "";
  let seconds = 0;

  beforeAll(async () => {
    const modules = ["late", "gone"].flatMap((name) => [
      "--contender",
      fileURLToPath(new URL(`./faulty/${name}.ts`, import.meta.url)),
    ]);
    run = bench(["--scenario", "reconnect", "--wire", "none", ...modules]);
    const { code, err } = await run.ended;
    expect(code, err).toBe(1);
    errors = err;
    const results = run.results();
    seconds = results.seconds;
    rows = results.scenarios[0]?.rows ?? [];
  }, 120_000);
  afterAll(() => run.clear());

  const rowOf = (contender: string): Row | undefined => rows.find((row) => row.contender === contender);

  it("waits for clients that are still within their backoff, and loses nothing", () => {
    expect(rowOf("back after 9 s")?.account).toMatchObject({ lost: 0, doubled: 0, disordered: 0, stray: 0 });
    expect(errors).not.toContain("FAILED reconnect: back after 9 s");
  });

  it("reports a loss when the contender's time is over, and ends", () => {
    expect(rowOf("never back")?.account?.lost).toBeGreaterThan(0);
    expect(errors).toMatch(/FAILED reconnect: never back: \d+ lost/);
    expect(seconds).toBeLessThan(60);
  });
});
