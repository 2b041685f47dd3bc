/** Broadcasting as in NumPy, against the same operation on operands that were broadcast by hand. */

import { expect } from "vitest";
import type { Backend, Shape, Tensor } from "../contract.ts";
import { broadcastShapes, formatShape, shapeSize } from "../shape.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

type Binary = (ops: Backend, a: Tensor, b: Tensor) => Tensor;

const arithmetic: Readonly<Record<string, Binary>> = {
  add: (ops, a, b) => ops.add(a, b),
  subtract: (ops, a, b) => ops.subtract(a, b),
  multiply: (ops, a, b) => ops.multiply(a, b),
  divide: (ops, a, b) => ops.divide(a, b),
  maximum: (ops, a, b) => ops.maximum(a, b),
  minimum: (ops, a, b) => ops.minimum(a, b),
};

const comparisons: Readonly<Record<string, Binary>> = {
  equal: (ops, a, b) => ops.equal(a, b),
  less: (ops, a, b) => ops.less(a, b),
  lessEqual: (ops, a, b) => ops.lessEqual(a, b),
  greater: (ops, a, b) => ops.greater(a, b),
  greaterEqual: (ops, a, b) => ops.greaterEqual(a, b),
};

/** Every way of setting axes of [2, 3, 2] to 1 or leaving leading ones away, for both operands. */
const operandShapes: readonly Shape[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((mask) =>
    [2, 3, 2].map((length, axis) => (mask & (1 << axis) ? 1 : length)),
  ),
  [3, 2],
  [1, 2],
  [2],
  [],
];

export function broadcasting(check: Check): void {
  for (const [name, apply] of Object.entries({ ...arithmetic, ...comparisons })) {
    check(`${name} broadcasts every pair of shapes as broadcastTo would`, async (ops) => {
      for (const [a, b] of pairs()) {
        using x = ramp(ops, a, 1);
        using y = ramp(ops, b, 2);
        using got = apply(ops, x, y);
        using want = expandFirst(ops, apply, x, y);
        expect(got.shape, `${formatShape(a)} with ${formatShape(b)}`).toEqual(want.shape);
        await expectClose(ops, got, await ops.read(want));
      }
    });
  }

  for (const [name, apply] of Object.entries(arithmetic)) {
    check(`the gradients of ${name} are summed back to the operands' shapes`, async (ops) => {
      for (const [a, b] of pairs()) {
        using x = ramp(ops, a, 1);
        using y = ramp(ops, b, 2);
        const direct = ops.valueAndGrad(() => weightedSum(ops, () => apply(ops, x, y)), [x, y]);
        const expanded = ops.valueAndGrad(
          () => weightedSum(ops, () => expandFirst(ops, apply, x, y)),
          [x, y],
        );
        for (const [at, gradient] of direct.gradients.entries()) {
          const shape = at === 0 ? a : b;
          const want = await ops.read(expanded.gradients[at] as Tensor);
          await expectClose(ops, gradient, want, { shape });
        }
        disposeAll([direct.value, ...direct.gradients, expanded.value, ...expanded.gradients]);
      }
    });
  }

  check("where broadcasts its condition against both branches", async (ops) => {
    for (const [a, b] of pairs()) {
      using condition = ops.tidy(() => ops.less(ramp(ops, [3, 1], 5), ops.full([], 0.5)));
      using x = ramp(ops, a, 1);
      using y = ramp(ops, b, 2);
      using got = ops.where(condition, x, y);
      const shape = broadcastShapes(broadcastShapes(a, b, "where"), [3, 1], "where");
      using want = ops.tidy(() =>
        ops.where(ops.broadcastTo(condition, shape), ops.broadcastTo(x, shape), ops.broadcastTo(y, shape)),
      );
      await expectClose(ops, got, await ops.read(want), { shape });
    }
  });

  check("the leading axes of matmul broadcast, and its gradients are summed back", async (ops) => {
    const batches: readonly Shape[] = [[], [1], [3], [2, 1], [2, 3], [1, 3]];
    for (const a of batches) {
      for (const b of batches) {
        using x = ramp(ops, [...a, 2, 3], 1);
        using y = ramp(ops, [...b, 3, 4], 2);
        const batch = broadcastShapes(a, b, "matmul");
        const direct = ops.valueAndGrad(() => weightedSum(ops, () => ops.matmul(x, y)), [x, y]);
        const byHand = () =>
          ops.matmul(ops.broadcastTo(x, [...batch, 2, 3]), ops.broadcastTo(y, [...batch, 3, 4]));
        const expanded = ops.valueAndGrad(() => weightedSum(ops, byHand), [x, y]);
        await expectClose(ops, direct.value, await ops.read(expanded.value));
        for (const [at, gradient] of direct.gradients.entries()) {
          const want = await ops.read(expanded.gradients[at] as Tensor);
          await expectClose(ops, gradient, want, { shape: at === 0 ? x.shape : y.shape });
        }
        disposeAll([direct.value, ...direct.gradients, expanded.value, ...expanded.gradients]);
      }
    }
  });
}

function pairs(): [Shape, Shape][] {
  return operandShapes.flatMap((a) => operandShapes.map((b): [Shape, Shape] => [a, b]));
}

/** Distinct positive values, so that no maximum is tied and no quotient overflows. */
function ramp(ops: Backend, shape: Shape, seed: number): Tensor {
  const values = Float32Array.from(
    { length: shapeSize(shape) },
    (_, i) => ((i * 7 + seed * 5) % 13) / 8 + seed / 32 + 0.25,
  );
  return ops.tensor(values, shape);
}

function expandFirst(ops: Backend, apply: Binary, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes(a.shape, b.shape, "expandFirst");
  return ops.tidy(() => apply(ops, ops.broadcastTo(a, shape), ops.broadcastTo(b, shape)));
}

function weightedSum(ops: Backend, fn: () => Tensor): Tensor {
  return ops.tidy(() => {
    const y = fn();
    return ops.sum(ops.multiply(y, ramp(ops, y.shape, 3)));
  });
}
