/** What a trainer says while it runs. Nothing is printed; the caller decides what to show and store. */

import type { Metrics } from "./contract.ts";
import type { TrainerWarning } from "./warnings.ts";

export type TrainerEvent<Sample> =
  /**
   * First, when a checkpoint is continued. Drop stored metrics of later steps, and of validations after `validatedStep`: they
   * will come again.
   */
  | { readonly type: "resumed"; readonly step: number; readonly folder: string }
  /** One whole step: the weights are updated (or the step was skipped, `optim/skipped` is 1). */
  | {
      readonly type: "step";
      readonly step: number;
      readonly metrics: Metrics;
      readonly samples: readonly Sample[];
    }
  /** `step` 0 is the model as it was given. `isBest`: better than every validation after step 0 before it. */
  | {
      readonly type: "validation";
      readonly step: number;
      readonly metrics: Metrics;
      readonly samples: readonly Sample[];
      readonly isBest: boolean;
    }
  | { readonly type: "checkpoint"; readonly step: number; readonly folder: string; readonly isBest: boolean }
  | ({ readonly type: "warning"; readonly step: number } & TrainerWarning)
  /** Last. `step`: whole steps made. */
  | { readonly type: "stopped"; readonly step: number; readonly reason: "finished" | "aborted" };

export interface Trainer<Sample> extends Disposable {
  /** Whole steps made. */
  readonly step: number;
  /** The last step whose model was validated; -1 before the first. After an abort a validation of `step` may still be due. */
  readonly validatedStep: number;
  /**
   * Continues from the newest good checkpoint of the trainer's folder: weights, optimizer, schedule, data position and keys.
   * Call before `run`. A damaged checkpoint is set aside and the one before it taken.
   * @returns the step, or null where there is no checkpoint
   * @throws CHECKPOINT_MISMATCH where it belongs to another run, CHECKPOINT_DAMAGED where none is good
   */
  resume(): Promise<number | null>;
  /**
   * Trains from the current step to the last. Aborting stops after the last whole step, with a checkpoint of it.
   * @throws NON_FINITE_GRADIENT, LOGITS_NOT_FINITE, WEIGHTS_NOT_FINITE, CHECKPOINT_WRITE_FAILED, and whatever the reward throws. The weights
   * are then those of `step`, but after WEIGHTS_NOT_FINITE, where they are broken: the last checkpoint has those of its step.
   */
  run(options?: { readonly signal?: AbortSignal }): AsyncGenerator<TrainerEvent<Sample>, void, undefined>;
  /** Writes a checkpoint of the current step now. Returns its folder. @throws CHECKPOINT_WRITE_FAILED */
  save(): Promise<string>;
  dispose(): void;
}
