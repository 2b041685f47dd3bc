/**
 * Operands that come again: in another shape, changed in place, after another took their place. A kernel library that
 * caches what it prepared for an operand by that operand's identity gets these wrong, in silence (TensorFlow.js's
 * WebAssembly build does: XNNPACK operators are cached by the second operand's id). And other wrong results seen there.
 */

import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

export function operands(check: Check): void {
  check("a second operand used again in another shape is read in that shape", async (ops) => {
    using weight = counting(ops, [4, 6]);
    using tall = ops.reshape(weight, [8, 3]);
    using wide = ops.reshape(weight, [2, 12]);
    using back = ops.reshape(tall, [4, 6]);
    for (let round = 0; round < 3; round++) {
      for (const operand of [weight, tall, wide, back]) {
        const [K = 0] = operand.shape;
        using x = counting(ops, [3, K], round + 1);
        await expectProduct(ops, x, operand);
      }
    }
  });

  check("one operand in both orientations, plain and transposed, in turn", async (ops) => {
    using weight = counting(ops, [5, 5]);
    using x = counting(ops, [2, 5], 3);
    using flipped = ops.transpose(weight);
    for (let round = 0; round < 3; round++) {
      await expectProduct(ops, x, weight);
      using product = ops.matmul(x, weight, { transposeB: true });
      await expectClose(ops, product, await hostProduct(ops, x, flipped));
    }
  });

  check("an operand is read anew after assign", async (ops) => {
    using x = counting(ops, [3, 4]);
    using weight = counting(ops, [4, 5]);
    for (let round = 0; round < 4; round++) {
      await expectProduct(ops, x, weight);
      await expectProduct(ops, x, weight);
      using next = counting(ops, [4, 5], round + 7);
      ops.assign(weight, next);
    }
    await expectProduct(ops, x, weight);
  });

  check("a transposed operand with batches is read anew after assign", async (ops) => {
    using x = counting(ops, [2, 3, 4]);
    using weight = counting(ops, [2, 5, 4]);
    for (let round = 0; round < 3; round++) {
      using product = ops.matmul(x, weight, { transposeB: true });
      using flipped = ops.transpose(weight);
      await expectClose(ops, product, await hostProduct(ops, x, flipped));
      using next = counting(ops, [2, 5, 4], round + 7);
      ops.assign(weight, next);
    }
  });

  check("operands that come and go in changing shapes never see each other's values", async (ops) => {
    for (let round = 0; round < 12; round++) {
      const [K, N] = [1 + (round % 5), 1 + ((round * 3) % 7)];
      using x = counting(ops, [2, K], round + 1);
      using weight = counting(ops, [K, N], round + 2);
      await expectProduct(ops, x, weight);
      await expectProduct(ops, x, weight);
    }
  });

  check("two operands of one shape are told apart, also when the same tensor is both", async (ops) => {
    using a = counting(ops, [4, 4], 1);
    using b = counting(ops, [4, 4], 2);
    for (const [x, y] of [
      [a, b],
      [b, a],
      [a, a],
      [b, b],
      [a, b],
    ] as const)
      await expectProduct(ops, x, y);
  });

  check("oneHot in float32 is a number that arithmetic can use", async (ops) => {
    using ids = ops.tensor([2, 0, 1, 2], [4], "int32");
    using hot = ops.oneHot(ids, 3, "float32");
    using table = counting(ops, [3, 2]);
    using picked = ops.matmul(hot, table);
    using taken = ops.takeRows(table, ids);
    using total = ops.sum(hot);
    using half = ops.affine(hot, { scale: 0.5 });
    await expectClose(ops, picked, await ops.read(taken), { shape: [4, 2] });
    await expectClose(ops, total, [4]);
    await expectClose(ops, half, [0, 0, 0.5, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5]);
  });

  check(
    "the gradient of a weight used in two shapes and orientations is the sum of all uses",
    async (ops) => {
      using weight = counting(ops, [4, 6]);
      using x = counting(ops, [2, 4], 2);
      using y = counting(ops, [2, 3], 3);
      using z = counting(ops, [2, 6], 4);
      const use = (w: Tensor, at: number) => {
        if (at === 0) return ops.matmul(x, w);
        if (at === 1) return ops.matmul(y, ops.reshape(w, [3, 8]));
        return ops.matmul(z, w, { transposeB: true });
      };
      const loss = (at: number) => ops.sum(ops.square(use(weight, at)));
      const together = ops.valueAndGrad(
        () => ops.tidy(() => ops.add(ops.add(loss(0), loss(1)), loss(2))),
        [weight],
      );
      const apart = [0, 1, 2].map((at) => ops.valueAndGrad(() => ops.tidy(() => loss(at)), [weight]));
      using sum = ops.tidy(() =>
        apart.map((part) => part.gradients[0] as Tensor).reduce((a, b) => ops.add(a, b)),
      );
      await expectClose(ops, together.gradients[0] as Tensor, await ops.read(sum), { shape: [4, 6] });
      for (const result of [together, ...apart]) disposeAll([result.value, ...result.gradients]);
    },
  );

  check("a product takes part in another one without being read first", async (ops) => {
    using a = counting(ops, [2, 3]);
    using b = counting(ops, [3, 3], 2);
    using ab = ops.matmul(a, b);
    using abb = ops.matmul(ab, b);
    using bab = ops.matmul(b, ab, { transposeB: true });
    await expectClose(ops, abb, await hostProduct(ops, ab, b));
    using flipped = ops.transpose(ab);
    await expectClose(ops, bab, await hostProduct(ops, b, flipped));
  });
}

/** Small multiples of 1/4 that differ by seed: products are exact. */
function counting(ops: Backend, shape: readonly number[], seed = 0): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return ops.tensor(
    Float32Array.from({ length: size }, (_, i) => (((i + seed) * (7 + 2 * seed)) % 17) / 4 - 2),
    shape,
  );
}

async function expectProduct(ops: Backend, a: Tensor, b: Tensor): Promise<void> {
  using product = ops.matmul(a, b);
  await expectClose(ops, product, await hostProduct(ops, a, b));
}

/** [..., M, K] x [..., K, N] with the same leading axes, in plain loops. */
export async function hostProduct(ops: Backend, a: Tensor, b: Tensor): Promise<Float32Array> {
  const [x, y] = [await ops.read(a), await ops.read(b)];
  const [M = 0, K = 0] = a.shape.slice(-2);
  const N = b.shape.at(-1) ?? 0;
  const batches = a.shape.slice(0, -2).reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: batches * M * N }, (_, at) => {
    const [batch, row, column] = [Math.floor(at / (M * N)), Math.floor(at / N) % M, at % N];
    let sum = 0;
    for (let k = 0; k < K; k++) {
      sum += (x[(batch * M + row) * K + k] as number) * (y[(batch * K + k) * N + column] as number);
    }
    return sum;
  });
}
