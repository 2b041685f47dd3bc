/**
 * How the head operations walk over [rows, vocabulary] without ever holding it: rows in chunks, the vocabulary in tiles.
 * Everything here is float32 whatever the dtype of the weights (method.md section 1: precision is part of the method).
 *
 * Axes: R rows of the chunk, V vocabulary, W width of one tile, D hidden.
 */

import type { Backend, Tensor } from "../contract.ts";
import type { HeadChunk } from "./contract.ts";

/** Default of `HeadChunk.maxElements`. */
export const DEFAULT_MAX_ELEMENTS = 2 ** 22;
/** Fewer rows than this make thin products: from here on the vocabulary is split instead. */
const MIN_ROWS = 16;

export interface Span {
  readonly begin: number;
  readonly length: number;
}

export interface HeadPlan {
  readonly rowChunks: readonly Span[];
  readonly tiles: readonly Span[];
}

/** Rows are split first, down to 16, then the vocabulary. */
export function planHead(rows: number, vocabulary: number, chunk: HeadChunk): HeadPlan {
  const maxElements = chunk.maxElements ?? DEFAULT_MAX_ELEMENTS;
  if (!(maxElements >= 1)) throw new RangeError(`head: maxElements must be at least 1, got ${maxElements}`);
  const rowsPerChunk = Math.max(
    1,
    Math.min(rows, Math.max(Math.floor(maxElements / vocabulary), Math.min(MIN_ROWS, maxElements))),
  );
  const tileWidth = Math.max(1, Math.min(vocabulary, Math.floor(maxElements / rowsPerChunk)));
  return { rowChunks: spans(rows, rowsPerChunk), tiles: spans(vocabulary, tileWidth) };
}

function spans(total: number, length: number): Span[] {
  return Array.from({ length: Math.ceil(total / length) }, (_, index) => ({
    begin: index * length,
    length: Math.min(length, total - index * length),
  }));
}

/** Rows of a [rows, ...] tensor as float32; a new handle. */
export function rows32(ops: Backend, x: Tensor, span: Span): Tensor {
  if (span.length === x.shape[0]) return ops.cast(x, "float32");
  return ops.tidy(() => {
    const begin = x.shape.map((_, axis) => (axis === 0 ? span.begin : 0));
    const size = x.shape.map((length, axis) => (axis === 0 ? span.length : length));
    return ops.cast(ops.slice(x, begin, size), "float32");
  });
}

/** What is known of a chunk's softmax after one visit of every tile. Shapes [R, 1] but for `argmax_R`. */
interface SoftmaxStatistics {
  /** Largest logit. */
  readonly max: Tensor;
  /** sum of exp((z - max) / tau) */
  readonly sum: Tensor;
  /** Entropy of p in nats, [R]. */
  readonly entropy_R: Tensor;
  readonly argmax_R: Tensor;
}

/** One tile of one chunk: its logits, shifted and divided by the temperature once the largest logit is known. */
export interface HeadTiles {
  readonly statistics: SoftmaxStatistics;
  /** p of a tile, [R, W]; a new handle. Computed again where the vocabulary is tiled, kept where it is one tile. */
  probabilities(tile: number): Tensor;
  /** (z - max) / tau of a tile, [R, W]; a new handle. */
  scaled(tile: number): Tensor;
}

/**
 * Visits all tiles once and leaves what a second visit needs. Logits are shifted by their maximum before the division by
 * tau: at tau = 1e-4 the quotient reaches 1e5 and would lose every digit that matters.
 * Must run inside a `tidy` of the caller, which owns what is made here.
 */
