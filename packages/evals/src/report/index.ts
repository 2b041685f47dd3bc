/** The report page and the reader of run folders. Apart from the main entry because it brings the chart library. */
/** What other pages in the same style are made of. */
export { type ChartOptions, type ChartSeries, lineChart } from "./chart.ts";
export * from "./data.ts";
export { type Html, html, trustedHtml } from "./html.ts";
export { kindOf, type ReadRunOptions, type RunEvaluation, type RunFolder, readRun } from "./read-run.ts";
export { renderReport } from "./render-report.ts";
export { STYLE } from "./style.ts";
