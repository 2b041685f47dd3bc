/**
 * The teacher-forced pass over rows that share prompts. Prompt tokens and suffix tokens are packed into one [M, D] without
 * padding, so every linear layer is one product and a prompt passes it once for all of its rows; only attention tells them
 * apart. Gradients flow from a row's suffix into the keys and values of its prompt.
 *
 * Axes: P prompts, S tokens of the longest, B rows, T suffix tokens of the longest, M tokens of prompts, of suffixes, or of both
 * as they are, N query heads, K kv heads, H head size, D hidden.
 */

import { attention, type Backend, type Tensor, TensorScope } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { Attend } from "./layer.ts";
import { causalMask, prefixMask } from "./masks.ts";
import { forPacked, longestOf } from "./packed-sequences.ts";
import type { RopeTable } from "./rope.ts";
import { attendSequences, pack, unpack } from "./sequences.ts";
import { type AttentionPlan, runLayers } from "./stack.ts";

/** Rows behind prompts, each with a token of its own. */
export interface PackedRows {
  readonly rowsPerPrompt: readonly number[];
  /** Tokens of each row. */
  readonly lengths: readonly number[];
}

export interface GroupedRun {
  readonly ops: Backend;
  readonly config: ModelConfig;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly rope: RopeTable;
  readonly promptLengths: readonly number[];
  readonly rows: PackedRows;
  readonly checkpointLayers: boolean;
}

/** prompts [M, D] and suffixes [M, D] -> both, prompts first, before the final norm. The caller owns the result. */
export function runGrouped(run: GroupedRun, prompt_MD: Tensor, suffix_MD: Tensor): Tensor {
  const { ops, config, promptLengths, rows } = run;
  const hasSuffix = rows.lengths.length > 0;
  using scope = new TensorScope();
  const rotation = run.rope.tensors(ops, [
    ...promptPositions(promptLengths),
    ...suffixPositions(promptLengths, rows),
  ]);
  scope.track(rotation.cos);
  scope.track(rotation.sin);
  const x_MD = hasSuffix ? scope.track(ops.concat([prompt_MD, suffix_MD], 0)) : prompt_MD;
  const plan = hasSuffix ? planGrouped(run, rotation, scope) : planPrompts(run, rotation, scope);
  const packed = forPacked(ops, plan, hasSuffix ? [promptLengths, rows.lengths] : [promptLengths], scope);
  return runLayers(ops, config, run.parameters, x_MD, packed, run).hidden_MD;
}

/**
 * Positions of prompts, packed. Where attention pads them, padding stands behind, where no token of a prompt sees it: so a token
 * has the same index among the keys whatever prompts are beside it, and attention adds up the same numbers in the same order.
 */
export function promptPositions(promptLengths: readonly number[]): number[] {
  return promptLengths.flatMap((length) => Array.from({ length }, (_, index) => index));
}

/** A row of a prompt counts on from the prompt's length. */
export function suffixPositions(promptLengths: readonly number[], rows: PackedRows): number[] {
  const starts = promptLengths.flatMap((length, prompt) =>
    Array<number>(rows.rowsPerPrompt[prompt] as number).fill(length),
  );
  return starts.flatMap((start, row) =>
    Array.from({ length: rows.lengths[row] as number }, (_, index) => start + index),
  );
}

interface Rotation {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

function planPrompts(
  { ops, config, promptLengths }: GroupedRun,
  { cos, sin }: Rotation,
  scope: TensorScope,
): AttentionPlan {
  const sizes = { B: promptLengths.length, T: longestOf(promptLengths) };
  return {
    constants: [cos, sin, scope.track(causalMask(ops, sizes.T))],
    attend: ([mask]) => attendSequences(ops, config, sizes, mask as Tensor, { keepCache: false }),
  };
}

function planGrouped(run: GroupedRun, { cos, sin }: Rotation, scope: TensorScope): AttentionPlan {
  const { ops, promptLengths, rows } = run;
  const [S, T] = [longestOf(promptLengths), longestOf(rows.lengths)];
  const masks = [scope.track(causalMask(ops, S)), scope.track(causalMask(ops, T))];
  const prefixMask_PS = prefixMask(ops, promptLengths, S);
  if (prefixMask_PS) masks.push(scope.track(prefixMask_PS));
  const sizes = { P: promptLengths.length, S, B: rows.lengths.length, T };
  return { constants: [cos, sin, ...masks], attend: (own) => attendGrouped(ops, run, sizes, own) };
}

function attendGrouped(
  ops: Backend,
  run: GroupedRun,
  { P, S, B, T }: { readonly P: number; readonly S: number; readonly B: number; readonly T: number },
  masks: readonly Tensor[],
): Attend {
  const [promptMask, suffixMask, prefixMask_PS] = masks as [Tensor, Tensor, Tensor | undefined];
  const scale = 1 / Math.sqrt(run.config.headSize);
  const split = (x_WN1H: Tensor) => {
    const [, heads = 0, , H = 0] = x_WN1H.shape;
    const prompt = ops.slice(x_WN1H, [0, 0, 0, 0], [P * S, heads, 1, H]);
    const suffix = ops.slice(x_WN1H, [P * S, 0, 0, 0], [B * T, heads, 1, H]);
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
        rowsPerPrompt: run.rows.rowsPerPrompt,
        ...(prefixMask_PS && { mask_PS: prefixMask_PS }),
      },
      scale,
    });
    return { attended: ops.concat([pack(ops, prompt_PNSH), pack(ops, suffix_BNTH)], 0) };
  };
}
