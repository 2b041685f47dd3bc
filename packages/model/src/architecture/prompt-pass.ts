/**
 * Prompts alone through the layers: what later tokens need of them. Decoding starts from it and so does training, so both
 * see the same keys and values to the last bit. Keys and values are right-padded: no token of a prompt sees the padding.
 *
 * Axes: P prompts, S tokens of the longest, M tokens of all, K kv heads, H head size, D hidden.
 */

import { type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { PromptIds, PromptStates } from "../contract.ts";
import { promptPositions } from "./grouped.ts";
import { causalMask } from "./masks.ts";
import { forPacked, lastTokens, longestOf } from "./packed-sequences.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";
import { runLayers, type StackOptions } from "./stack.ts";

export interface PromptRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly finalNorm_D: Tensor;
  /** Embeddings of prompts, one behind the other: float32 [M, D]. */
  readonly embedPrompts: (promptIds: PromptIds) => Tensor;
}

/** Differentiable. The caller owns the result. */
export function runPrompts(run: PromptRun, promptIds: PromptIds, options: StackOptions): PromptStates {
  const { ops, config } = run;
  const lengths = promptIds.map((ids) => ids.length);
  const [P, S] = [lengths.length, longestOf(lengths)];
  using scope = new TensorScope();
  const { cos, sin } = run.rope.tensors(ops, promptPositions(lengths));
  scope.track(cos);
  scope.track(sin);
  const mask = scope.track(causalMask(ops, S));
  const x_MD = scope.track(run.embedPrompts(promptIds));
  const plan = {
    constants: [cos, sin, mask] as const,
    attend: ([own]: readonly Tensor[]) =>
      attendSequences(ops, config, { B: P, T: S }, own as Tensor, { keepCache: true }),
  };
  const packed = forPacked(ops, plan, [lengths], scope);
  const { hidden_MD, keptByLayer } = runLayers(ops, config, run.parameters, x_MD, packed, options);
  const last_PD = scope.track(lastTokens(ops, scope.track(hidden_MD), lengths));
  const lastHidden_PD = rmsNorm(ops, last_PD, run.finalNorm_D, { epsilon: config.normEpsilon });
  const layers = keptByLayer.map((kept) => {
    const [key_PKSH, value_PKSH] = kept as readonly [Tensor, Tensor];
    return { key_PKSH, value_PKSH };
  });
  return {
    lengths,
    layers,
    lastHidden_PD,
    [Symbol.dispose]() {
      for (const tensor of [...keptByLayer.flat(), lastHidden_PD]) tensor.dispose();
    },
  };
}
