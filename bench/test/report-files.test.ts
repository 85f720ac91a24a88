/** The page of a report as text, and the files that a run writes. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { reportHtml } from "../src/report/html.ts";
import { reportMarkdown } from "../src/report/markdown.ts";
import { writeReports } from "../src/report/write.ts";
import type { Results } from "../src/results.ts";
import { changed, results, scenario } from "./fixtures/example-run.ts";

describe("the page", () => {
  const page = reportHtml(results);

  it("escapes names", () => {
    expect(page).not.toContain("<script>alert");
    expect(page).toContain("mine&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)");
    expect(page.match(/<\/script>/g)).toHaveLength(3);
  });

  it("keeps the caveat beside the name in every table", () => {
    const tables = page.match(/<table.*?<\/table>/gs) ?? [];
    const named = tables.flatMap((table) => table.match(/Bellwire pusher<\/span>[^\n]*/g) ?? []);
    expect(named.length).toBeGreaterThan(results.scenarios.length);
    for (const text of named)
      expect(text).toMatch(/^Bellwire pusher<\/span> <span class="tag caveat">emulator/);
  });

  it("refers to nothing outside of itself", () => {
    expect(page).not.toMatch(/\s(src|href)="(?!#|data:,")/);
    expect(page).not.toMatch(/url\(|@import/);
  });

  it("gives a contender one colour in all plots", () => {
    const [, json = "[]"] = /id="plots">(.*?)<\/script>/s.exec(page) ?? [];
    const plots = JSON.parse(json) as { series: { contender: string; style: unknown }[] }[];
    const styles = new Map<string, string>();
    for (const { contender, style } of plots.flatMap(({ series }) => series)) {
      const drawn = JSON.stringify(style);
      expect(styles.get(contender) ?? drawn).toBe(drawn);
      styles.set(contender, drawn);
    }
    expect(plots.length).toBe(4);
    expect(new Set(styles.values()).size).toBe(styles.size);
  });

  it("shows a dash and no bar for a figure that is no number", () => {
    const figures = { rss: { value: Number.NaN, samples: [] } };
    const broken = reportHtml(changed("idle-memory", "Bellwire ws", { figures }));
    expect(broken).not.toMatch(/NaN|–%/);
    expect(broken).toMatch(/Bellwire ws<\/span><\/span><\/span><\/th><td>–<\/td><td>–<\/td>/);
  });

  it("draws no bars where there is nothing of anything", () => {
    const none = { value: 0, low: 0, high: 0, samples: [] };
    const empty = {
      ...results,
      scenarios: [scenario("fan-out")].map((one) => ({
        ...one,
        rows: one.rows.map((row) => ({ ...row, figures: { ...row.figures, bytes: none } })),
      })),
    };
    const groups = (of: Results): number => reportHtml(of).match(/<figure class="bars"/g)?.length ?? 0;
    expect(groups(empty)).toBe(scenario("fan-out").metrics.length - 1);
    expect(reportHtml(empty)).not.toMatch(/style="width:[^\d]/);
  });

  it("can be written of a run without scenarios", () => {
    expect(reportHtml({ ...results, scenarios: [] })).toContain("</html>");
    expect(reportMarkdown({ ...results, scenarios: [] })).toContain("seed");
  });
});

describe("the files of a run", () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), "bellwire-report-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  it("are three, in a folder that is made, and the JSON is the run", () => {
    const path = join(folder(), "deep", "er");
    expect(writeReports(path, results)).toEqual(
      ["results.json", "report.html", "report.md"].map((name) => join(path, name)),
    );
    expect(JSON.parse(readFileSync(join(path, "results.json"), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(results)),
    );
    expect(readFileSync(join(path, "report.html"), "utf8")).toBe(reportHtml(results));
    expect(readFileSync(join(path, "report.md"), "utf8")).toBe(reportMarkdown(results));
  });

  it("replace those of an earlier run", () => {
    const path = folder();
    writeFileSync(join(path, "report.md"), "old");
    writeReports(path, results);
    expect(readFileSync(join(path, "report.md"), "utf8")).toBe(reportMarkdown(results));
    expect(readdirSync(path).toSorted()).toEqual(["report.html", "report.md", "results.json"]);
  });

  it("leave no part behind when one cannot be written", () => {
    const path = folder();
    mkdirSync(join(path, "report.html", "in the way"), { recursive: true });
    expect(() => writeReports(path, results)).toThrow();
    expect(readdirSync(path).toSorted()).toEqual(["report.html", "results.json"]);
  });
});
