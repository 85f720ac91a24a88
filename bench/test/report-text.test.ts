import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { reportHtml } from "../src/report/html.ts";
import { leads } from "../src/report/leads.ts";
import { reportMarkdown } from "../src/report/markdown.ts";
import { sentences } from "../src/report/summary.ts";
import { scenarioText } from "../src/report/terminal.ts";
import { writeReports } from "../src/report/write.ts";
import type { Results, Row, ScenarioResult } from "../src/results.ts";
import { exampleResults, HOSTILE_NAME } from "./fixtures/results.ts";

const results = exampleResults();
const WIDE = { color: false, width: Number.POSITIVE_INFINITY };

function scenario(name: string, from: Results = results): ScenarioResult {
  const found = from.scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
}

function changed(name: string, contender: string, change: Partial<Row>): Results {
  return {
    ...results,
    scenarios: results.scenarios.map((one) =>
      one.name === name
        ? { ...one, rows: one.rows.map((row) => (row.contender === contender ? { ...row, ...change } : row)) }
        : one,
    ),
  };
}

function lineOf(text: string, start: string): string {
  return text.split("\n").find((line) => line.startsWith(start)) ?? "";
}

describe("the table on a terminal", () => {
  it("has each contender with its caveats, its account and its figures with their intervals", () => {
    const text = scenarioText(scenario("latency"), WIDE);
    expect(lineOf(text, "latency")).toMatch(
      /delivered\/expected\s+lost\s+doubled\s+out of order\s+p50 ms\s+p99 ms\s+p99\.9 ms\s+server µs\s+late sends$/,
    );
    expect(lineOf(text, "Bellwire pusher")).toMatch(
      /^Bellwire pusher \[emulator, loopback\]\s+104,426\/104,426\s+0\s+0\s+0\s+0\.\d\d \[0\.\d\d–0\.\d\d\]/,
    );
  });

  it("shows no figure of an invalid row, and says why", () => {
    const text = scenarioText(scenario("latency"), WIDE);
    expect(lineOf(text, HOSTILE_NAME)).toMatch(/0(\s+invalid){5}$/);
    expect(text).toContain(`! ${HOSTILE_NAME}: invalid: the sender was late`);
  });

  it("marks a count that fails the run, and not the loss of a library that promises nothing", () => {
    const text = scenarioText(scenario("reconnect"), WIDE);
    expect(lineOf(text, "Bellwire pusher")).toMatch(/99,997\/100,000\s+3 !\s+0/);
    expect(lineOf(text, "raw ws, own topic map ")).toMatch(/\s20,\d{3}\s+0\s+0\s+–\s+–$/);
  });

  it("has no account where nothing is delivered, and a dash where a contender has no figure", () => {
    const text = scenarioText(scenario("idle-memory"), WIDE);
    expect(text).not.toContain("delivered");
    expect(lineOf(text, "raw socket")).toMatch(/\d \[.*\]\s+–$/);
  });

  it("says deliveries that nobody was due", () => {
    const account = { expected: 5, delivered: 5, lost: 0, doubled: 0, disordered: 0, stray: 1234 };
    const stray = scenario("fan-out", changed("fan-out", "Bellwire ws", { account }));
    expect(scenarioText(stray, WIDE)).toContain("! Bellwire ws: 1,234 deliveries that nobody was due");
  });

  it("gives each verdict with its outcome once", () => {
    const text = scenarioText(scenario("fan-out"), WIDE);
    expect(text).toContain("✓ Bellwire ws, one per tick: 0.79 × [0.77–0.80], at most 0.85: holds\n");
    expect(text).toMatch(/✗ Bellwire socketio .*: missed\n/);
    expect(text).toMatch(
      /\? Bellwire pusher.*at most 1\.1: undecided, while the control is 1\.06 of itself\n/,
    );
  });

  it("goes on below itself where the terminal is narrow, and loses no column", () => {
    const text = scenarioText(scenario("fan-out"), { color: false, width: 100 });
    const lines = text.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const heads = lines.filter((line) => line.startsWith("fan-out  ")).join(" ");
    for (const { label } of scenario("fan-out").metrics) expect(heads).toContain(label);
    expect(lines.filter((line) => line.startsWith("Bellwire sse ")).length).toBeGreaterThan(1);
  });

  it("says in colour what it says without", () => {
    // oxlint-disable-next-line no-control-regex -- the colours themselves
    const colours = /\u001b\[\d+m/g;
    for (const one of results.scenarios) {
      const text = scenarioText(one, { color: true, width: 120 });
      expect(text).toMatch(colours);
      expect(text.replace(colours, "")).toBe(scenarioText(one, { color: false, width: 120 }));
    }
  });

  it("lets no name move the cursor", () => {
    const name = "mine\u001b[2J\nraw";
    const text = scenarioText(
      scenario("fan-out", changed("fan-out", HOSTILE_NAME, { contender: name })),
      WIDE,
    );
    expect(text).toMatch(/^mine \[2J raw /m);
    expect(text).not.toContain("\u001b");
  });
});

describe("the summary", () => {
  const texts = (of: Results, tone: string): string[] =>
    sentences(of).flatMap((sentence) => (sentence.tone === tone ? [sentence.text] : []));

  it("begins with what failed", () => {
    expect(sentences(results)[0]).toEqual({
      tone: "bad",
      text: "Bellwire pusher [emulator, loopback] failed in Reconnect: 3 lost, 3 clients never became whole.",
    });
  });

  it("says that nothing was lost only when nothing was", () => {
    const healed = changed("reconnect", "Bellwire pusher", { account: undefined, troubles: [] });
    expect(texts(healed, "good").join()).toContain("Nothing was lost, doubled or out of order");
    expect(texts(results, "good").join()).not.toContain("Nothing was lost");
  });

  it("says what was doubled, also when nothing was lost", () => {
    const account = { expected: 5, delivered: 5, lost: 0, doubled: 2, disordered: 0, stray: 0 };
    const doubled = changed("reconnect", "Bellwire pusher", { account, troubles: [] });
    expect(texts(doubled, "bad")).toContain(
      "Bellwire pusher [emulator, loopback] failed in Reconnect: 2 doubled.",
    );
    expect(texts(doubled, "bad").join()).toMatch(/Of [\d,]+ deliveries that were promised, 2 doubled;/);
  });

  it("names bars that were missed", () => {
    expect(texts(results, "bad").join()).toContain(
      "4 of 6 of the project's bars hold, 1 missed (Bellwire socketio",
    );
  });

  it("says who leads where, and lets nobody lead whom the intervals do not tell from the next", () => {
    expect(texts(results, "plain")).toContainEqual(
      expect.stringMatching(/^Bellwire ws leads in Latency \(every/),
    );
    const heap = leads(results).find(({ metric }) => metric.id === "heap");
    expect(heap?.leaders.map(({ contender }) => contender)).toContain("Bellwire sse");
    expect(heap?.leaders.length).toBeGreaterThan(1);
    expect(texts(results, "plain").join()).not.toMatch(/leads in[^.]*heap/);
  });

  it("lets the highest lead where higher is better", () => {
    const knee = leads(results).find(({ metric }) => metric.id === "knee");
    expect(knee?.leaders.map(({ contender }) => contender)).toEqual(["Bellwire ws"]);
    expect(knee?.figure).toMatch(/^39,\d{3} per second$/);
    expect(knee?.control?.name).toBe("raw ws, own topic map");
  });

  it("lets nobody lead by less than the control may differ from itself, where a figure was taken once", () => {
    const bytes = (value: number) => ({ figures: { bytes: { value, samples: [{ round: 0, value }] } } });
    const lead = (value: number) =>
      leads(changed("fan-out", "Bellwire sse", bytes(value))).find(({ metric }) => metric.id === "bytes");
    const names = (value: number) => lead(value)?.leaders.map(({ contender }) => contender);
    expect(names(100)).toEqual(["Bellwire sse"]);
    expect(names(170)).toEqual(["Bellwire ws", "Bellwire sse"]);
  });

  it("says that nobody leads where no wire can be told from the best", () => {
    const same = { value: 5, low: 4, high: 6, samples: [] };
    const even: Results = {
      ...results,
      scenarios: results.scenarios.map((one) => ({
        ...one,
        rows: one.rows.map((row) => ({ ...row, figures: { p99: same } })),
      })),
    };
    expect(leads(even).map((lead) => lead.even)).toEqual([true]);
    expect(texts(even, "plain").join()).not.toContain("leads");
    expect(reportMarkdown(even)).toContain("| latency | p99 ms | – | 5.00 ms | 5.00 ms |");
    expect(reportHtml(even)).not.toContain("<strong>");
  });

  it("names whom it did not count, or says that it was everybody", () => {
    expect(texts(results, "unsure").join()).toContain(
      `Not counted in Latency, because the measurement was disturbed: mine`,
    );
    const all = {
      ...results,
      scenarios: [scenario("latency")].map((one) => ({
        ...one,
        rows: one.rows.map((row) => ({ ...row, invalid: "ill" })),
      })),
    };
    expect(texts(all, "unsure").join()).toContain("was disturbed: every row.");
  });

  it("lets nobody lead who lost something or whose figures are invalid", () => {
    for (const change of [{ troubles: ["a gap"] }, { invalid: "disturbed" }]) {
      const led = leads(changed("latency", "Bellwire ws", change)).filter(
        ({ scenario: { name } }) => name === "latency",
      );
      expect(led.length).toBeGreaterThan(0);
      for (const { leaders } of led)
        expect(leaders.map(({ contender }) => contender)).not.toContain("Bellwire ws");
    }
  });

  it("warns of the figures of a quick run", () => {
    expect(texts({ ...results, profile: "quick" }, "unsure").join()).toContain("quick run");
    expect(texts(results, "unsure").join()).not.toContain("quick run");
  });
});

describe("the report for a pull request", () => {
  const markdown = reportMarkdown(results);

  it("has the summary, every scenario's table and the fingerprint folded away", () => {
    expect(markdown.indexOf("❌ Bellwire pusher")).toBeGreaterThan(0);
    for (const { name } of results.scenarios) expect(markdown).toContain(`| ${name} |`);
    expect(markdown).toMatch(/<details><summary>.*\n\n[^<]*seed 20261121[^<]*<\/details>/s);
  });

  it("has as many cells in every line of a table as its head", () => {
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    let head = 0;
    for (const line of markdown.split("\n")) {
      if (!line.startsWith("|")) head = 0;
      else if (head === 0) head = cells(line);
      else expect(cells(line), line).toBe(head);
    }
  });

  it("makes no markup of a name and mentions nobody", () => {
    expect(markdown).not.toContain("<script>");
    expect(markdown).not.toMatch(/@[a-z]/);
    expect(markdown).toContain(
      String.raw`mine&lt;/script&gt;&lt;script&gt;alert("1")&lt;/script&gt; \| \*a\* \_b\_ @&#8203;team`,
    );
  });
});

describe("the page", () => {
  const page = reportHtml(results);

  it("makes no markup of a name", () => {
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
