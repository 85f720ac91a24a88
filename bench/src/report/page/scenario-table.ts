/**
 * A scenario's table as a table: with a caption, heads for rows and columns, and its own room to
 * scroll in.
 */
import type { MetricDefinition, Row, ScenarioResult } from "../../results.ts";
import type { Lead } from "../leads.ts";
import {
  ACCOUNT_HEADS,
  accountCells,
  hasAccount,
  intervalText,
  NOTHING,
  number,
  validFigure,
} from "../row-text.ts";
import { html, type Insert, type Markup } from "./markup.ts";
import type { LineStyle } from "./theme.ts";

/** The shared parts of a report's sections. */
export interface Page {
  readonly styles: ReadonlyMap<string, LineStyle>;
  readonly leads: readonly Lead[];
}

/**
 * A table in a box of its own, which scrolls sideways so that the page need not, also by keyboard.
 */
export function scrolling(label: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

/** A short line in the contender's colour and dash, as in the plots. */
export function swatch(style: LineStyle | undefined): Insert {
  if (!style) return undefined;
  return html`<svg class="swatch" viewBox="0 0 26 8" width="26" height="8" aria-hidden="true"><line x1="1" y1="4" x2="25" y2="4" stroke="var(${style.variable})" stroke-width="3" stroke-dasharray="${style.dash.join(" ")}"/></svg>`;
}

/** The contender's name with everything that has to stand beside it. */
export function nameMarkup(row: Row): Markup {
  const kind = row.kind === "wire" ? [] : [html` <span class="tag">${KINDS[row.kind]}</span>`];
  const caveats = row.caveats.map((caveat) => html` <span class="tag caveat">${caveat}</span>`);
  return html`<span class="name">${row.contender}</span>${kind}${caveats}`;
}

const KINDS = { control: "control", bare: "bare library", floor: "floor" } as const;

/** The table. The leaders among the wires are set in bold. */
export function scenarioTable(scenario: ScenarioResult, page: Page): Markup {
  const account = hasAccount(scenario);
  const { metrics, rows, title } = scenario;
  return scrolling(
    `Table: ${title}`,
    html`<table>
<caption><span>${title}. Brackets hold 95 % intervals; bold leads among the wires.</span></caption>
<thead><tr><th scope="col">contender</th>${
      account && ACCOUNT_HEADS.map((head) => html`<th scope="col">${head}</th>`)
    }${metrics.map(metricHead)}</tr></thead>
<tbody>${rows.map(
      (row) => html`
<tr${row.kind !== "wire" && html` class="beside"`}><th scope="row"><span class="who">${swatch(page.styles.get(row.contender))}<span>${nameMarkup(row)}</span></span></th>${
        account && accountMarkup(row)
      }${figureCells(row, scenario, page)}</tr>`,
    )}
</tbody></table>`,
  );
}

function metricHead({ label, better }: MetricDefinition): Markup {
  const sign = { lower: "↓", higher: "↑", neither: "" }[better];
  const said = better === "neither" ? "" : `, ${better} is better`;
  return html`<th scope="col">${label}${sign && html`&nbsp;<span aria-hidden="true">${sign}</span>`}<span class="unseen">${said}</span></th>`;
}

function accountMarkup(row: Row): Markup[] {
  return accountCells(row).map((cell) =>
    cell.endsWith("!") ? html`<td class="bad">${cell}</td>` : html`<td>${cell}</td>`,
  );
}

function figureCells(row: Row, scenario: ScenarioResult, page: Page): Insert {
  const { metrics } = scenario;
  if (row.invalid !== undefined && metrics.length > 0)
    return html`<td class="invalid" colspan="${metrics.length}">invalid: ${row.invalid}</td>`;
  return metrics.map((metric) => {
    const figure = validFigure(row, metric);
    if (!figure) return html`<td>${NOTHING}</td>`;
    const value = number(figure.value, metric.digits);
    const lead = page.leads.find((one) => one.scenario === scenario && one.metric === metric);
    const interval = intervalText(figure, metric);
    return html`<td>${lead && !lead.even && lead.leaders.includes(row) ? html`<strong>${value}</strong>` : value}${
      interval !== undefined && html` <span class="interval">[${interval}]</span>`
    }</td>`;
  });
}
