/**
 * The report page, folders of results as reports, grids, and what other pages in the same style are made of. Apart from the
 * main entry because it brings the chart library.
 */

export { gridAblationFolder, gridEvaluationFolder } from "../explorer/find-runs.ts";
export { type ReadEvaluation, readEvaluation } from "../explorer/read-evaluation.ts";
export { openReportFolder, PAGES_FOLDER, type ReportFolder } from "../explorer/report-folder.ts";
export {
  type WriteReportFolderOptions,
  type WrittenReport,
  writeReportFolder,
} from "../explorer/write-report.ts";
export * from "../grid/index.ts";
export { type ChartOptions, type ChartSeries, lineChart } from "./chart.ts";
export * from "./data.ts";
export { type Html, html, trustedHtml } from "./html.ts";
export { kindOf, type ReadRunOptions, type RunEvaluation, type RunFolder, readRun } from "./read-run.ts";
export { renderReport } from "./render-report.ts";
export { STYLE } from "./style.ts";