export function visitTiles(
  ops: Backend,
  hidden_RD: Tensor,
  weight_VD: Tensor,
  tiles: readonly Span[],
  temperature: number,
): HeadTiles {
  const scale = 1 / temperature;
  const logits = (tile: number): Tensor => {
    const weight_WD = rows32(ops, weight_VD, tiles[tile] as Span);
    return ops.matmul(hidden_RD, weight_WD, { transposeB: true });
  };
  if (tiles.length === 1) {
    const z_RV = logits(0);
    const max = ops.max(z_RV, { axis: -1, keepDims: true });
    const scaled_RV = ops.affine(ops.subtract(z_RV, max), { scale });
    const exponential_RV = ops.exp(scaled_RV);
    const sum = ops.sum(exponential_RV, { axis: -1, keepDims: true });
    const p_RV = ops.divide(exponential_RV, sum);
    const mean = ops.sum(ops.multiply(p_RV, scaled_RV), { axis: -1 });
    const entropy_R = ops.subtract(ops.reshape(ops.log(sum), [-1]), mean);
    return {
      statistics: { max, sum, entropy_R, argmax_R: ops.argMax(z_RV) },
      probabilities: () => ops.clone(p_RV),
      scaled: () => ops.clone(scaled_RV),
    };
  }
  const statistics = ops.tidy(() => streamStatistics(ops, logits, tiles, scale));
  const scaled = (tile: number) =>
    ops.tidy(() => ops.affine(ops.subtract(logits(tile), statistics.max), { scale }));
  return {
    statistics,
    scaled,
    probabilities: (tile) => ops.tidy(() => ops.divide(ops.exp(scaled(tile)), statistics.sum)),
  };
}

/** The running maximum and sums of Milakov and Gimelshein 2018 (arXiv 1805.02867), with sum of e^s s for the entropy. */
function streamStatistics(
  ops: Backend,
  logits: (tile: number) => Tensor,
  tiles: readonly Span[],
  scale: number,
): SoftmaxStatistics {
  let running: { max: Tensor; sum: Tensor; weighted: Tensor; argmax: Tensor } | null = null;
  tiles.forEach((span, index) => {
    const before = running;
    running = ops.tidy(() => {
      const z_RW = logits(index);
      const tileMax = ops.max(z_RW, { axis: -1, keepDims: true });
      const max = before ? ops.maximum(before.max, tileMax) : tileMax;
      const scaled_RW = ops.affine(ops.subtract(z_RW, max), { scale });
      const exponential_RW = ops.exp(scaled_RW);
      const tileSum = ops.sum(exponential_RW, { axis: -1, keepDims: true });
      const tileWeighted = ops.sum(ops.multiply(exponential_RW, scaled_RW), { axis: -1, keepDims: true });
      const tileArgmax = ops.add(ops.argMax(z_RW), ops.full([], span.begin, "int32"));
      if (!before) return { max, sum: tileSum, weighted: tileWeighted, argmax: tileArgmax };
      const shift = ops.affine(ops.subtract(before.max, max), { scale });
      const factor = ops.exp(shift);
      const isLarger_R = ops.reshape(ops.greater(tileMax, before.max), [-1]);
      return {
        max,
        sum: ops.add(ops.multiply(before.sum, factor), tileSum),
        weighted: ops.add(
          ops.multiply(factor, ops.add(before.weighted, ops.multiply(shift, before.sum))),
          tileWeighted,
        ),
        argmax: ops.where(isLarger_R, tileArgmax, before.argmax),
      };
    });
  });
  const { max, sum, weighted, argmax } = running as unknown as {
    max: Tensor;
    sum: Tensor;
    weighted: Tensor;
    argmax: Tensor;
  };
  const entropy = ops.subtract(ops.log(sum), ops.divide(weighted, sum));
  return { max, sum, entropy_R: ops.reshape(entropy, [-1]), argmax_R: argmax };
}

/**
 * Sum of one result per tile; the parts are disposed on the way. `part` runs outside any scope of this function, so that
 * it may keep other sums; it tidies what it makes.
 */
export function sumTiles(
  ops: Backend,
  tiles: readonly Span[],
  part: (tile: Span, index: number) => Tensor,
): Tensor {
  let total: Tensor | null = null;
  for (const [index, tile] of tiles.entries()) {
    const next = part(tile, index);
    if (!total) {
      total = next;
      continue;
    }
    const sum = ops.add(total, next);
    total.dispose();
    next.dispose();
    total = sum;
  }
  if (!total) throw new RangeError("head: a vocabulary of no tokens");
  return total;
}

/** A result per tile, as a new handle at each call: kept where the vocabulary is one tile, computed again where it is tiled. */
export function computeOnceIfWhole(
  ops: Backend,
  tiles: readonly Span[],
  compute: (tile: Span) => Tensor,
): (index: number) => Tensor {
  if (tiles.length > 1) return (index) => ops.tidy(() => compute(tiles[index] as Span));
  const kept = ops.tidy(() => compute(tiles[0] as Span)); // now and not at the first call, which may be in a smaller scope
  return () => ops.clone(kept);
}
