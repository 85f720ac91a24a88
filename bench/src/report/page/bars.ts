/**
 * Bars for the figures that no curve shows, with their intervals. They are text and boxes, and need
 * no script.
 */
import type { MetricDefinition, Row, ScenarioResult } from "../../results.ts";
import { figureText, NOTHING, number, validFigure } from "../row-text.ts";
import { html, type Insert, type Markup } from "./markup.ts";
import { nameMarkup, type Page } from "./scenario-table.ts";

/**
 * One group of bars for each metric that two or more contenders have; not for latencies where
 * curves show them, nor where all are 0.
 */
export function barsOf(scenario: ScenarioResult, page: Page): Markup[] {
  const curves = scenario.rows.some((row) => row.curves.length > 0);
  return scenario.metrics
    .filter(({ unit, better }) => better !== "neither" && !(curves && unit === "ms"))
    .flatMap((metric) => {
      const rows = scenario.rows.filter(
        (row) => row.invalid !== undefined || row.figures[metric.id] !== undefined,
      );
      const figures = rows.flatMap((row) => validFigure(row, metric) ?? []);
      return figures.length > 1 && figures.some(({ value }) => value > 0) ? [group(metric, rows, page)] : [];
    });
}

function group(metric: MetricDefinition, rows: readonly Row[], page: Page): Markup {
  const one = metric.unit === "×" ? 1 : 0;
  const most = Math.max(
    one,
    ...rows.flatMap((row) => {
      const figure = validFigure(row, metric);
      return figure ? [figure.value, figure.high ?? 0] : [];
    }),
  );
  const percent = (value: number): string =>
    `${number(Math.min(100, Math.max(0, (value / most) * 100)), 2)}%`;
  const line = (row: Row): Markup => {
    const figure = validFigure(row, metric);
    const style = page.styles.get(row.contender);
    return html`<li${style && html` style="--line:var(${style.variable})"`}><span class="bar-name">${nameMarkup(row)}</span><span class="track" aria-hidden="true">${
      figure && figure.value > 0 && barMarkup(row, percent(figure.value), figure.low, figure.high, percent)
    }</span><span class="bar-value"${figure && html` title="${figureText(figure, metric)}"`}>${
      figure ? number(figure.value, metric.digits) : row.invalid === undefined ? NOTHING : "invalid"
    }</span></li>`;
  };
  return html`<figure class="bars"${one > 0 && html` style="--one:${percent(one)}" data-one`}>
<figcaption><span class="title">${metric.label}</span> <span class="hint">${metric.better} is better${
    one > 0 && "; the thin line is 1 ×"
  }</span></figcaption>
<ul role="list">${rows.map(line)}</ul></figure>`;
}

function barMarkup(
  row: Row,
  width: string,
  low: number | undefined,
  high: number | undefined,
  percent: (value: number) => string,
): Insert {
  const look = row.kind === "wire" ? "bar" : "bar beside";
  if (low === undefined || high === undefined || high <= low)
    return html`<span class="${look}" style="width:${width}"></span>`;
  return html`<span class="${look}" style="width:${width}"></span><span class="range" style="left:${percent(low)};right:calc(100% - ${percent(high)})"></span>`;
}
