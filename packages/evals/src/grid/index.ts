/** Grids: several trainings, each in several seeds, on several tasks. Tables, differences and ablations as plain values. */
export {
  ABLATED_SETTINGS,
  type AblatedCell,
  type AblatedSetting,
  type Ablation,
  type AblationRow,
  type AblationSeries,
  type AblationValue,
  gridAblations,
  inferenceAblations,
} from "./ablations.ts";
export { type GridDifference, gridDifferences } from "./differences.ts";
export { type GridCell, type GridFigure, type GridRun, gridCells, gridFigures } from "./figures.ts";
export {
  GRID_FILE,
  type GridAblation,
  type GridFile,
  gridTitle,
  mergeGrids,
  readGridFile,
  writeGridFile,
} from "./grid-file.ts";
export { type GridResults, gridResults } from "./grid-results.ts";
export { likelihoodAsEvaluation } from "./likelihood-results.ts";
export {
  PAPER_FIGURES,
  PAPER_MODEL,
  type PaperFigure,
  type PaperMetric,
  paperAblation,
  paperFigure,
} from "./paper.ts";
export { type PaperCell, type PaperTable, paperTables } from "./paper-tables.ts";
export { poolSeeds, type SeedSpread, seedSpread } from "./pool-seeds.ts";
export { formatPaper, formatValue, type GridMarkdown, gridCsv, gridMarkdown } from "./write-tables.ts";
