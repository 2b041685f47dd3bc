/** Ids of a fused operation whose arithmetic would pass over one that is no row: `oneHot` makes zeros of it. */

import type { Backend, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";

/**
 * One float32 zero for each id, by the check that every backend makes in `takeRows`. To be added to the result: where the
 * backend sees a wrong id only when it computes, the result then fails with it. The caller owns it.
 * @throws INDEX_OUT_OF_RANGE where a backend knows the ids at once
 */
export function zeroForEachId(ops: Backend, ids: Tensor, limit: number, operation: string): Tensor {
  try {
    return ops.tidy(() => ops.takeRows(ops.zeros([limit]), ids));
  } catch (cause) {
    if (!(cause instanceof TensorError) || cause.code !== "INDEX_OUT_OF_RANGE") throw cause;
    throw new TensorError(cause.code, cause.message.replace(/^takeRows/, operation), { cause });
  }
}
