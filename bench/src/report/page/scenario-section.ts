/** Everything about one scenario: what was asked, what came out, what has to be said about it. */
import type { ScenarioResult } from "../../results.ts";
import { OUTCOME_SIGNS, rowTroubles, verdictText } from "../row-text.ts";
import { barsOf } from "./bars.ts";
import { html, type Insert, type Markup } from "./markup.ts";
import { type PlotTable, plotTables } from "./plot-tables.ts";
import { type PlotSpec, plotsOf, slug } from "./plots.ts";
import { nameMarkup, type Page, scenarioTable, scrolling, swatch } from "./scenario-table.ts";

/** A section with the plots that its script has to draw. */
export interface Section {
  readonly markup: Markup;
  readonly plots: readonly PlotSpec[];
}

/** The section of a scenario. */
export function scenarioSection(scenario: ScenarioResult, page: Page): Section {
  const plots = plotsOf(scenario, page.styles);
  const bars = barsOf(scenario, page);
  const troubles = scenario.rows.flatMap(rowTroubles);
  const id = slug(scenario.name);
  const markup = html`
<section id="${id}" class="scenario" aria-labelledby="${id}-title">
<h2 id="${id}-title">${scenario.title}</h2>
<p class="setup">${scenario.setup}</p>
${scenario.rows.length > 0 && scenarioTable(scenario, page)}
${list("Bars of the project", "verdicts", scenario.verdicts.map(verdict))}
${list(
  "Troubles",
  "troubles",
  troubles.map((text) => html`<li>${text}</li>`),
)}
${list(
  "Notes",
  "notes",
  scenario.notes.map((text) => html`<li>${text}</li>`),
)}
${
  plots.length > 0 &&
  html`<h3>Curves</h3>${legend(plots)}<div class="plots">${plots.map(plotFigure)}</div>
${plotTables(scenario).map(plotTable)}`
}
${bars.length > 0 && html`<h3>Figures side by side</h3><div class="all-bars">${bars}</div>`}
</section>`;
  return { markup, plots };
}

function verdict(one: ScenarioResult["verdicts"][number]): Markup {
  return html`<li class="${one.outcome}"><span class="sign" aria-hidden="true">${OUTCOME_SIGNS[one.outcome]}</span> ${verdictText(one)}</li>`;
}

function list(title: string, look: string, items: readonly Markup[]): Insert {
  return items.length > 0 && html`<h3>${title}</h3><ul class="${look}">${items}</ul>`;
}

/** Buttons that take a contender's lines out of the section's plots and bring them back. */
function legend(plots: readonly PlotSpec[]): Markup {
  const lines = new Map(plots.flatMap(({ series }) => series.map((one) => [one.contender, one])));
  return html`<div class="legend" role="group" aria-label="Lines that the plots show" hidden>${[...lines].map(
    ([contender, { label, style }]) =>
      html`<button type="button" aria-pressed="true" data-contender="${contender}">${swatch(style)} ${label}</button>`,
  )}</div>`;
}

function plotFigure({ id, title, caption, x, y, series }: PlotSpec): Markup {
  const names = series.map(({ label }) => label).join(", ");
  return html`<figure class="plot">
<figcaption id="${id}-caption"><span class="title">${title}</span> <span class="hint">${caption}</span></figcaption>
<p class="y-label" aria-hidden="true">${y.label}${y.scale === "log" && ", logarithmic"}</p>
<div class="canvas" id="${id}" role="img" aria-label="${title}: ${y.label} over ${x.label} of ${names}. The table below has the figures." aria-describedby="${id}-caption"></div>
<p class="x-label" aria-hidden="true">${x.label}${x.scale === "log" && ", logarithmic"}</p>
</figure>`;
}

function plotTable({ caption, head, rows }: PlotTable): Markup {
  return html`<details><summary>${caption}</summary>${scrolling(
    caption,
    html`<table><caption class="unseen">${caption}</caption>
<thead><tr><th scope="col">contender</th>${head.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>${rows.map(
      ({ row, cells }) =>
        html`<tr><th scope="row">${nameMarkup(row)}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
    )}</tbody></table>`,
  )}</details>`;
}
