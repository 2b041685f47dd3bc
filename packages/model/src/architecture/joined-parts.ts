/**
 * Several tensors as one, where only one can be returned: one row of float32 that holds them one after the other. It holds
 * bfloat16 exactly. Differentiable both ways.
 */

import type { Backend, FloatDType, Tensor } from "@soft-tokens/tensor";

/** What it takes to get a part back. */
export type PartKind = Pick<Tensor, "shape" | "dtype" | "size">;

export function partKinds(parts: readonly Tensor[]): PartKind[] {
  return parts.map(({ shape, dtype, size }) => ({ shape, dtype, size }));
}

/** One part alone stays as it is. The caller owns the result. */
export function joinParts(ops: Backend, parts: readonly Tensor[]): Tensor {
  const [only] = parts;
  if (only && parts.length === 1) return ops.clone(only);
  return ops.tidy(() =>
    ops.concat(
      parts.map((part) => ops.reshape(ops.cast(part, "float32"), [part.size])),
      0,
    ),
  );
}

/** The caller owns the parts. */
export function splitParts(ops: Backend, joined: Tensor, kinds: readonly PartKind[]): Tensor[] {
  let at = 0;
  return ops.tidy(() =>
    kinds.map(({ shape, dtype, size }) => {
      const part = ops.reshape(ops.slice(joined, [at], [size]), shape);
      at += size;
      return ops.cast(part, dtype as FloatDType);
    }),
  );
}
