// @ts-check
/**
 * The script of the report's page: draws the plots, and makes the buttons work. It is put into the
 * page as it is.
 */
(() => {
  /** @typedef {import("./plots.ts").PlotSpec} PlotSpec */
  /** @typedef {import("./plots.ts").AxisSpec} AxisSpec */
  /** @typedef {import("uplot")} Plot */
  /** @type {typeof import("uplot")} */
  const UPlot = /** @type {{ readonly uPlot: typeof import("uplot") }} */ (
    /** @type {unknown} */ (globalThis)
  ).uPlot;
  const FONT = "12px system-ui, sans-serif";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  /** @param {string} name of a variable of the theme, which may have changed since the last time */
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  /** @param {number} value @param {string} suffix */
  const shown = (value, suffix) =>
    value.toLocaleString(
      "en-US",
      suffix === " %" ? { maximumFractionDigits: 3 } : { maximumSignificantDigits: value >= 1000 ? 6 : 3 },
    ) + suffix;

  /**
   * 1, 2, 5, 10, 20, 50 …, and fewer where there are many.
   * @param {number} least
   * @param {number} most
   */
  function logTicks(least, most) {
    const decades = Math.log10(most / least);
    const steps = decades > 3 ? [1] : decades > 1 ? [1, 2, 5] : [1, 2, 3, 5, 7];
    const ticks = [];
    for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1)
      for (const step of steps) {
        const tick = Number((step * 10 ** power).toPrecision(3));
        if (tick >= least && tick <= most) ticks.push(tick);
      }
    return ticks;
  }

  /** @param {AxisSpec} spec @param {boolean} isX @returns {import("uplot").Axis} */
  function axis(spec, isX) {
    const { ticks } = spec;
    return {
      font: FONT,
      stroke: () => colour("--muted"),
      grid: { stroke: () => colour("--rule"), width: 1 },
      ticks: { stroke: () => colour("--rule"), width: 1, size: 5 },
      gap: 4,
      ...(isX ? { size: 32, space: 70 } : { size: 54, space: 32 }),
      ...(ticks
        ? {
            splits: () => ticks.map(([at]) => at),
            values: () => ticks.map(([, text]) => text),
            filter: (/** @type {Plot} */ _plot, /** @type {number[]} */ splits) => splits,
          }
        : {
            values: (/** @type {Plot} */ _plot, /** @type {number[]} */ splits) =>
              splits.map((value) => (value === null ? "" : shown(value, ""))),
          }),
      ...(spec.scale === "log"
        ? {
            splits: (
              /** @type {Plot} */ _plot,
              /** @type {number} */ _index,
              /** @type {number} */ least,
              /** @type {number} */ most,
            ) => logTicks(least, most),
            filter: (/** @type {Plot} */ _plot, /** @type {number[]} */ splits) => splits,
          }
        : {}),
    };
  }

  /** @param {AxisSpec} spec @returns {import("uplot").Scale} */
  function scale(spec) {
    if (spec.scale === "log")
      return { time: false, distr: 3, range: (_plot, least, most) => [least / 1.15, most * 1.15] };
    return {
      time: false,
      range: (_plot, _least, most) => [
        0,
        spec.suffix === " %" && most <= 100 && !spec.ticks ? 102 : most * 1.03,
      ],
    };
  }

  /**
   * The value of the line at x, or the last one before it.
   * @param {readonly (readonly [number, number])[]} points
   * @param {number} x
   */
  function valueAt(points, x) {
    let found;
    for (const [at, value] of points) if (at <= x * 1.000001) found = value;
    return found;
  }

  /** @param {PlotSpec} spec @param {number} x */
  function xText({ x: { ticks, suffix } }, x) {
    if (!ticks) return shown(x, suffix);
    const last = ticks.at(-1);
    if (last && last[1] === "max" && x >= last[0] - 1e-9) return "max";
    return `${Number((100 * (1 - 10 ** -x)).toFixed(Math.max(0, Math.ceil(x - 1))))}${suffix}`;
  }

  /** @param {PlotSpec} spec @returns {Plot | undefined} */
  function draw(spec) {
    const host = document.getElementById(spec.id);
    if (!host) return undefined;
    const positive = (/** @type {readonly [number, number]} */ [x, y]) =>
      (spec.x.scale !== "log" || x > 0) && (spec.y.scale !== "log" || y > 0);
    const lines = spec.series.map(({ points, ...rest }) => ({ ...rest, points: points.filter(positive) }));
    const data = UPlot.join(lines.map(({ points }) => [points.map(([x]) => x), points.map(([, y]) => y)]));
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");

    /** @param {Plot} plot */
    function tell(plot) {
      const { left = -1, idx } = plot.cursor;
      const x = idx === null || idx === undefined ? undefined : plot.data[0]?.[idx];
      tip.hidden = left < 0 || x === undefined || x === null;
      if (tip.hidden || x === undefined || x === null) return;
      const rows = lines.flatMap(({ label, style, points }, index) => {
        const value = plot.series[index + 1]?.show ? valueAt(points, x) : undefined;
        return value === undefined ? [] : [{ label, style, value }];
      });
      rows.sort((one, other) => other.value - one.value);
      const title = document.createElement("b");
      title.textContent = xText(spec, x);
      tip.replaceChildren(
        title,
        ...rows.map(({ label, style, value }) => {
          const line = document.createElement("p");
          const figure = document.createElement("span");
          figure.textContent = shown(value, spec.y.suffix);
          line.textContent = label;
          line.style.setProperty("--line", `var(${style.variable})`);
          line.append(figure);
          return line;
        }),
      );
      const room = plot.over.clientWidth;
      tip.dataset.at = left < room / 2 ? "right" : "left";
    }

    const plot = new UPlot(
      {
        width: Math.max(240, host.clientWidth),
        height: 290,
        padding: [10, 14, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
        scales: { x: scale(spec.x), y: scale(spec.y) },
        axes: [axis(spec.x, true), axis(spec.y, false)],
        series: [
          {},
          ...lines.map(({ label, style }) => ({
            label,
            stroke: () => colour(style.variable),
            width: 2,
            dash: [...style.dash],
            spanGaps: true,
            points: {
              show: spec.shape === "marks",
              size: 7,
              fill: () => colour("--paper"),
              dash: [],
            },
            ...(spec.shape === "steps" && UPlot.paths.stepped
              ? { paths: UPlot.paths.stepped({ align: 1 }) }
              : {}),
          })),
        ],
        hooks: { setCursor: [tell] },
      },
      /** @type {import("uplot").AlignedData} */ (data),
      host,
    );
    plot.over.append(tip);
    return plot;
  }

  /** @type {readonly PlotSpec[]} */
  const specs = JSON.parse(document.getElementById("plots")?.textContent ?? "[]");
  const drawn = specs.flatMap((spec) => {
    const plot = draw(spec);
    return plot ? [{ spec, plot }] : [];
  });

  let printing = false;
  const resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const found = drawn.find(({ spec }) => spec.id === target.id);
      if (found && !printing && contentRect.width > 0)
        found.plot.setSize({ width: Math.floor(contentRect.width), height: found.plot.height });
    }
  });
  for (const { spec } of drawn) {
    const host = document.getElementById(spec.id);
    if (host) resized.observe(host);
  }

  for (const legend of document.querySelectorAll(".legend")) {
    if (!(legend instanceof HTMLElement)) continue;
    legend.hidden = false;
    legend.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      if (!button) return;
      const show = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(show));
      const section = button.closest("section");
      for (const { spec, plot } of drawn) {
        if (!section?.contains(plot.root)) continue;
        const index = spec.series.findIndex(({ contender }) => contender === button.dataset.contender);
        if (index >= 0) plot.setSeries(index + 1, { show });
      }
    });
  }

  const redraw = () => {
    for (const { plot } of drawn) plot.redraw(false);
  };
  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const themed = () => {
    button?.setAttribute("aria-pressed", String(isDark()));
    redraw();
  };
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      themed();
    });
  }
  dark.addEventListener("change", themed);
  themed();

  // On paper a plot cannot follow the width of its box, the theme is light, and nothing can be
  // unfolded.
  const PAPER_WIDTH = 470;
  let afterwards = () => {};
  addEventListener("beforeprint", () => {
    if (printing) return;
    printing = true;
    const { theme } = root.dataset;
    const folded = [...document.querySelectorAll("details")].filter(({ open }) => !open);
    afterwards = () => {
      if (theme === undefined) delete root.dataset.theme;
      else root.dataset.theme = theme;
      for (const details of folded) details.open = false;
    };
    root.dataset.theme = "light";
    for (const details of folded) details.open = true;
    for (const { plot } of drawn) plot.setSize({ width: PAPER_WIDTH, height: plot.height });
  });
  addEventListener("afterprint", () => {
    printing = false;
    afterwards();
    for (const { spec, plot } of drawn) {
      const width = document.getElementById(spec.id)?.clientWidth ?? PAPER_WIDTH;
      plot.setSize({ width, height: plot.height });
    }
  });
})();
