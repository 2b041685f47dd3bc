/**
 * rms(E) = sqrt(mean(E^2)) per component: the unit in which noise is given (method.md section 1). Measured once on the
 * model given to the run and kept for the run.
 */

import type { Backend, Tensor } from "@soft-tokens/tensor";

/** Elements squared at once, so that a large embedding is never copied whole. */
const MAX_ELEMENTS = 2 ** 22;

/** embedding_VD -> sqrt(mean(E^2)), parts in float32, their sum in float64. */
export async function measureEmbeddingRms(ops: Backend, embedding_VD: Tensor): Promise<number> {
  const [V = 0, D = 0] = embedding_VD.shape;
  const rows = Math.max(1, Math.floor(MAX_ELEMENTS / D));
  using sums = ops.tidy(() => {
    const parts: Tensor[] = [];
    for (let begin = 0; begin < V; begin += rows) {
      parts.push(
        ops.tidy(() => {
          const part = ops.slice(embedding_VD, [begin, 0], [Math.min(rows, V - begin), D]);
          return ops.reshape(ops.sum(ops.square(ops.cast(part, "float32"))), [1]);
        }),
      );
    }
    return ops.concat(parts, 0);
  });
  const total = Array.from(await ops.read(sums)).reduce((sum, part) => sum + part, 0);
  return Math.sqrt(total / (V * D));
}
