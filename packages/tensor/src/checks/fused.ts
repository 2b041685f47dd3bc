/** Checks of the fused operations' operands. */

import { TensorError } from "../errors.ts";
import type { AdamWArguments, AttentionArguments } from "../fused/contract.ts";
import { assertShape, broadcastShapes, formatShape, shapesEqual } from "../shape.ts";

/** Axes as in `fused/contract.ts`; Z keys of the prefix, 0 without one. */
export interface AttentionSizes {
  readonly B: number;
  readonly N: number;
  readonly T: number;
  readonly H: number;
  readonly K: number;
  readonly S: number;
  readonly Z: number;
}

/** @throws SHAPE_MISMATCH */
export function resolveAttention(options: AttentionArguments): AttentionSizes {
  const [B = 0, N = 0, T = 0, H = 0] = options.query_BNTH.shape;
  const { K = 0, S = 0 } = assertShape(options.key_BKSH, [B, "K", "S", H], "attention: key");
  assertShape(options.value_BKSH, [B, K, S, H], "attention: value");
  if (options.query_BNTH.shape.length !== 4 || N % K !== 0) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `attention: query ${formatShape(options.query_BNTH.shape)} wants [B, N, T, H] with N a multiple of ${K} kv heads`,
    );
  }
  if (options.mask) {
    const wanted = [B, 1, T, S];
    if (!shapesEqual(broadcastShapes(options.mask.shape, wanted, "attention: mask"), wanted)) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `attention: the mask must broadcast to ${formatShape(wanted)}, got ${formatShape(options.mask.shape)}`,
      );
    }
  }
  if (!options.prefix) return { B, N, T, H, K, S, Z: 0 };
  const { P = 0, Z = 0 } = assertShape(options.prefix.key_PKSH, ["P", K, "Z", H], "attention: prefix key");
  assertShape(options.prefix.value_PKSH, [P, K, Z, H], "attention: prefix value");
  if (options.prefix.mask_PS) assertShape(options.prefix.mask_PS, [P, Z], "attention: prefix mask");
  const rows = options.prefix.rowsPerPrompt;
  if (rows.length !== P || rows.reduce((sum, count) => sum + count, 0) !== B) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `attention: rowsPerPrompt ${formatShape(rows)} wants ${P} counts with sum ${B}`,
    );
  }
  return { B, N, T, H, K, S, Z };
}

/** Parameter, gradient, moments and master copy have one shape. @throws SHAPE_MISMATCH */
export function assertAdamW(options: AdamWArguments): void {
  const { parameter, master, gradient, firstMoment, secondMoment } = options;
  const others = { gradient, firstMoment, secondMoment, ...(master && { master }) };
  for (const [name, tensor] of Object.entries(others)) {
    if (!shapesEqual(tensor.shape, parameter.shape)) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `adamW: ${name} has shape ${formatShape(tensor.shape)}, the parameter ${formatShape(parameter.shape)}`,
      );
    }
  }
}

/** @throws INVALID_ARGUMENT unless it is a finite number above 0 */
export function assertPositive(value: number, name: string, operation: string): void {
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: ${name} must be a positive number, got ${value}`,
    );
  }
}

/** `HeadChunk.maxElements` as given. @throws RangeError below 1 */
export function assertChunk(maxElements: number, operation: string): number {
  if (!(maxElements >= 1)) {
    throw new RangeError(`${operation}: maxElements must be at least 1, got ${maxElements}`);
  }
  return maxElements;
}
