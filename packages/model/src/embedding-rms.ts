/** The scale of a model's embeddings, to which the method's noise is relative. */

import type { LanguageModel } from "./contract.ts";

/** Elements read at a time. */
const CHUNK_ELEMENTS = 1 << 22;

/**
 * rms(E) = sqrt(mean(E^2)) over all components of the embedding matrix (method.md section 1), summed in float64.
 */
export async function embeddingRms(model: Pick<LanguageModel, "backend" | "head">): Promise<number> {
  const { backend, head } = model;
  const [V = 0, D = 0] = head.embedding_VD.shape;
  const rowsPerChunk = Math.max(1, Math.floor(CHUNK_ELEMENTS / D));
  let sum = 0;
  for (let begin = 0; begin < V; begin += rowsPerChunk) {
    const rows = Math.min(rowsPerChunk, V - begin);
    using chunk = backend.slice(head.embedding_VD, [begin, 0], [rows, D]);
    for (const value of await backend.read(chunk)) sum += value * value;
  }
  return Math.sqrt(sum / (V * D));
}
