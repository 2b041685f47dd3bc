/**
 * One optimizer step from summed gradients: global-norm clip, or nothing at all where the norm is not finite or a spike.
 * At tau = 1e-4 a near-tie of two logits gives gradients a thousand times the usual (method.md section 10); a clip makes each
 * of them as large as a good step, so `gradientSpikeFactor` can leave them out.
 */

import type { Metrics } from "./contract.ts";
import { clipScale, type GradientSum } from "./gradient-sum.ts";
import type { AdamW } from "./optimizer.ts";
import { learningRateAt, type ScheduleSettings } from "./schedule.ts";
import { type TrainerWarning, usualNorm } from "./warnings.ts";

export interface UpdateResult {
  /** The weights were changed: neither skipped nor left out as a spike. */
  readonly isUpdated: boolean;
  /** The norm was not finite. A spike that was left out is not counted here, but in `optim/skipped`. */
  readonly isSkipped: boolean;
  readonly warnings: readonly TrainerWarning[];
  /** `optim/gradientNorm` is that before the clip; absent where it is not finite. */
  readonly metrics: Metrics;
}

export async function updateWeights(
  step: number,
  optimizer: AdamW,
  gradients: GradientSum,
  settings: ScheduleSettings & { readonly gradientClip: number; readonly gradientSpikeFactor: number },
  recentNorms: readonly number[],
): Promise<UpdateResult> {
  const norm = await gradients.norm();
  const learningRate = learningRateAt(step, settings);
  const isSkipped = !Number.isFinite(norm);
  const spikeLimit = settings.gradientSpikeFactor * usualNorm(recentNorms);
  const isSpike = spikeLimit > 0 && norm > spikeLimit;
  const isUpdated = !isSkipped && !isSpike;
  if (isUpdated) {
    const gradientScale = clipScale(norm, settings.gradientClip);
    optimizer.update(gradients.tensors, { learningRate, gradientScale });
  }
  return {
    isUpdated,
    isSkipped,
    warnings: isSkipped
      ? [
          {
            code: "GRADIENT_NON_FINITE",
            message: `the gradient norm is ${norm}: the step was skipped, the weights are unchanged`,
          },
        ]
      : [],
    metrics: {
      "optim/gradientNorm": norm,
      "optim/learningRate": learningRate,
      "optim/skipped": isUpdated ? 0 : 1,
    },
  };
}
