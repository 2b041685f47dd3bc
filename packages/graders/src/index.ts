/**
 * @soft-tokens/graders: answer extraction, mathematical equivalence, rewards. Runs anywhere JavaScript does; the
 * command-line tool is the only part that needs Node.
 */
export { compareAnswers, type ParsedAnswer, type Verdict } from "./compare/compare-answers.ts";
export type { CompareOptions, Method } from "./compare/context.ts";
export {
  type Extraction,
  type ExtractMode,
  type ExtractOptions,
  extractAnswer,
  extractModes,
} from "./extract/extract-answer.ts";
export type { Expression } from "./parse/expression.ts";
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
  referenceOf,
  rewardMath,
} from "./reward/grade-response.ts";
export {
  type CosineRange,
  cosineLengthReward,
  groupLengthRewards,
  overlongPenalty,
} from "./reward/length-rewards.ts";
export { gradeWithPreset, type Preset, type PresetName, presets } from "./reward/presets.ts";
export { repetitionPenalty, wordsForRepetition } from "./reward/repetition-rewards.ts";
export { limits } from "./work.ts";
