/**
 * Computes each prompt once and opens a decode session over the prompts' keys and values. No gradient.
 *
 * Axes: P prompts, S prompt tokens (right-padded), M = P * S, R rows, K kv heads, H head size, D hidden.
 */

import { type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { Prefilled, PrefillOptions, PromptIds } from "../contract.ts";
import { CachedDecodeSession } from "./decode-session.ts";
import { promptPositions } from "./grouped.ts";
import { lastOfPrompts } from "./last-of-prompts.ts";
import { runLayer } from "./layer.ts";
import { causalMask } from "./masks.ts";
import { layerParameters } from "./parameters.ts";
import { type LayerPrompts, PromptTable } from "./prompt-table.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences } from "./sequences.ts";

export interface PrefillRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly finalNorm_D: Tensor;
  /** Embeddings of right-padded prompts, [P * S, D]. */
  readonly embedPrompts: (promptIds: PromptIds, S: number) => Tensor;
}

/** The caller owns session and hidden states. */
export function prefillPrompts(run: PrefillRun, promptIds: PromptIds, options: PrefillOptions): Prefilled {
  const asked = promptIds.filter((_, prompt) => (options.rowsPerPrompt[prompt] as number) > 0);
  const rowsPerPrompt = options.rowsPerPrompt.filter((rows) => rows > 0);
  const prompts = computePrompts(run, asked);
  const session = new CachedDecodeSession(
    { ...run, computePrompts: (added) => computePrompts(run, added) },
    { prompts, rowsPerPrompt, maxLength: options.maxLength },
  );
  const promptOfRow = rowsPerPrompt.flatMap((rows, prompt) => Array<number>(rows).fill(prompt));
  return { session, hidden_RD: prompts.hiddenOf(promptOfRow) };
}

/** Keys, values and last hidden states of prompts of any lengths. */
function computePrompts(run: PrefillRun, promptIds: PromptIds): PromptTable {
  const { ops, config, finalNorm_D } = run;
  const P = promptIds.length;
  const S = promptIds.reduce((longest, ids) => Math.max(longest, ids.length), 0);
  using scope = new TensorScope();
  const rotation = run.rope.tensors(ops, promptPositions(P, S));
  scope.track(rotation.cos);
  scope.track(rotation.sin);
  const mask = scope.track(causalMask(ops, S));
  const attend = attendSequences(ops, config, { B: P, T: S }, mask, { keepCache: true });

  const layers: LayerPrompts[] = [];
  let hidden_MD = run.embedPrompts(promptIds, S);
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerParameters(run.parameters, config, layer);
    const result = runLayer(ops, config, own, hidden_MD, rotation, attend);
    hidden_MD.dispose();
    hidden_MD = result.hidden_MD;
    const [key_PKSH, value_PKSH] = result.kept.map((kept) => scope.track(kept)) as [Tensor, Tensor];
    layers.push({ key_PKSH, value_PKSH });
  }
  scope.track(hidden_MD);
  const lastHidden_PD = ops.tidy(() => {
    const hidden_PSD = ops.reshape(hidden_MD, [P, S, config.hiddenSize]);
    return rmsNorm(ops, lastOfPrompts(ops, hidden_PSD, promptIds), finalNorm_D, {
      epsilon: config.normEpsilon,
    });
  });
  // From here on the table owns keys and values.
  for (const { key_PKSH, value_PKSH } of layers) {
    scope.release(key_PKSH);
    scope.release(value_PKSH);
  }
  return new PromptTable(ops, { layers, lengths: promptIds.map((ids) => ids.length), lastHidden_PD });
}
