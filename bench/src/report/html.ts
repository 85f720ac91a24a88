/**
 * The run as one page that needs nothing else: no network, no other file, and no script for its
 * words and tables.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Results } from "../results.ts";
import { leads } from "./leads.ts";
import { fingerprintSection, header, readingSection, summarySection } from "./page/frame.ts";
import { html, type Markup, scriptJson, trusted } from "./page/markup.ts";
import { scenarioSection } from "./page/scenario-section.ts";
import type { Page } from "./page/scenario-table.ts";
import { lineStyles, themeCss } from "./page/theme.ts";

const require = createRequire(import.meta.url);

/** In this order: what narrow screens and paper change comes last. */
const STYLES = ["page", "tables", "plots", "media"];

/**
 * `report.html`. Its content policy refuses every request and every script but its own two, so that
 * it can be opened from a disk, mailed and kept. Names and texts of contenders are shown as they
 * are and are never markup.
 */
export function reportHtml(results: Results): string {
  const page: Page = { styles: lineStyles(results), leads: leads(results) };
  const sections = results.scenarios.map((scenario) => scenarioSection(scenario, page));
  const plots = sections.flatMap((section) => section.plots);
  const scripts = [
    text(require.resolve("uplot/dist/uPlot.iife.min.js")),
    text(new URL("./page/page.js", import.meta.url)),
  ];
  const styles = [
    text(require.resolve("uplot/dist/uPlot.min.css")),
    themeCss(),
    ...STYLES.map((name) => text(new URL(`./page/${name}.css`, import.meta.url))),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bellwire benchmark, ${results.startedAt.slice(0, 10)}</title>
<link rel="icon" href="data:,">
${styles.map((style) => html`<style>${trusted(style)}</style>`)}
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${header(results)}
<main id="main" tabindex="-1">
${summarySection(results, page)}
${sections.map(({ markup }) => markup)}
${readingSection(results)}
${fingerprintSection(results)}
</main>
<script type="application/json" id="plots">${scriptJson(plots)}</script>
${scripts.map(script)}
</body>
</html>
`.text;
}

function script(code: string): Markup {
  return html`<script>${trusted(code)}</script>`;
}

/** Nothing may be loaded; styles may stand in the page, scripts only if they are these. */
function policy(scripts: readonly string[]): string {
  const hashes = scripts.map((code) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function text(file: URL | string): string {
  return readFileSync(file, "utf8").trim();
}
