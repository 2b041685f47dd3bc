/** Evaluation tasks, runner, pass@k with intervals and entropy profiles. The report is `./report`. See README.md. */
export * from "./contract.ts";
export { EvaluationError, type EvaluationErrorCode, type EvaluationErrorDetails } from "./errors.ts";
export type * from "./likelihood/contract.ts";
export {
  type EvaluateLikelihoodOptions,
  evaluateLikelihood,
  type LikelihoodProgress,
  readLikelihoodResults,
} from "./likelihood/evaluate.ts";
export {
  choiceLength,
  detectLikelihoodForm,
  LIKELIHOOD_FORMS,
  type LikelihoodForm,
  moveTrailingSpace,
} from "./likelihood/forms.ts";
export { type ChoiceTask, type LoadChoicesOptions, loadChoiceTask } from "./likelihood/load-choices.ts";
export * from "./likelihood/schema.ts";
export { likeliest, summarizeLikelihood } from "./likelihood/summarize.ts";
export { compareMode, isClear, modeResult } from "./results/comparison.ts";
export { type FormatOptions, formatGrid, formatPassAt, type GridEntry } from "./results/format-grid.ts";
export * from "./results/schema.ts";
export { toJson } from "./results/to-json.ts";
export { evaluate } from "./runner/evaluate.ts";
export { RESULTS_FILE, readResults, SAMPLES_FILE } from "./runner/evaluation-folder.ts";
export type { EvaluateOptions, EvaluationProgress } from "./runner/plan.ts";
export { readSampleRows } from "./runner/sample-log.ts";
export { type ModeSamples, type SampleOutcome, summarizeMode } from "./runner/summarize.ts";
export { createGenerator, type IntegerGenerator } from "./statistics/generator.ts";
export {
  type BootstrapOptions,
  bootstrapMean,
  CONFIDENCE,
  type Interval,
  meanInterval,
  wilsonInterval,
} from "./statistics/intervals.ts";
export { majorityCorrect, type Vote } from "./statistics/majority.ts";
export { type PairedDifference, pairedDifference, type ScoreByQuestion } from "./statistics/paired.ts";
export { PASS_AT, passAtK } from "./statistics/pass-at-k.ts";
export { findContamination } from "./tasks/contamination.ts";
export {
  type AnswerField,
  type AnswerForm,
  detectFormat,
  GENERIC_FORMAT,
  GSM8K_FORMAT,
  MATH_FORMAT,
  NAMED_FORMATS,
  type TaskFormat,
} from "./tasks/formats.ts";
export { isHubFile } from "./tasks/hub-file.ts";
export {
  type LoadSolvedOptions,
  loadSolved,
  type ReadyPair,
  type SolvedProblems,
  type SolvedSource,
} from "./tasks/load-solved.ts";
export {
  type LoadTaskOptions,
  loadTask,
  normalizedQuestion,
  parseTask,
  type ResolveTaskOptions,
  resolveTask,
  type Task,
  type TaskSource,
} from "./tasks/load-task.ts";
export { PAPER_TEMPLATE, QUESTION_PLACEHOLDER, renderPrompt } from "./tasks/prompt-template.ts";
export type { SolvedQuestion } from "./tasks/read-row.ts";
export { badRowsError, readRowFile } from "./tasks/read-rows.ts";
export { findNamedTask, type NamedTask, TASK_NAMES } from "./tasks/task-names.ts";
