/** Live tensors before = after. */

import { assert } from "vitest";
import type { Backend } from "../contract.ts";

/** Runs `body` and fails when it left tensors alive or disposed some that are not its own. */
export async function withLeakCheck<T>(ops: Backend, body: () => T | Promise<T>): Promise<T> {
  const before = ops.memory().tensors;
  const result = await body();
  assert.equal(ops.memory().tensors - before, 0, "tensors left alive");
  return result;
}
