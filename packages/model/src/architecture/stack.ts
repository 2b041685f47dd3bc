/**
 * All layers over packed tokens, each as it stands or behind a checkpoint that keeps only the layer's input.
 *
 * A plan says how tokens attend to each other. Its constants (rotary tables, masks) travel as inputs, not by closure: a
 * checkpoint runs the layer again in the backward pass, when the caller's handles may be gone.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import { type Attend, runLayer } from "./layer.ts";
import { type LayerParameters, layerParameters } from "./parameters.ts";

export interface AttentionPlan {
  /** cos, sin, then whatever `attend` needs. */
  readonly constants: readonly [cos: Tensor, sin: Tensor, ...masks: Tensor[]];
  /** Makes the attention from the masks. */
  readonly attend: (masks: readonly Tensor[]) => Attend;
}

export interface StackOptions {
  readonly checkpointLayers: boolean;
}

/** x float32 [M, D] -> float32 [M, D], before the final norm. Differentiable. The caller owns the result. */
export function runLayers(
  ops: Backend,
  config: ModelConfig,
  parameters: ReadonlyMap<string, Tensor>,
  x_MD: Tensor,
  plan: AttentionPlan,
  options: StackOptions,
): Tensor {
  let hidden_MD = ops.clone(x_MD);
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerParameters(parameters, config, layer);
    const next_MD = options.checkpointLayers
      ? checkpointLayer(ops, config, own, hidden_MD, plan)
      : runPlanned(ops, config, own, hidden_MD, plan.constants, plan);
    hidden_MD.dispose();
    hidden_MD = next_MD;
  }
  return hidden_MD;
}

function runPlanned(
  ops: Backend,
  config: ModelConfig,
  parameters: LayerParameters,
  x_MD: Tensor,
  constants: readonly Tensor[],
  plan: AttentionPlan,
): Tensor {
  const [cos, sin, ...masks] = constants as [Tensor, Tensor, ...Tensor[]];
  return runLayer(ops, config, parameters, x_MD, { cos, sin }, plan.attend(masks)).hidden_MD;
}

function checkpointLayer(
  ops: Backend,
  config: ModelConfig,
  parameters: LayerParameters,
  x_MD: Tensor,
  plan: AttentionPlan,
): Tensor {
  const names = Object.keys(parameters);
  const constantCount = plan.constants.length;
  return ops.checkpoint(
    ([x, ...rest]) =>
      ops.tidy(() => {
        const constants = rest.slice(0, constantCount).map((constant) => ops.stopGradient(constant));
        const entries = names.map((name, index) => [name, rest[constantCount + index]]);
        const own = Object.fromEntries(entries) as LayerParameters;
        return runPlanned(ops, config, own, x as Tensor, constants, plan);
      }),
    [x_MD, ...plan.constants, ...(Object.values(parameters) as Tensor[])],
  );
}
