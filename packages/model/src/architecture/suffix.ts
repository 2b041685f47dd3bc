/**
 * The teacher-forced pass over rows whose prompts have been computed: only the rows' own tokens pass the layers, packed
 * without padding, and attend to their prompts' keys and values too. Gradients flow into these.
 *
 * Axes: P prompts, S tokens of the longest, B rows, T suffix tokens of the longest, M suffix tokens in all, D hidden.
 */

import { type Backend, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { PromptLayer, PromptStates } from "../contract.ts";
import { type PackedRows, suffixPositions } from "./grouped.ts";
import { causalMask, prefixMask } from "./masks.ts";
import { forPacked, longestOf } from "./packed-sequences.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";
import { runLayers } from "./stack.ts";

export interface SuffixRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly prompts: PromptStates;
  readonly rows: PackedRows;
  readonly checkpointLayers: boolean;
}

/** suffixes float32 [M, D] -> [M, D], before the final norm. The caller owns the result. */
export function runSuffix(run: SuffixRun, suffix_MD: Tensor): Tensor {
  const { ops, config, prompts, rows } = run;
  const { rowsPerPrompt, lengths } = rows;
  const [B, T] = [lengths.length, longestOf(lengths)];
  const S = prompts.layers[0]?.key_PKSH.shape[2] as number;
  using scope = new TensorScope();
  const { cos, sin } = run.rope.tensors(ops, suffixPositions(prompts.lengths, rows));
  scope.track(cos);
  scope.track(sin);
  const mask = scope.track(causalMask(ops, T));
  const mask_PS = prefixMask(ops, prompts.lengths, S);
  if (mask_PS) scope.track(mask_PS);
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
  return runLayers(ops, config, run.parameters, suffix_MD, forPacked(ops, plan, [lengths], scope), run)
    .hidden_MD;
}
