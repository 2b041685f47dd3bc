/**
 * One hard token per row: the thought step of hard thoughts, and every answer token. The distribution is
 * softmax(z / tau) over the whole vocabulary, in float32 whatever the weights are (method.md section 1). No gradient.
 *
 * Axes: R rows, V vocabulary, W vocabulary rows cast at once, D hidden, K alternatives.
 */

import type { Backend, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { assertShape } from "../shape.ts";
import type { TokenChoiceArguments, TokenChoiceResult } from "./contract.ts";
import { DEFAULT_MAX_ELEMENTS } from "./head-tiles.ts";

/** Chooses a token for each row; the largest intermediate is [rows of a chunk, V]. */
export function tokenChoice(ops: Backend, options: TokenChoiceArguments): TokenChoiceResult {
  const { temperature, keys } = options;
  const { R = 0, D = 0 } = assertShape(options.hidden_RD, ["R", "D"], "tokenChoice: hidden");
  const { V = 0 } = assertShape(options.weight_VD, ["V", D], "tokenChoice: weight");
  checkChoice(temperature, keys.length, R);
  const topK = Math.min(options.topK ?? 0, V);
  if (R === 0) return emptyResult(ops, temperature, topK);
  const maxElements = options.maxElements ?? DEFAULT_MAX_ELEMENTS;
  const rowsPerChunk = Math.max(1, Math.floor(maxElements / V));
  if (R <= rowsPerChunk) return ops.tidy(() => chooseChunk(ops, options, maxElements, topK));
  return ops.tidy(() => {
    const chunks: TokenChoiceResult[] = [];
    for (let begin = 0; begin < R; begin += rowsPerChunk) {
      const rows = Math.min(rowsPerChunk, R - begin);
      const hidden_RD = ops.slice(options.hidden_RD, [begin, 0], [rows, D]);
      const chunk = { ...options, hidden_RD, keys: keys.slice(begin, begin + rows) };
      chunks.push(ops.tidy(() => chooseChunk(ops, chunk, maxElements, topK)));
    }
    return joinChoices(ops, chunks);
  });
}

function checkChoice(temperature: number, keys: number, rows: number): void {
  if (!(temperature >= 0) || !Number.isFinite(temperature)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `tokenChoice: temperature must be 0 or a positive number, got ${temperature}`,
    );
  }
  if (temperature > 0 && keys !== rows) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `tokenChoice: wanted one key for each of ${rows} rows, got ${keys}`,
    );
  }
}

/** No rows: a batch whose samples have all finished. */
function emptyResult(ops: Backend, temperature: number, topK: number): TokenChoiceResult {
  return {
    ids_R: ops.zeros([0], "int32"),
    logProb_R: temperature === 0 ? null : ops.zeros([0]),
    entropy_R: ops.zeros([0]),
    ...(topK > 0 && {
      topIds_RK: ops.zeros([0, topK], "int32"),
      topProbabilities_RK: ops.zeros([0, topK]),
    }),
  };
}

function chooseChunk(
  ops: Backend,
  options: TokenChoiceArguments,
  maxElements: number,
  topK: number,
): TokenChoiceResult {
  const { temperature, keys } = options;
  const isGreedy = temperature === 0;
  const z_RV = logits32(ops, options.hidden_RD, options.weight_VD, maxElements);
  // Shifted before the division, so that small temperatures keep their digits. The largest p is then 1 / sum of
  // exponentials, which spares a pass over the vocabulary for the normaliser.
  const shifted_RV = ops.affine(ops.subtract(z_RV, ops.max(z_RV, { axis: -1, keepDims: true })), {
    scale: isGreedy ? 1 : 1 / temperature,
  });
  const p_RV = ops.softmax(shifted_RV);
  const logNormalizer_R = ops.negate(ops.log(ops.max(p_RV, { axis: -1 })));
  const ids_R = isGreedy ? ops.argMax(z_RV) : ops.sampleCategorical(p_RV, { key: keys });
  const top = topK > 0 ? ops.topK(p_RV, topK) : null;
  return {
    ids_R,
    logProb_R: isGreedy ? null : ops.subtract(ops.takeAlongLast(shifted_RV, ids_R), logNormalizer_R),
    entropy_R: ops.subtract(logNormalizer_R, ops.sum(ops.multiply(p_RV, shifted_RV), { axis: -1 })),
    ...(top && { topIds_RK: top.indices, topProbabilities_RK: top.values }),
  };
}

/** z = H W^T in float32. Weights of another dtype are cast a part at a time, never whole. */
function logits32(ops: Backend, hidden_RD: Tensor, weight_VD: Tensor, maxElements: number): Tensor {
  const hidden32_RD = ops.cast(hidden_RD, "float32");
  if (weight_VD.dtype === "float32") return ops.matmul(hidden32_RD, weight_VD, { transposeB: true });
  const [V = 0, D = 0] = weight_VD.shape;
  const width = Math.max(1, Math.floor(maxElements / D));
  const parts: Tensor[] = [];
  for (let begin = 0; begin < V; begin += width) {
    const part_WD = ops.slice(weight_VD, [begin, 0], [Math.min(width, V - begin), D]);
    parts.push(ops.tidy(() => ops.matmul(hidden32_RD, ops.cast(part_WD, "float32"), { transposeB: true })));
    part_WD.dispose();
  }
  return parts.length === 1 ? (parts[0] as Tensor) : ops.concat(parts, -1);
}

function joinChoices(ops: Backend, chunks: readonly TokenChoiceResult[]): TokenChoiceResult {
  const join = (of: (chunk: TokenChoiceResult) => Tensor | null | undefined) => {
    const parts = chunks.map(of).filter((part) => part !== null && part !== undefined);
    return parts.length === chunks.length ? ops.concat(parts, 0) : null;
  };
  const topIds_RK = join((chunk) => chunk.topIds_RK);
  const topProbabilities_RK = join((chunk) => chunk.topProbabilities_RK);
  return {
    ids_R: join((chunk) => chunk.ids_R) as Tensor,
    logProb_R: join((chunk) => chunk.logProb_R),
    entropy_R: join((chunk) => chunk.entropy_R) as Tensor,
    ...(topIds_RK && topProbabilities_RK && { topIds_RK, topProbabilities_RK }),
  };
}
