/** The report page and the reader of run folders. Apart from the main entry because it brings the chart library. */
export * from "./data.ts";
export { kindOf, type ReadRunOptions, type RunEvaluation, type RunFolder, readRun } from "./read-run.ts";
export { renderReport } from "./render-report.ts";
