/**
 * The two log-probabilities of the method as weighted sums with hand-derived backward passes (method.md sections 2, 12).
 *
 * The coefficients are known before the loss, so the backward of a chunk is computed in the same visit as its forward:
 * logits are computed once, nothing of size [rows, vocabulary] is kept, and only dH travels back into the transformer.
 *
 *   thought: mu = p E,  l = -||x - mu||^2 / (2 sigma^2),  g = a (x - mu) / sigma^2,  s = g E^T
 *            dz = p * (s - sum_v p s) / tau,   dH = dz W,   dW += dz^T H,   dE += p^T g
 *   token:   l = log_softmax(z / tau)[id],   dz = (a / tau) (onehot(id) - p)
 *
 * Axes: R rows, V vocabulary, W tile width, D hidden.
 */

import type { Backend, CustomGradientResult, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { assertShape } from "../shape.ts";
import type { HeadChunk, LogProbResult, ThoughtLogProbArguments, TokenLogProbArguments } from "./contract.ts";
import {
  computeOnceIfWhole,
  type HeadTiles,
  planHead,
  rows32,
  type Span,
  sumTiles,
  visitTiles,
} from "./head-tiles.ts";
import { zeroForEachId } from "./ids.ts";
import { checkTemperature, joinRows } from "./mixture.ts";

/** The Gaussian log-probability of stored thoughts, constant dropped. */
export function thoughtLogProb(ops: Backend, options: ThoughtLogProbArguments): LogProbResult {
  const { sigma, embedding_VD } = options;
  if (!(sigma > 0) || !Number.isFinite(sigma)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `thoughtLogProb: sigma must be a positive number, got ${sigma}`,
    );
  }
  const { R = 0 } = assertShape(options.hidden_RD, ["R", "D"], "thoughtLogProb: hidden");
  const { E = 0 } = assertShape(
    embedding_VD,
    [options.weight_VD.shape[0] as number, "E"],
    "thoughtLogProb: embedding",
  );
  assertShape(options.thought_RD, [R, E], "thoughtLogProb: thought");
  return weightedHeadSum(ops, options, embedding_VD, (chunk) => {
    const { head, tiles, span, coefficient_R1, needsGradient } = chunk;
    const thought_RD = rows32(ops, options.thought_RD, span);
    const mixture_RD = sumTiles(ops, tiles, (tile, index) =>
      ops.tidy(() => ops.matmul(head.probabilities(index), rows32(ops, embedding_VD, tile))),
    );
    const difference_RD = ops.subtract(thought_RD, mixture_RD);
    const logProb_R = ops.affine(ops.sum(ops.square(difference_RD), { axis: -1 }), {
      scale: -1 / (2 * sigma * sigma),
    });
    if (!needsGradient) return { logProb_R };
    const g_RD = ops.affine(ops.multiply(difference_RD, coefficient_R1), { scale: 1 / (sigma * sigma) });
    const project = computeOnceIfWhole(ops, tiles, (tile) =>
      ops.matmul(g_RD, rows32(ops, embedding_VD, tile), { transposeB: true }),
    );
    // sum_v p s by this sum and not as g . mu: where p is one-hot the two terms of dz then cancel exactly, which 1 / tau
    // = 1e4 would otherwise turn into noise.
    const expected_R1 = sumTiles(ops, tiles, (_, index) =>
      ops.tidy(() =>
        ops.sum(ops.multiply(head.probabilities(index), project(index)), { axis: -1, keepDims: true }),
      ),
    );
    return {
      logProb_R,
      logitGradient: (index) =>
        ops.affine(ops.multiply(head.probabilities(index), ops.subtract(project(index), expected_R1)), {
          scale: 1 / options.temperature,
        }),
      ...((options.embeddingGradient ?? true) && {
        embeddingGradient: (index: number) =>
          ops.matmul(head.probabilities(index), g_RD, { transposeA: true }),
      }),
    };
  });
}

/** log softmax(z / tau) at one id per row. */
export function tokenLogProb(ops: Backend, options: TokenLogProbArguments): LogProbResult {
  const { R = 0 } = assertShape(options.hidden_RD, ["R", "D"], "tokenLogProb: hidden");
  assertShape(options.ids_R, [R], "tokenLogProb: ids");
  const V = options.weight_VD.shape[0] as number;
  return weightedHeadSum(ops, options, null, (chunk) => {
    const { head, tiles, span, coefficient_R1, needsGradient } = chunk;
    const ids_R =
      span.length === R ? ops.clone(options.ids_R) : ops.slice(options.ids_R, [span.begin], [span.length]);
    const hit = (index: number) => {
      const tile = tiles[index] as Span;
      return ops.oneHot(ops.subtract(ids_R, ops.full([], tile.begin, "int32")), tile.length);
    };
    const scaledAtId_R = sumTiles(ops, tiles, (_, index) =>
      ops.tidy(() => ops.sum(ops.multiply(head.scaled(index), hit(index)), { axis: -1 })),
    );
    const logSum_R = ops.reshape(ops.log(head.statistics.sum), [-1]);
    const zero_R = zeroForEachId(ops, ids_R, V, "tokenLogProb");
    const logProb_R = ops.add(ops.subtract(scaledAtId_R, logSum_R), zero_R);
    if (!needsGradient) return { logProb_R };
    return {
      logProb_R,
      logitGradient: (index) =>
        ops.affine(ops.multiply(ops.subtract(hit(index), head.probabilities(index)), coefficient_R1), {
          scale: 1 / options.temperature,
        }),
    };
  });
}

