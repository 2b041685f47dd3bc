/**
 * @soft-tokens/graders: answer extraction, mathematical equivalence, rewards. Runs anywhere JavaScript does; what needs Node
 * are the command-line tool and `@soft-tokens/graders/pool`.
 */
export { compareAnswers, type ParsedAnswer, type Verdict } from "./compare/compare-answers.ts";
export type { CompareOptions, Method } from "./compare/context.ts";
export { cutText } from "./cut-text.ts";
export {
  type Extraction,
  type ExtractMode,
  type ExtractOptions,
  extractAnswer,
  extractModes,
} from "./extract/extract-answer.ts";
export { parseJson } from "./json/parse-json.ts";
export type { Expression } from "./parse/expression.ts";
export { type CombinedReward, combineRewards, type WeightedReward } from "./reward/combine-rewards.ts";
export {
  answerTagReward,
  reasoningStepsReward,
  tagCountReward,
  thinkFormatReward,
} from "./reward/format-rewards.ts";
export {
  type Grade,
  type GradeOptions,
  gradeResponse,
  mathRewards,
  rewardMath,
} from "./reward/grade-response.ts";
export {
  checkGraderResult,
  type Grader,
  type GraderResult,
  type GraderSample,
  type GraderTools,
} from "./reward/grader.ts";
export {
  type CosineRange,
  cosineLengthReward,
  groupLengthRewards,
  overlongPenalty,
} from "./reward/length-rewards.ts";
export {
  gradeWithPreset,
  type Preset,
  type PresetName,
  presetNames,
  presets,
  type Reference,
} from "./reward/presets.ts";
export {
  type FoundReference,
  markedReference,
  readReference,
  referenceOf,
  type WholeTexts,
  withoutAnswerMarks,
} from "./reward/reference.ts";
export { repetitionPenalty, wordsForRepetition } from "./reward/repetition-rewards.ts";
export { visibleLine, visibleText } from "./visible-text.ts";
export { limits } from "./work.ts";
