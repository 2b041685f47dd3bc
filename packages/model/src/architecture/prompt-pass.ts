/**
 * Prompts alone through the layers: what later tokens need of them. Decoding starts from it and so does training, so both
 * see the same keys and values to the last bit. Prompts are right-padded: no token of a prompt sees the padding.
 *
 * Axes: P prompts, S prompt tokens (right-padded), M = P * S, K kv heads, H head size, D hidden.
 */

import { type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { PromptIds, PromptStates } from "../contract.ts";
import { promptPositions } from "./grouped.ts";
import { lastOfPrompts } from "./last-of-prompts.ts";
import { causalMask } from "./masks.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";
import { runLayers, type StackOptions } from "./stack.ts";

export interface PromptRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly finalNorm_D: Tensor;
  /** Embeddings of right-padded prompts, [P * S, D]. */
  readonly embedPrompts: (promptIds: PromptIds, S: number) => Tensor;
}

/** Differentiable. The caller owns the result. */
export function runPrompts(run: PromptRun, promptIds: PromptIds, options: StackOptions): PromptStates {
  const { ops, config } = run;
  const P = promptIds.length;
  const S = promptIds.reduce((longest, ids) => Math.max(longest, ids.length), 0);
  using scope = new TensorScope();
  const { cos, sin } = run.rope.tensors(ops, promptPositions(P, S));
  scope.track(cos);
  scope.track(sin);
  const mask = scope.track(causalMask(ops, S));
  const x_MD = scope.track(run.embedPrompts(promptIds, S));
  const plan = {
    constants: [cos, sin, mask] as const,
    attend: ([own]: readonly Tensor[]) =>
      attendSequences(ops, config, { B: P, T: S }, own as Tensor, { keepCache: true }),
  };
  const { hidden_MD, keptByLayer } = runLayers(ops, config, run.parameters, x_MD, plan, options);
  scope.track(hidden_MD);
  const lastHidden_PD = ops.tidy(() => {
    const hidden_PSD = ops.reshape(hidden_MD, [P, S, config.hiddenSize]);
    const last_PD = lastOfPrompts(ops, hidden_PSD, promptIds);
    return rmsNorm(ops, last_PD, run.finalNorm_D, { epsilon: config.normEpsilon });
  });
  const layers = keptByLayer.map((kept) => {
    const [key_PKSH, value_PKSH] = kept as readonly [Tensor, Tensor];
    return { key_PKSH, value_PKSH };
  });
  return {
    lengths: promptIds.map((ids) => ids.length),
    layers,
    lastHidden_PD,
    [Symbol.dispose]() {
      for (const tensor of [...keptByLayer.flat(), lastHidden_PD]) tensor.dispose();
    },
  };
}
