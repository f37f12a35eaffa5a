// Draws the figures that the server built. Colours named var(--…) are looked up in the page, so a figure follows the theme.
(function () {
  "use strict";
  const plotlyAddress = document.currentScript.dataset.plotly;
  const COLOUR = /^var\((--[\w-]+)\)$/;
  const CONFIG = { displayModeBar: false, responsive: true, displaylogo: false, showTips: false };
  const PICTURE_WIDTH = 900;
  // As many as are ever needed to be read side by side, and what one of them takes with its share of the labels.
  const MOST_COLUMNS = 10, HEAT_MAP_COLUMN = 3.8;
  let plotlyLoading = null;

  function loadPlotly() {
    if (window.Plotly) return Promise.resolve();
    plotlyLoading = plotlyLoading || new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      script.src = plotlyAddress;
      script.onload = resolve;
      script.onerror = reject;
      document.head.appendChild(script);
    });
    return plotlyLoading;
  }

  function data(card, kind) {
    return JSON.parse(document.getElementById(card.dataset.chart + "-" + kind).textContent);
  }

  // A colour as the page has it now: Plotly reads rgb(), not names of variables nor oklch().
  function colour(name, style) {
    return style.getPropertyValue(name).trim() || "#888888";
  }

  function resolved(value, style) {
    if (typeof value === "string") {
      const match = COLOUR.exec(value);
      return match ? colour(match[1], style) : value;
    }
    if (Array.isArray(value)) return value.map(function (one) { return resolved(one, style); });
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(function (pair) {
        return [pair[0], resolved(pair[1], style)];
      }));
    }
    return value;
  }

  function draw(card) {
    const figure = resolved(data(card, "figure"), getComputedStyle(document.documentElement));
    const place = card.querySelector("[data-chart-figure]");
    return window.Plotly.react(place, figure.data, figure.layout, CONFIG);
  }

  function cards(root) {
    const found = Array.from(root.querySelectorAll("[data-chart]"));
    return root.matches && root.matches("[data-chart]") ? [root].concat(found) : found;
  }

  function drawAll(root) {
    const found = cards(root);
    found.forEach(function (card) {
      const place = card.querySelector("[data-chart-figure]");
      place.style.minHeight = place.dataset.height + "px";
      // A table of many colours has columns to read; on a phone it is scrolled instead of squeezed.
      data(card, "figure").data.forEach(function (trace) {
        if (trace.type !== "heatmap") return;
        const columns = Array.isArray(trace.x) ? trace.x.length : MOST_COLUMNS;
        place.style.minWidth = Math.min(columns, MOST_COLUMNS) * HEAT_MAP_COLUMN + "rem";
      });
    });
    // Where charts are about to come, what draws them need not be waited for then.
    if (!found.length && root.querySelector("[data-charts-soon]")) loadPlotly().catch(function () {});
    if (!found.length) return;
    loadPlotly().then(function () { drawInTurn(found); }, function () { found.forEach(showTable); });
  }

  // One after the other, so that the first is seen before the last is drawn; one that was replaced meanwhile is left.
  function drawInTurn(found) {
    if (!found.length) return;
    if (found[0].isConnected) draw(found[0]);
    setTimeout(function () { drawInTurn(found.slice(1)); }, 0);
  }

  function showTable(card) {
    const button = card.querySelector("[data-chart-table]");
    const show = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(show));
    card.querySelector("[data-chart-table-label]").textContent = show ? "Show as chart" : "Show as table";
    card.querySelector("[data-chart-rows]").hidden = !show;
    card.querySelector("[data-chart-figure]").hidden = show;
    if (!show && window.Plotly) window.Plotly.Plots.resize(card.querySelector("[data-chart-figure]"));
  }

  function save(name, address) {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
  }

  function saveNumbers(card) {
    const file = new Blob([data(card, "csv")], { type: "text/csv;charset=utf-8" });
    const address = URL.createObjectURL(file);
    save(card.dataset.chart + ".csv", address);
    setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
  }

  function savePicture(card) {
    const place = card.querySelector("[data-chart-figure]");
    const background = getComputedStyle(card).backgroundColor;
    const figure = {
      data: place.data,
      layout: Object.assign({}, place.layout, { paper_bgcolor: background }),
    };
    window.Plotly.toImage(figure, {
      format: "png",
      // While the table is shown the figure has no width of its own.
      width: place.clientWidth || PICTURE_WIDTH,
      height: Number(place.dataset.height),
      scale: 2,
    })
      .then(function (address) { save(card.dataset.chart + ".png", address); });
  }

  document.addEventListener("click", function (event) {
    const card = event.target.closest("[data-chart]");
    if (!card) return;
    if (event.target.closest("[data-chart-table]")) showTable(card);
    if (event.target.closest("[data-chart-csv]")) saveNumbers(card);
    if (event.target.closest("[data-chart-image]")) savePicture(card);
  });
  document.addEventListener("rehearsal:theme", function () {
    if (window.Plotly) cards(document).forEach(draw);
  });
  document.addEventListener("htmx:load", function (event) {
    if (event.target !== document.body) drawAll(event.target);
  });
  window.addEventListener("beforeprint", function () {
    if (window.Plotly) cards(document).forEach(function (card) {
      window.Plotly.Plots.resize(card.querySelector("[data-chart-figure]"));
    });
  });

  drawAll(document);
})();
