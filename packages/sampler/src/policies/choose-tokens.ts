/**
 * One hard token per row: the thought step of hard thoughts, and every answer token. The distribution is
 * softmax(z / tau) over the whole vocabulary, in float32 whatever the weights are (method.md section 1).
 *
 * Axes: R rows, V vocabulary, W vocabulary rows cast at once, D hidden, K alternatives.
 */

import type { Backend, HeadChunk, RandomKey, Tensor } from "@soft-tokens/tensor";
import { assertShape } from "@soft-tokens/tensor";

/** Default of `HeadChunk.maxElements`. */
const MAX_ELEMENTS = 2 ** 22;

export interface TokenChoiceArguments {
  readonly hidden_RD: Tensor;
  readonly weight_VD: Tensor;
  /** tau; 0 takes the most probable token, and entropy and alternatives are then those of tau = 1. */
  readonly temperature: number;
  /** One per row; not used at temperature 0. */
  readonly keys: readonly RandomKey[];
  readonly chunk?: HeadChunk;
  /** Defaults to 0. */
  readonly topK?: number;
}

/** The caller owns the tensors. */
export interface TokenChoice {
  readonly ids_R: Tensor;
  /** log softmax(z / tau) at the chosen id; null at temperature 0. */
  readonly logProb_R: Tensor | null;
  /** Nats. */
  readonly entropy_R: Tensor;
  readonly topIds_RK?: Tensor;
  readonly topProbabilities_RK?: Tensor;
}

/** Chooses a token for each row; the largest intermediate is [rows of a chunk, V]. */
export function chooseTokens(ops: Backend, options: TokenChoiceArguments): TokenChoice {
  const { R = 0, D = 0 } = assertShape(options.hidden_RD, ["R", "D"], "chooseTokens: hidden");
  const { V = 0 } = assertShape(options.weight_VD, ["V", D], "chooseTokens: weight");
  const maxElements = options.chunk?.maxElements ?? MAX_ELEMENTS;
  const rowsPerChunk = Math.max(1, Math.floor(maxElements / V));
  if (R <= rowsPerChunk) return ops.tidy(() => chooseChunk(ops, options, maxElements));
  return ops.tidy(() => {
    const chunks: TokenChoice[] = [];
    for (let begin = 0; begin < R; begin += rowsPerChunk) {
      const rows = Math.min(rowsPerChunk, R - begin);
      const hidden_RD = ops.slice(options.hidden_RD, [begin, 0], [rows, D]);
      const keys = options.keys.slice(begin, begin + rows);
      chunks.push(ops.tidy(() => chooseChunk(ops, { ...options, hidden_RD, keys }, maxElements)));
    }
    return joinChoices(ops, chunks);
  });
}

function chooseChunk(ops: Backend, options: TokenChoiceArguments, maxElements: number): TokenChoice {
  const { temperature, keys } = options;
  const topK = options.topK ?? 0;
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
  const top = topK > 0 ? ops.topK(p_RV, Math.min(topK, p_RV.shape[1] as number)) : null;
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

function joinChoices(ops: Backend, chunks: readonly TokenChoice[]): TokenChoice {
  const join = (of: (chunk: TokenChoice) => Tensor | null | undefined) => {
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
