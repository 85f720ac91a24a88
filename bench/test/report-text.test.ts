import { describe, expect, it } from "vitest";
import { reportHtml } from "../src/report/html.ts";
import { leads } from "../src/report/leads.ts";
import { reportMarkdown } from "../src/report/markdown.ts";
import { sentences } from "../src/report/summary.ts";
import { scenarioText } from "../src/report/terminal.ts";
import type { Results } from "../src/results.ts";
import { changed, results, scenario } from "./fixtures/example-run.ts";
import { HOSTILE_NAME } from "./fixtures/results.ts";

const WIDE = { color: false, width: Number.POSITIVE_INFINITY };

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

  it("shows the reason of an invalid row in place of its figures", () => {
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

  it("reports deliveries that no subscriber was due", () => {
    const account = { expected: 5, delivered: 5, lost: 0, doubled: 0, disordered: 0, stray: 1234 };
    const stray = scenario("fan-out", changed("fan-out", "Bellwire ws", { account }));
    expect(scenarioText(stray, WIDE)).toContain("! Bellwire ws: 1,234 deliveries that no subscriber was due");
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

  it("has the same text with and without colours", () => {
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

  it("begins with the failures", () => {
    expect(sentences(results)[0]).toEqual({
      tone: "bad",
      text: "Bellwire pusher [emulator, loopback] failed in Reconnect: 3 lost, 3 clients never became whole.",
    });
  });

  it("claims that nothing was lost only when nothing was", () => {
    const healed = changed("reconnect", "Bellwire pusher", { account: undefined, troubles: [] });
    expect(texts(healed, "good").join()).toContain("Nothing was lost, doubled or out of order");
    expect(texts(results, "good").join()).not.toContain("Nothing was lost");
  });

  it("reports duplicates, also when nothing was lost", () => {
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

  it("names the leader of each scenario, but none whose interval overlaps the next one's", () => {
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

  it("names no leader by less than the control may differ from itself, where a figure was taken once", () => {
    const bytes = (value: number) => ({ figures: { bytes: { value, samples: [{ round: 0, value }] } } });
    const lead = (value: number) =>
      leads(changed("fan-out", "Bellwire sse", bytes(value))).find(({ metric }) => metric.id === "bytes");
    const names = (value: number) => lead(value)?.leaders.map(({ contender }) => contender);
    expect(names(100)).toEqual(["Bellwire sse"]);
    expect(names(170)).toEqual(["Bellwire ws", "Bellwire sse"]);
  });

  it("names no leader where no wire can be told from the best", () => {
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

  it("names the rows that it did not count, or says that it counted none", () => {
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

  it("names no leader with a loss or invalid figures", () => {
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

  it("escapes names, and mentions nobody", () => {
    expect(markdown).not.toContain("<script>");
    expect(markdown).not.toMatch(/@[a-z]/);
    expect(markdown).toContain(
      String.raw`mine&lt;/script&gt;&lt;script&gt;alert("1")&lt;/script&gt; \| \*a\* \_b\_ @&#8203;team`,
    );
  });
});
