/** Compares a tensor with numbers on the host. */

import { assert } from "vitest";
import type { Backend, Shape, Tensor } from "../contract.ts";
import type { DType, TensorData } from "../dtype.ts";
import { formatShape, shapeSize, shapesEqual } from "../shape.ts";
import { type Tolerance, toleranceOf } from "./tolerance.ts";

export interface CloseOptions {
  /** The shape it must have; not checked when absent, but the number of elements always is. */
  readonly shape?: Shape;
  /** The coarsest dtype on the way to the tensor. Defaults to the tensor's own. */
  readonly dtype?: DType;
}

/** Fails unless every element of `x` is as close to `expected` as its dtype allows; int32 and bool must be equal. */
export async function expectClose(
  ops: Backend,
  x: Tensor,
  expected: ArrayLike<number>,
  options: CloseOptions = {},
): Promise<void> {
  const { shape } = options;
  if (shape && !shapesEqual(x.shape, shape)) {
    assert.fail(`shape ${formatShape(x.shape)}, wanted ${formatShape(shape)}`);
  }
  assert.equal(x.size, shapeSize(x.shape), "size is the product of the shape");
  const got = await ops.read(x);
  expectNumbersClose(got, expected, toleranceOf(options.dtype ?? x.dtype));
}

/** As {@link expectClose}, for numbers that are on the host already. NaN equals NaN, an infinity only itself. */
export function expectNumbersClose(
  got: TensorData | readonly number[],
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  assert.equal(got.length, expected.length, "number of elements");
  const want = Array.from(expected);
  const scale = want.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  const wrong = want.flatMap((x, at) => {
    const value = got[at] as number;
    if (Object.is(value, x) || value === x) return [];
    const allowed = tolerance.relative * Math.abs(x) + tolerance.absolute * scale;
    const isClose = Number.isFinite(x) && Math.abs(value - x) <= allowed;
    return isClose ? [] : [`[${at}]: got ${value}, wanted ${x} within ${allowed.toExponential(1)}`];
  });
  if (wrong.length > 0) {
    assert.fail(`${wrong.length} of ${want.length} elements differ; ${wrong.slice(0, 4).join("; ")}`);
  }
}
