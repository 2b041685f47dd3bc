/** One optimizer step from summed gradients: global-norm clip, or nothing at all where the norm is not finite. */

import type { Metrics } from "./contract.ts";
import { clipScale, type GradientSum } from "./gradient-sum.ts";
import type { AdamW } from "./optimizer.ts";
import { learningRateAt, type ScheduleSettings } from "./schedule.ts";
import type { TrainerWarning } from "./warnings.ts";

export interface UpdateResult {
  readonly isSkipped: boolean;
  readonly warnings: readonly TrainerWarning[];
  /** `optim/gradientNorm` is that before the clip; absent where it is not finite. */
  readonly metrics: Metrics;
}

export async function updateWeights(
  step: number,
  optimizer: AdamW,
  gradients: GradientSum,
  settings: ScheduleSettings & { readonly gradientClip: number },
): Promise<UpdateResult> {
  const norm = await gradients.norm();
  const learningRate = learningRateAt(step, settings);
  const isSkipped = !Number.isFinite(norm);
  if (!isSkipped) {
    const gradientScale = clipScale(norm, settings.gradientClip);
    optimizer.update(gradients.tensors, { learningRate, gradientScale });
  }
  return {
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
      "optim/skipped": isSkipped ? 1 : 0,
    },
  };
}