interface Chunk {
  readonly head: HeadTiles;
  readonly tiles: readonly Span[];
  readonly span: Span;
  readonly coefficient_R1: Tensor;
  readonly needsGradient: boolean;
}

interface ScoredChunk {
  readonly logProb_R: Tensor;
  /** dz of a tile, [R, W]. */
  readonly logitGradient?: (tile: number) => Tensor;
  /** dE of a tile, [W, D]. */
  readonly embeddingGradient?: (tile: number) => Tensor;
}

interface HeadArguments extends HeadChunk {
  readonly hidden_RD: Tensor;
  readonly weight_VD: Tensor;
  readonly temperature: number;
  readonly coefficient_R: Tensor;
}

/** Walks chunks and tiles, gathers the sums and hands the gradients to the backend. `embedding_VD` null: no such term. */
function weightedHeadSum(
  ops: Backend,
  options: HeadArguments,
  embedding_VD: Tensor | null,
  score: (chunk: Chunk) => ScoredChunk,
): LogProbResult {
  const { R = 0, D = 0 } = assertShape(options.hidden_RD, ["R", "D"], "head: hidden");
  const { V = 0 } = assertShape(options.weight_VD, ["V", D], "head: weight");
  assertShape(options.coefficient_R, [R], "head: coefficient");
  checkTemperature(options.temperature, "head");
  const isTied = embedding_VD === null || embedding_VD === options.weight_VD;
  const { rowChunks, tiles } = planHead(R, V, options);

  const forward = (needsGradient: boolean): CustomGradientResult =>
    ops.tidy(() => {
      const logProbs: Tensor[] = [];
      const entropies: Tensor[] = [];
      const hiddenGradients: Tensor[] = [];
      const weightGradient = new TileSums(ops, tiles.length);
      const embeddingGradient = isTied ? weightGradient : new TileSums(ops, tiles.length);
      for (const span of rowChunks) {
        const kept = ops.tidy(() => {
          const hidden_RD = rows32(ops, options.hidden_RD, span);
          const coefficient_R1 = ops.reshape(rows32(ops, options.coefficient_R, span), [-1, 1]);
          const head = visitTiles(ops, hidden_RD, options.weight_VD, tiles, options.temperature);
          const scored = score({ head, tiles, span, coefficient_R1, needsGradient });
          const { logitGradient } = scored;
          const hiddenGradient_RD = logitGradient
            ? sumTiles(ops, tiles, (tile, index) => {
                const parts = ops.tidy(() => {
                  const dz_RW = logitGradient(index);
                  return {
                    hidden_RD: ops.matmul(dz_RW, rows32(ops, options.weight_VD, tile)),
                    weight_WD: ops.matmul(dz_RW, hidden_RD, { transposeA: true }),
                    embedding_WD: scored.embeddingGradient?.(index),
                  };
                });
                weightGradient.add(index, parts.weight_WD);
                if (parts.embedding_WD) embeddingGradient.add(index, parts.embedding_WD);
                return parts.hidden_RD;
              })
            : null;
          return {
            logProb_R: scored.logProb_R,
            entropy_R: head.statistics.entropy_R,
            hiddenGradient_RD,
            weight: weightGradient.sums,
            embedding: embeddingGradient.sums,
          };
        });
        logProbs.push(kept.logProb_R);
        entropies.push(kept.entropy_R);
        if (kept.hiddenGradient_RD) hiddenGradients.push(kept.hiddenGradient_RD);
      }
      const logProb_R = joinRows(ops, logProbs);
      const value = ops.sum(ops.multiply(logProb_R, ops.cast(options.coefficient_R, "float32")));
      const aux = [logProb_R, joinRows(ops, entropies)];
      if (!needsGradient) return { value, aux, saved: [], backward: () => [] };
      const saved = [joinRows(ops, hiddenGradients), weightGradient.join([V, D])];
      if (!isTied) saved.push(embeddingGradient.join(embedding_VD.shape));
      return {
        value,
        aux,
        saved,
        backward: (upstream, gradients) => {
          const scaled = gradients.map((gradient) => ops.multiply(gradient, upstream));
          return scaled.map((gradient, index) => ops.cast(gradient, (inputs[index] as Tensor).dtype));
        },
      };
    });

  const inputs = [options.hidden_RD, options.weight_VD, ...(isTied ? [] : [embedding_VD])];
  if (R === 0) return emptyResult(ops);
  const { value, aux } = ops.customGradient(inputs, ({ needsGradient }) => forward(needsGradient));
  const [logProb_R, entropy_R] = aux as [Tensor, Tensor];
  return { value, logProb_R, entropy_R };
}

/** No rows, no terms: zero, and no gradient. */
function emptyResult(ops: Backend): LogProbResult {
  return { value: ops.zeros([]), logProb_R: ops.zeros([0]), entropy_R: ops.zeros([0]) };
}

/** Gradient of a [V, D] tensor as one running sum per vocabulary tile. */
class TileSums {
  readonly sums: (Tensor | null)[];

  constructor(
    private readonly ops: Backend,
    tiles: number,
  ) {
    this.sums = Array.from({ length: tiles }, () => null);
  }

  add(tile: number, part: Tensor): void {
    const before = this.sums[tile];
    this.sums[tile] = before ? this.ops.add(before, part) : part;
    before?.dispose();
  }

  /** Zeros of the given shape where nothing was added. */
  join(shape: readonly number[]): Tensor {
    const parts = this.sums.filter((sum) => sum !== null);
    return parts.length === 0 ? this.ops.zeros(shape) : joinRows(this.ops, parts);
  }
}
