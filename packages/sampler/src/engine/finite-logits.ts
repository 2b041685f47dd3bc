/**
 * Logits that are not numbers end a generation. Nothing is computed for it: the entropy of a step, which the head gives with the
 * step, is NaN exactly where a logit is NaN or infinite (a promise of the tensor contract's conformance suite), and it is looked at
 * when it reaches the host, some steps later. No rollout is given before that.
 */

import { SamplerError } from "../errors.ts";
import type { SampleIdentity } from "./sample.ts";

/** `step` counts from 1. @throws LOGITS_NOT_FINITE */
export function assertFiniteLogits(
  entropy: number,
  { promptIndex, sampleIndex }: Pick<SampleIdentity, "promptIndex" | "sampleIndex">,
  phase: "thought step" | "answer token",
  step: number,
): void {
  if (Number.isFinite(entropy)) return;
  throw new SamplerError(
    "LOGITS_NOT_FINITE",
    `generate: prompt ${promptIndex}, sample ${sampleIndex}: the logits of ${phase} ${step} are NaN or infinite; ` +
      "the model's weights are broken, or so large that its numbers leave float32",
    { promptIndex, sampleIndex },
  );
}
