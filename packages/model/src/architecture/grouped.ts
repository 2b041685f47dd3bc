/**
 * The teacher-forced pass over rows that share prompts. Prompt tokens and suffix tokens are packed into one [M, D], so
 * every linear layer is one product and a prompt passes it once for all of its rows; only attention tells them apart.
 * Gradients flow from a row's suffix into the keys and values of its prompt.
 *
 * Axes: P prompts, S prompt tokens (right-padded), B rows, T suffix tokens, M = P * S + B * T, N query heads, K kv heads,
 * H head size, D hidden.
 */

import { attention, type Backend, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { Attend } from "./layer.ts";
import { causalMask, prefixMask } from "./masks.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences, pack, unpack } from "./sequences.ts";
import { runLayers } from "./stack.ts";

export interface GroupedRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly promptLengths: readonly number[];
  readonly rowsPerPrompt: readonly number[];
  readonly checkpointLayers: boolean;
}

/** prompt [P * S, D] and suffix [B, T, D] -> both, packed [M, D], before the final norm. The caller owns the result. */
export function runGrouped(run: GroupedRun, prompt_MD: Tensor, suffix_BTD: Tensor): Tensor {
  const { ops, promptLengths, rowsPerPrompt } = run;
  const P = promptLengths.length;
  const S = (prompt_MD.shape[0] as number) / P;
  const [B = 0, T = 0, D = 0] = suffix_BTD.shape;
  const hasSuffix = B > 0 && T > 0;

  using scope = new TensorScope();
  const positions = [
    ...promptPositions(P, S),
    ...(hasSuffix ? suffixPositions(promptLengths, rowsPerPrompt, T) : []),
  ];
  const rotation = run.rope.tensors(ops, positions);
  const promptMask = scope.track(causalMask(ops, S));
  scope.track(rotation.cos);
  scope.track(rotation.sin);
  const sizes = { P, S, B, T };
  if (!hasSuffix) {
    return runLayers(
      ops,
      run.config,
      run.parameters,
      prompt_MD,
      {
        constants: [rotation.cos, rotation.sin, promptMask],
        attend: ([mask]) =>
          attendSequences(ops, run.config, { B: P, T: S }, mask as Tensor, { keepCache: false }),
      },
      run,
    ).hidden_MD;
  }
  const suffixMask = scope.track(causalMask(ops, T));
  const prefixMask_PS = prefixMask(ops, promptLengths, S);
  if (prefixMask_PS) scope.track(prefixMask_PS);
  const suffix_MD = scope.track(ops.reshape(suffix_BTD, [B * T, D]));
  const packed_MD = scope.track(ops.concat([prompt_MD, suffix_MD], 0));
  return runLayers(
    ops,
    run.config,
    run.parameters,
    packed_MD,
    {
      constants: [
        rotation.cos,
        rotation.sin,
        promptMask,
        suffixMask,
        ...(prefixMask_PS ? [prefixMask_PS] : []),
      ],
      attend: (masks) => attendGrouped(ops, run, sizes, masks),
    },
    run,
  ).hidden_MD;
}

/**
 * Positions of P right-padded prompts. Padding stands behind, where no token of a prompt sees it: so a token has the same
 * index among the keys whatever prompts are beside it, and attention adds up the same numbers in the same order.
 */
export function promptPositions(P: number, S: number): number[] {
  return Array.from({ length: P * S }, (_, index) => index % S);
}

/** Row b of prompt p counts on from the prompt's length. */
export function suffixPositions(
  promptLengths: readonly number[],
  rowsPerPrompt: readonly number[],
  T: number,
): number[] {
  return promptLengths.flatMap((length, prompt) =>
    Array.from({ length: (rowsPerPrompt[prompt] as number) * T }, (_, index) => length + (index % T)),
  );
}

function attendGrouped(
  ops: Backend,
  run: GroupedRun,
  { P, S, B, T }: { readonly P: number; readonly S: number; readonly B: number; readonly T: number },
  masks: readonly Tensor[],
): Attend {
  const [promptMask, suffixMask, prefixMask_PS] = masks as [Tensor, Tensor, Tensor | undefined];
  const scale = 1 / Math.sqrt(run.config.headSize);
  const split = (x_MN1H: Tensor) => {
    const [M = 0, heads = 0, , H = 0] = x_MN1H.shape;
    const prompt = ops.slice(x_MN1H, [0, 0, 0, 0], [P * S, heads, 1, H]);
    const suffix = ops.slice(x_MN1H, [P * S, 0, 0, 0], [M - P * S, heads, 1, H]);
    return [unpack(ops, prompt, { B: P, T: S }), unpack(ops, suffix, { B, T })] as const;
  };
  return (query, key, value) => {
    const [promptQuery, suffixQuery] = split(query);
    const [key_PKSH, key_BKTH] = split(key);
    const [value_PKSH, value_BKTH] = split(value);
    const prompt_PNSH = attention(ops, {
      query_BNTH: promptQuery,
      key_BKSH: key_PKSH,
      value_BKSH: value_PKSH,
      mask: promptMask,
      scale,
    });
    const suffix_BNTH = attention(ops, {
      query_BNTH: suffixQuery,
      key_BKSH: key_BKTH,
      value_BKSH: value_BKTH,
      mask: suffixMask,
      prefix: {
        key_PKSH,
        value_PKSH,
        rowsPerPrompt: run.rowsPerPrompt,
        ...(prefixMask_PS && { mask_PS: prefixMask_PS }),
      },
      scale,
    });
    return { attended: ops.concat([pack(ops, prompt_PNSH), pack(ops, suffix_BNTH)], 0) };
  };
}
