/**
 * How close is close enough: a property of the dtype, never of the test.
 *
 * An element passes when |got - want| <= relative * |want| + absolute * scale, where scale is the largest finite |want|
 * (at least 1): an element that cancels to nearly 0 carries the rounding of the terms it was summed from.
 */

import type { DType } from "../dtype.ts";

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Distance from 1 to the next number: 2^-23 for float32, 2^-7 for bfloat16, 0 for the exact dtypes. */
export function machineEpsilon(dtype: DType): number {
  switch (dtype) {
    case "float32":
      return 2 ** -23;
    case "bfloat16":
      return 2 ** -7;
    case "int32":
    case "bool":
      return 0;
    default:
      return dtype satisfies never;
  }
}

/** For a short chain of operations in this dtype: roundings add up, and exp or tanh may be off by a few of the last digits. */
export function toleranceOf(dtype: DType): Tolerance {
  const epsilon = machineEpsilon(dtype);
  return dtype === "bfloat16"
    ? { relative: 4 * epsilon, absolute: 4 * epsilon } // products are summed in float32, so roundings are few
    : { relative: 64 * epsilon, absolute: 16 * epsilon };
}

/** Step of a central difference: a power of two, so that inputs on a coarse grid stay exact. */
export const DIFFERENCE_STEP = 2 ** -7;

/** Truncation of a central difference is f''' h^2 / 6; 64 h^2 allows for f''' of some hundred times f'. */
export const DIFFERENCE_TOLERANCE = 64 * DIFFERENCE_STEP ** 2;
