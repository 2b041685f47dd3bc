/**
 * Additive masks: 0 where a key is visible, a large negative number where not. Finite, so that a row of padding, which
 * sees nothing, averages over everything instead of dividing by zero.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";

const HIDDEN = -1e9;

/** Position i sees j <= i: [1, 1, T, T]. */
export function causalMask(ops: Backend, T: number): Tensor {
  const mask = new Float32Array(T * T);
  for (let i = 0; i < T; i++) mask.fill(HIDDEN, i * T + i + 1, (i + 1) * T);
  return ops.tensor(mask, [1, 1, T, T]);
}

/** Hides what stands behind each prompt's last token: [P, S]; null where all prompts are S long. */
export function prefixMask(ops: Backend, lengths: readonly number[], S: number): Tensor | null {
  if (lengths.every((length) => length === S)) return null;
  const mask = new Float32Array(lengths.length * S);
  lengths.forEach((length, row) => {
    mask.fill(HIDDEN, row * S + length, (row + 1) * S);
  });
  return ops.tensor(mask, [lengths.length, S]);
}

/** Hides the first `leftPadding[p]` keys of each row: [P, S]; null where no row has padding. */
function paddingMask(ops: Backend, leftPadding: readonly number[], S: number): Tensor | null {
  if (leftPadding.every((padding) => padding === 0)) return null;
  const mask = new Float32Array(leftPadding.length * S);
  leftPadding.forEach((padding, row) => {
    mask.fill(HIDDEN, row * S, row * S + padding);
  });
  return ops.tensor(mask, [leftPadding.length, S]);
}

/** Hides all but each row's first `visible[row]` of C keys: [R, 1, 1, C], [1, 1, 1, C] for all at once; null where all are visible. */
export function tailMask(ops: Backend, visible: readonly number[], C: number): Tensor | null {
  if (visible.every((count) => count === C)) return null;
  return rowMask(ops, visible.every((count) => count === visible[0]) ? visible.slice(0, 1) : visible, C);
}

/** As `tailMask`, of one shape whatever is visible: [R, 1, 1, C]. */
export function rowMask(ops: Backend, rows: readonly number[], C: number): Tensor {
  const mask = new Float32Array(rows.length * C);
  rows.forEach((count, row) => {
    mask.fill(HIDDEN, row * C + count, (row + 1) * C);
  });
  return ops.tensor(mask, [rows.length, 1, 1, C]);
}

/** Causal mask and left padding together: [1, 1, T, T] without padding, [P, 1, T, T] with it. */
export function paddedCausalMask(ops: Backend, leftPadding: readonly number[], T: number): Tensor {
  const causal = causalMask(ops, T);
  const padding = paddingMask(ops, leftPadding, T);
  if (!padding) return causal;
  const both = ops.tidy(() => ops.add(causal, ops.reshape(padding, [leftPadding.length, 1, 1, T])));
  causal.dispose();
  padding.dispose();
  return both;
}
