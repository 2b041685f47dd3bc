/**
 * All layers over packed tokens, each as it stands or behind a checkpoint that keeps only the layer's input.
 *
 * A plan says how tokens attend to each other. Its constants (rotary tables, masks, indices) and what it gives a layer to attend to
 * travel as inputs, not by closure: a checkpoint runs the layer again in the backward pass, when the caller's handles may be
 * gone.
 */

import { type Backend, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import { joinParts, type PartKind, partKinds, splitParts } from "./joined-parts.ts";
import { type Attend, type LayerResult, runLayer } from "./layer.ts";
import { type LayerParameters, layerParameters } from "./parameters.ts";

export interface AttentionPlan {
  /** cos, sin, then whatever `attend` needs. */
  readonly constants: readonly [cos: Tensor, sin: Tensor, ...own: Tensor[]];
  /** What one layer attends to beside its own tokens; gradients flow there. Defaults to nothing. */
  readonly givenTo?: (layer: number) => readonly Tensor[];
  /** Makes the attention from its own constants and what the layer was given. */
  readonly attend: (own: readonly Tensor[], given: readonly Tensor[]) => Attend;
}

export interface StackOptions {
  readonly checkpointLayers: boolean;
}

/** The caller owns the tensors. */
export interface StackResult {
  /** float32 [M, D], before the final norm. */
  readonly hidden_MD: Tensor;
  /** What each layer's attention kept. */
  readonly keptByLayer: readonly (readonly Tensor[])[];
}

/** x float32 [M, D] through all layers. Differentiable, what is kept too. */
export function runLayers(
  ops: Backend,
  config: ModelConfig,
  parameters: ReadonlyMap<string, Tensor>,
  x_MD: Tensor,
  plan: AttentionPlan,
  options: StackOptions,
): StackResult {
  using scope = new TensorScope();
  const keptByLayer: (readonly Tensor[])[] = [];
  let hidden_MD = scope.track(ops.clone(x_MD));
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerParameters(parameters, config, layer);
    const run = options.checkpointLayers ? checkpointLayer : runPlanned;
    const given = plan.givenTo?.(layer) ?? [];
    const result = run(ops, config, own, hidden_MD, { plan, constants: plan.constants, given });
    scope.release(hidden_MD).dispose();
    hidden_MD = scope.track(result.hidden_MD);
    keptByLayer.push(result.kept.map((kept) => scope.track(kept)));
  }
  for (const tensor of [hidden_MD, ...keptByLayer.flat()]) scope.release(tensor);
  return { hidden_MD, keptByLayer };
}

/** The tensors of a plan as one layer gets them: the caller's, or those of a checkpoint. */
interface PlannedInputs {
  readonly plan: AttentionPlan;
  readonly constants: readonly Tensor[];
  readonly given: readonly Tensor[];
}

function runPlanned(
  ops: Backend,
  config: ModelConfig,
  parameters: LayerParameters,
  x_MD: Tensor,
  { plan, constants, given }: PlannedInputs,
): LayerResult {
  const [cos, sin, ...own] = constants as [Tensor, Tensor, ...Tensor[]];
  return runLayer(ops, config, parameters, x_MD, { cos, sin }, plan.attend(own, given));
}

/** A checkpoint has one result: what the layer keeps leaves it joined to its stream. */
function checkpointLayer(
  ops: Backend,
  config: ModelConfig,
  parameters: LayerParameters,
  x_MD: Tensor,
  { plan, constants, given }: PlannedInputs,
): LayerResult {
  const names = Object.keys(parameters);
  const [constantsEnd, givenEnd] = [constants.length, constants.length + given.length];
  let kinds: readonly PartKind[] = [];
  const joined = ops.checkpoint(
    ([x, ...rest]) =>
      ops.tidy(() => {
        const entries = names.map((name, index) => [name, rest[givenEnd + index]]);
        const own = Object.fromEntries(entries) as LayerParameters;
        const { hidden_MD, kept } = runPlanned(ops, config, own, x as Tensor, {
          plan,
          constants: rest.slice(0, constantsEnd).map((constant) => ops.stopGradient(constant)),
          given: rest.slice(constantsEnd, givenEnd),
        });
        const parts = [hidden_MD, ...kept];
        kinds = partKinds(parts);
        return joinParts(ops, parts);
      }),
    [x_MD, ...constants, ...given, ...(Object.values(parameters) as Tensor[])],
  );
  if (kinds.length === 1) return { hidden_MD: joined, kept: [] };
  const [hidden_MD, ...kept] = splitParts(ops, joined, kinds) as [Tensor, ...Tensor[]];
  joined.dispose();
  return { hidden_MD, kept };
}
