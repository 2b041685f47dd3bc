/**
 * Computes each prompt once and opens a decode session over its keys and values. No gradient.
 *
 * Axes: P prompts that have rows, S prompt tokens (right-padded), R rows, D hidden, L layers.
 */

import { type Backend, rmsNorm, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { Prefilled, PrefillOptions, PromptIds } from "../contract.ts";
import { CachedDecodeSession, type LayerCache } from "./decode-session.ts";
import { promptPositions } from "./grouped.ts";
import { runLayer } from "./layer.ts";
import { causalMask, prefixMask } from "./masks.ts";
import { layerParameters } from "./parameters.ts";
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
  const { ops, config } = run;
  const asked = promptIds.filter((_, prompt) => (options.rowsPerPrompt[prompt] as number) > 0);
  const rowsPerPrompt = options.rowsPerPrompt.filter((rows) => rows > 0);
  const P = asked.length;
  const S = asked.reduce((longest, ids) => Math.max(longest, ids.length), 0);
  const promptLengths = asked.map((ids) => ids.length);

  using scope = new TensorScope();
  const rotation = run.rope.tensors(ops, promptPositions(P, S));
  scope.track(rotation.cos);
  scope.track(rotation.sin);
  const mask = scope.track(causalMask(ops, S));
  const attend = attendSequences(ops, config, { B: P, T: S }, mask, { keepCache: true });

  const caches: LayerCache[] = [];
  let hidden_MD = run.embedPrompts(asked, S);
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerParameters(run.parameters, config, layer);
    const result = runLayer(ops, config, own, hidden_MD, rotation, attend);
    hidden_MD.dispose();
    hidden_MD = result.hidden_MD;
    const [prefixKey_PKSH, prefixValue_PKSH] = result.kept.map((kept) => scope.track(kept)) as [
      Tensor,
      Tensor,
    ];
    caches.push({ prefixKey_PKSH, prefixValue_PKSH, key_RKCH: null, value_RKCH: null });
  }
  scope.track(hidden_MD);
  const hidden_RD = lastHidden(run, hidden_MD, { promptLengths, rowsPerPrompt, S });
  const session = new CachedDecodeSession(run, {
    caches,
    prefixMask_PS: prefixMask(ops, promptLengths, S),
    promptLengths,
    rowsPerPrompt,
    maxLength: options.maxLength,
  });
  // From here on the session owns the prompts' keys and values.
  for (const { prefixKey_PKSH, prefixValue_PKSH } of caches) {
    scope.release(prefixKey_PKSH);
    scope.release(prefixValue_PKSH);
  }
  return { session, hidden_RD };
}

/** Final norm of each prompt's last token, repeated for its rows: [R, D]. */
function lastHidden(
  { ops, config, finalNorm_D }: PrefillRun,
  hidden_MD: Tensor,
  {
    promptLengths,
    rowsPerPrompt,
    S,
  }: {
    readonly promptLengths: readonly number[];
    readonly rowsPerPrompt: readonly number[];
    readonly S: number;
  },
): Tensor {
  return ops.tidy(() => {
    const last = rowsPerPrompt.flatMap((rows, prompt) =>
      Array<number>(rows).fill(prompt * S + (promptLengths[prompt] as number) - 1),
    );
    const last_RD = ops.takeRows(hidden_MD, ops.tensor(Int32Array.from(last), [last.length], "int32"));
    return rmsNorm(ops, last_RD, finalNorm_D, { epsilon: config.normEpsilon });
  });
}
