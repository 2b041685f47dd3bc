/**
 * Ids and places against what they point into. What came from the host is checked at once, and at a replay of a captured function
 * again; the rest by the operation itself, whose failure is in its result. On a GPU that would be a wait, so there the rest is not.
 */

import { assertIdRange, type IdRange } from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";

/** @throws INDEX_OUT_OF_RANGE unless every id that is known is in [0, limit) */
export function checkIds(runtime: Runtime, ids: Handle, limit: number, operation: string): void {
  checkRange(runtime, ids, (range) => assertIdRange(range, limit, operation));
}

/** Calls `check` with the smallest and the largest of int32 values wherever these are known. */
export function checkRange(runtime: Runtime, values: Handle, check: (range: IdRange) => void): void {
  if (values.range) check(values.range);
  runtime.region?.checkAtReplay(values, check);
}
