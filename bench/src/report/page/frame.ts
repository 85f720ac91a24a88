/**
 * The parts before and after the scenarios: the summary, how to read the page, where it was
 * measured.
 */
import type { Results } from "../../results.ts";
import type { Lead } from "../leads.ts";
import { NOTHING, number, shortTitle } from "../row-text.ts";
import { sentences } from "../summary.ts";
import { html, type Markup } from "./markup.ts";
import { slug } from "./plots.ts";
import { nameMarkup, type Page, scrolling, swatch } from "./scenario-table.ts";

/**
 * Title, when and where in one line, the way to each scenario, and the button for the other theme.
 */
export function header(results: Results): Markup {
  const { scenarios, startedAt, seconds, profile, fingerprint } = results;
  return html`<header>
<div class="top"><h1>Bellwire benchmark</h1><button type="button" id="theme" aria-pressed="false" hidden>Dark theme</button></div>
<p class="meta"><time datetime="${startedAt}">${moment(startedAt)}</time> · ${profile} run, ${duration(seconds)} · ${fingerprint.cpu}, ${fingerprint.cores} cores · Node ${fingerprint.node}</p>
<nav aria-label="Scenarios"><ul role="list"><li><a href="#summary">Summary</a></li>${scenarios.map(
    (scenario) => html`<li><a href="#${slug(scenario.name)}">${shortTitle(scenario)}</a></li>`,
  )}<li><a href="#reading">How to read this</a></li><li><a href="#fingerprint">Where it was measured</a></li></ul></nav>
</header>`;
}

/** The run in sentences, and who leads at what. */
export function summarySection(results: Results, page: Page): Markup {
  return html`
<section id="summary" aria-labelledby="summary-title">
<h2 id="summary-title">Summary</h2>
<ul class="sentences">${sentences(results).map(
    ({ tone, text }) =>
      html`<li class="${tone}"><span class="sign" aria-hidden="true">${TONE_SIGNS[tone]}</span> ${text}</li>`,
  )}</ul>
${page.leads.length > 0 && leadTable(page)}
</section>`;
}

const TONE_SIGNS = { good: "✓", bad: "✗", unsure: "?", plain: "•" } as const;

function leadTable({ leads, styles }: Page): Markup {
  const scenarios = [...new Set(leads.map(({ scenario }) => scenario))];
  const line = (lead: Lead): Markup => html`
<tr><th scope="row" class="figure">${lead.metric.label}</th><td class="words">${
    lead.even
      ? NOTHING
      : lead.leaders.map(
          (row) =>
            html`<span class="who">${swatch(styles.get(row.contender))}<span>${nameMarkup(row)}</span></span>`,
        )
  }</td><td>${lead.figure}</td><td>${lead.control?.figure ?? NOTHING}</td><td class="words">${lead.control?.name ?? NOTHING}</td></tr>`;
  return scrolling(
    "Table: leaders",
    html`<table class="leads">
<caption><span>Leaders among the wires. Several names: their intervals overlap, so they cannot be told apart. A dash: no wire can be told from the others.</span></caption>
<thead><tr><th scope="col">figure</th><th scope="col">leads</th><th scope="col">its figure</th><th scope="col">control's</th><th scope="col">which control</th></tr></thead>
${scenarios.map(
  (scenario) =>
    html`<tbody><tr class="group"><th scope="rowgroup" colspan="5">${shortTitle(scenario)}</th></tr>${leads.filter((lead) => lead.scenario === scenario).map(line)}</tbody>`,
)}</table>`,
  );
}

/** The meaning of this page's words and signs; caveats only where they occur. */
export function readingSection(results: Results): Markup {
  const seen = new Set(results.scenarios.flatMap(({ rows }) => rows.flatMap(({ caveats }) => [...caveats])));
  return html`
<section id="reading" aria-labelledby="reading-title">
<h2 id="reading-title">How to read this</h2>
<dl>${[...WORDS, ...CAVEATS.filter(([word]) => seen.has(word))].map(
    ([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`,
  )}</dl>
</section>`;
}

const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ["wire", "Bellwire over one transport. Solid lines."],
  [
    "control",
    "A bare library with none of Bellwire's code. Every contender is compared with it. Long dashes.",
  ],
  ["bare library", "Another library without Bellwire, beside the wire that uses it. Short dashes."],
  ["floor", "The least cost that the platform allows; no contender can be faster. Dots."],
  [
    "delivered/expected",
    "How many of the deliveries that were due arrived, as counted by the application's own listeners, not by a library.",
  ],
  [
    "12.3 [11.9–12.8]",
    "The median of all rounds, and the interval in which it lies with 95 % confidence. When the intervals of two figures overlap, the figures cannot be told apart.",
  ],
  ["↓ ↑", "Whether the lower or the higher figure is better."],
  ["p99", "99 of 100 deliveries were at least as fast as this."],
  ["×", "A multiple of the control's figure of the same round. Below 1 is cheaper than the control."],
  ["5 !", "A count that fails the run, because this contender promises that it stays 0."],
  ["invalid", "The measurement was disturbed. The figures are not shown, so that nobody quotes them."],
  [
    "✓ ✗ ?",
    "A bar of the project holds, was missed, or is undecided because the control differed from itself by as much.",
  ],
];

const CAVEATS: readonly (readonly [word: string, meaning: string])[] = [
  [
    "emulator",
    "Measured against this project's own server in place of the hosted service. It says nothing about the service's network or speed.",
  ],
  ["loopback", "Measured on one machine. A real network adds its own time to every figure."],
  [
    "client-bound",
    "The clients' process used nearly all of a core, so the latencies may be the clients' rather than the wire's.",
  ],
  ["long polling", "The same library without WebSocket, as behind a proxy that lets none through."],
  ["published by HTTP", "Each notification is published by a request to an API, as the service requires."],
  ["A/A", "A second run of the control. Every figure may be off by as much as the two runs differ."],
];

/** The machine, the programs and the seed. */
export function fingerprintSection({ fingerprint: print, startedAt, seconds, version }: Results): Markup {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["CPU", `${print.cpu}, ${print.cores} cores`],
    ["kernel", print.kernel],
    ["load before", number(print.load, 2)],
    ["Node", print.node],
    ["ws", print.ws],
    ["Bellwire", `${print.bellwire} at ${print.commit}`],
    ["seed", String(print.seed)],
    ["began", startedAt],
    ["took", duration(seconds)],
    ["results", `results.json, version ${version}`],
  ];
  return html`
<section id="fingerprint" aria-labelledby="fingerprint-title">
<h2 id="fingerprint-title">Where it was measured</h2>
<p>Compare two runs only where these agree. The same seed gives the same workload and the same order of rounds.</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</section>`;
}

function moment(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${at.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" })} UTC`;
}

function duration(seconds: number): string {
  const all = Math.round(seconds);
  return all < 60 ? `${all} s` : `${Math.floor(all / 60)} min ${all % 60} s`;
}
