/**
 * One thought step of the head: hidden states -> p = softmax(z / tau) -> h = p E, with argmax and entropy for free
 * (method.md section 1). No gradient; [rows, vocabulary] is never whole.
 *
 * Axes: R rows, V vocabulary, W tile width, D hidden, C alternatives.
 */

import type { Backend, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { assertShape } from "../shape.ts";
import type { MixtureArguments, MixtureResult } from "./contract.ts";
import { type HeadTiles, planHead, rows32, type Span, sumTiles, visitTiles } from "./head-tiles.ts";

export function mixture(ops: Backend, options: MixtureArguments): MixtureResult {
  const { R = 0, D = 0 } = assertShape(options.hidden_RD, ["R", "D"], "mixture: hidden");
  const { V = 0 } = assertShape(options.weight_VD, ["V", D], "mixture: weight");
  assertShape(options.embedding_VD, [V, "E"], "mixture: embedding");
  checkTemperature(options.temperature, "mixture");
  const topK = Math.min(options.topK ?? 0, V);
  if (R === 0) return emptyResult(ops, options.embedding_VD.shape[1] as number, topK);
  const plan = planHead(R, V, options);
  return ops.tidy(() => {
    const chunks = plan.rowChunks.map((span) =>
      ops.tidy(() => mixChunk(ops, options, span, plan.tiles, topK)),
    );
    return {
      mixture_RD: joinRows(
        ops,
        chunks.map((chunk) => chunk.mixture_RD),
      ),
      argmax_R: joinRows(
        ops,
        chunks.map((chunk) => chunk.argmax_R),
      ),
      entropy_R: joinRows(
        ops,
        chunks.map((chunk) => chunk.entropy_R),
      ),
      ...(topK > 0 && {
        topIds_RK: joinRows(
          ops,
          chunks.map((chunk) => chunk.topIds_RK as Tensor),
        ),
        topProbabilities_RK: joinRows(
          ops,
          chunks.map((chunk) => chunk.topProbabilities_RK as Tensor),
        ),
      }),
    };
  });
}

/** No rows: a batch whose samples have all finished. */
function emptyResult(ops: Backend, width: number, topK: number): MixtureResult {
  return {
    mixture_RD: ops.zeros([0, width]),
    argmax_R: ops.zeros([0], "int32"),
    entropy_R: ops.zeros([0]),
    ...(topK > 0 && {
      topIds_RK: ops.zeros([0, topK], "int32"),
      topProbabilities_RK: ops.zeros([0, topK]),
    }),
  };
}

/** @throws INVALID_ARGUMENT unless tau > 0 */
export function checkTemperature(temperature: number, operation: string): void {
  if (!(temperature > 0) || !Number.isFinite(temperature)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: temperature must be a positive number, got ${temperature}`,
    );
  }
}

function mixChunk(
  ops: Backend,
  options: MixtureArguments,
  span: Span,
  tiles: readonly Span[],
  topK: number,
): MixtureResult {
  const hidden_RD = rows32(ops, options.hidden_RD, span);
  const head = visitTiles(ops, hidden_RD, options.weight_VD, tiles, options.temperature);
  const mixture_RD = sumTiles(ops, tiles, (tile, index) =>
    ops.tidy(() => ops.matmul(head.probabilities(index), rows32(ops, options.embedding_VD, tile))),
  );
  return {
    mixture_RD,
    argmax_R: head.statistics.argmax_R,
    entropy_R: head.statistics.entropy_R,
    ...(topK > 0 && topAlternatives(ops, head, tiles, topK)),
  };
}

/** The C most probable tokens: the best of each tile, then the best of those. */
function topAlternatives(ops: Backend, head: HeadTiles, tiles: readonly Span[], topK: number) {
  const best = tiles.map((tile, index) =>
    ops.tidy(() => {
      const { values, indices } = ops.topK(head.probabilities(index), Math.min(topK, tile.length));
      return { values, ids: ops.add(indices, ops.full([], tile.begin, "int32")) };
    }),
  );
  if (best.length === 1) {
    const only = best[0] as { values: Tensor; ids: Tensor };
    return { topIds_RK: only.ids, topProbabilities_RK: only.values };
  }
  const values_RC = ops.concat(
    best.map((tile) => tile.values),
    -1,
  );
  const ids_RC = ops.concat(
    best.map((tile) => tile.ids),
    -1,
  );
  const top = ops.topK(values_RC, Math.min(topK, values_RC.shape[1] as number));
  const [R = 0, C = 0] = top.indices.shape;
  const columns = Array.from({ length: C }, (_, column) => {
    const position_R = ops.reshape(ops.slice(top.indices, [0, column], [R, 1]), [R]);
    return ops.reshape(ops.takeAlongLast(ids_RC, position_R), [R, 1]);
  });
  return { topIds_RK: ops.concat(columns, -1), topProbabilities_RK: top.values };
}

export function joinRows(ops: Backend, parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : ops.concat(parts, 0);
}
