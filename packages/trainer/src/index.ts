/** RLOO and supervised fine-tuning. See README.md. */
export { advantages, ESTIMATORS, type Estimator } from "./advantages.ts";
export { type BestCheckpoint, readBestCheckpoint } from "./checkpoint/store.ts";
export type * from "./contract.ts";
export {
  type EncodedExamples,
  type EncodeOptions,
  type ExampleProblem,
  encodeExamples,
} from "./encode-examples.ts";
export * from "./errors.ts";
export type * from "./events.ts";
export type { TrainingSample } from "./metrics.ts";
export { createRlooTrainer, type RlooTrainerOptions } from "./rloo-trainer.ts";
export { type ScoredRollout, type ScoreRolloutsOptions, scoreRollouts } from "./score-rollouts.ts";
export { DEFAULT_MEMORY_BUDGET_BYTES, RlooSettings, SupervisedSettings } from "./settings.ts";
export { createSupervisedTrainer, type SupervisedTrainerOptions } from "./supervised-trainer.ts";
export type { TrainerWarning, WarningCode } from "./warnings.ts";
