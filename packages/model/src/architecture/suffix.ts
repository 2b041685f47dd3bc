/**
 * The teacher-forced pass over rows whose prompts have been computed: only the rows' own tokens pass the layers, and attend
 * to their prompts' keys and values too. Gradients flow into these.
 *
 * Axes: P prompts, S prompt tokens (right-padded), B rows, T suffix tokens, M = B * T, D hidden.
 */

import { type Backend, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { PromptLayer, PromptStates } from "../contract.ts";
import { suffixPositions } from "./grouped.ts";
import { causalMask, prefixMask } from "./masks.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";
import { runLayers } from "./stack.ts";

export interface SuffixRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly prompts: PromptStates;
  readonly rowsPerPrompt: readonly number[];
  readonly checkpointLayers: boolean;
}

/** suffix float32 [B, T, D] -> [M, D], before the final norm. The caller owns the result. */
export function runSuffix(run: SuffixRun, suffix_BTD: Tensor): Tensor {
  const { ops, config, prompts, rowsPerPrompt } = run;
  const [B = 0, T = 0, D = 0] = suffix_BTD.shape;
  const S = prompts.layers[0]?.key_PKSH.shape[2] as number;
  using scope = new TensorScope();
  const { cos, sin } = run.rope.tensors(ops, suffixPositions(prompts.lengths, rowsPerPrompt, T));
  scope.track(cos);
  scope.track(sin);
  const mask = scope.track(causalMask(ops, T));
  const mask_PS = prefixMask(ops, prompts.lengths, S);
  if (mask_PS) scope.track(mask_PS);
  const x_MD = scope.track(ops.reshape(suffix_BTD, [B * T, D]));
  const plan = {
    constants: [cos, sin, mask, ...(mask_PS ? [mask_PS] : [])] as const,
    givenTo: (layer: number) => {
      const { key_PKSH, value_PKSH } = prompts.layers[layer] as PromptLayer;
      return [key_PKSH, value_PKSH];
    },
    attend: ([own, padding]: readonly Tensor[], given: readonly Tensor[]) => {
      const [key_PKSH, value_PKSH] = given as readonly [Tensor, Tensor];
      const prefix = { key_PKSH, value_PKSH, rowsPerPrompt, ...(padding && { mask_PS: padding }) };
      return attendSequences(ops, config, { B, T }, own as Tensor, { keepCache: false, prefix });
    },
  };
  return runLayers(ops, config, run.parameters, x_MD, plan, run).hidden_MD;
}
