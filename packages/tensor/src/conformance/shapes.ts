/** What every handle says about itself, and shapes at the edges: scalars, size 1, rank 5, nothing at all. */

import { expect } from "vitest";
import type { Shape, Tensor } from "../contract.ts";
import { formatShape, shapeSize } from "../shape.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

const edgeShapes: readonly Shape[] = [
  [],
  [1],
  [0],
  [5],
  [1, 1],
  [3, 0, 2],
  [2, 3, 5],
  [2, 1, 3, 1, 2],
  [1, 1, 1, 1, 1],
];

export function shapes(check: Check): void {
  check("a handle knows its shape, size, dtype and whether it is disposed", (ops) => {
    for (const shape of edgeShapes) {
      using x = ops.zeros(shape, "int32");
      expect([...x.shape]).toEqual([...shape]);
      expect(x.size).toBe(shapeSize(shape));
      expect(x.dtype).toBe("int32");
      expect(x.disposed).toBe(false);
    }
  });

  check("a handle's shape does not change with the array that it was given", (ops) => {
    const shape = [2, 3];
    using x = ops.zeros(shape);
    shape[0] = 7;
    expect([...x.shape]).toEqual([2, 3]);
  });

  check("data goes in and comes back in row-major order for every edge shape", async (ops) => {
    for (const shape of edgeShapes) {
      const data = Float32Array.from({ length: shapeSize(shape) }, (_, i) => i - 1.5);
      using x = ops.tensor(data, shape);
      expect(Array.from(await ops.read(x)), formatShape(shape)).toEqual(Array.from(data));
    }
  });

  check("negative axes count from the end", async (ops) => {
    using x = ops.tensor(
      Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 11),
      [2, 3, 4],
    );
    for (const axis of [0, 1, 2]) {
      for (const reduce of ["sum", "mean", "max", "min"] as const) {
        using front = ops[reduce](x, { axis });
        using back = ops[reduce](x, { axis: axis - 3 });
        await expectClose(ops, back, await ops.read(front), { shape: front.shape });
      }
      using front = ops.concat([x, x], axis);
      using back = ops.concat([x, x], axis - 3);
      await expectClose(ops, back, await ops.read(front), { shape: front.shape });
    }
  });

  check("an empty list of axes reduces nothing", async (ops) => {
    using x = ops.tensor([1, 2, 3], [3]);
    using y = ops.sum(x, { axis: [] });
    await expectClose(ops, y, [1, 2, 3], { shape: [3] });
  });

  check("reshape infers one size, of empty tensors too", (ops) => {
    using x = ops.zeros([0, 6]);
    using y = ops.reshape(x, [3, -1]);
    using z = ops.reshape(x, [-1]);
    expect([...y.shape]).toEqual([3, 0]);
    expect([...z.shape]).toEqual([0]);
  });

  check("sizes that no vector unit likes are computed to the last element", async (ops) => {
    for (const size of [1, 2, 3, 5, 7, 9, 15, 17, 31, 33, 63, 65, 127]) {
      const data = Float32Array.from({ length: size }, (_, i) => ((i * 37) % 64) / 32);
      using x = ops.tensor(data, [size]);
      using square = ops.square(x);
      using total = ops.sum(x);
      using column = ops.reshape(x, [size, 1]);
      using row = ops.reshape(x, [1, size]);
      using outer = ops.matmul(column, row);
      using inner = ops.matmul(row, column);
      const squares = data.map((value) => value * value);
      await expectClose(ops, square, squares);
      await expectClose(ops, total, [data.reduce((sum, value) => sum + value, 0)]);
      await expectClose(ops, inner, [squares.reduce((sum, value) => sum + value, 0)], { shape: [1, 1] });
      const products = Float32Array.from({ length: size * size }, (_, at) => {
        return (data[Math.floor(at / size)] as number) * (data[at % size] as number);
      });
      await expectClose(ops, outer, products, { shape: [size, size] });
    }
  });

  check("a matmul that is large enough for every tile of a kernel is right", async (ops) => {
    const [M, K, N] = [37, 65, 43];
    const a = Float32Array.from({ length: M * K }, (_, i) => ((i * 29) % 17) / 8 - 1);
    const b = Float32Array.from({ length: K * N }, (_, i) => ((i * 23) % 19) / 8 - 1);
    const want = Float32Array.from({ length: M * N }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < K; k++)
        sum += (a[Math.floor(at / N) * K + k] as number) * (b[k * N + (at % N)] as number);
      return sum;
    });
    using x = ops.tensor(a, [M, K]);
    using y = ops.tensor(b, [K, N]);
    using xT = ops.transpose(x);
    using yT = ops.transpose(y);
    const products: Tensor[] = [
      ops.matmul(x, y),
      ops.matmul(xT, y, { transposeA: true }),
      ops.matmul(x, yT, { transposeB: true }),
      ops.matmul(xT, yT, { transposeA: true, transposeB: true }),
    ];
    for (const product of products) await expectClose(ops, product, want, { shape: [M, N] });
    disposeAll(products);
  });

  check("operations on nothing give nothing", async (ops) => {
    using x = ops.zeros([0, 3]);
    using ids = ops.zeros([0], "int32");
    using table = ops.ones([4, 3]);
    const results: [Tensor, Shape][] = [
      [ops.exp(x), [0, 3]],
      [ops.add(x, x), [0, 3]],
      [ops.softmax(x), [0, 3]],
      [ops.logSumExp(x), [0]],
      [ops.argMax(x), [0]],
      [ops.transpose(x), [3, 0]],
      [ops.takeRows(table, ids), [0, 3]],
      [ops.oneHot(ids, 5), [0, 5]],
      [ops.broadcastTo(x, [2, 0, 3]), [2, 0, 3]],
      [ops.cast(x, "bool"), [0, 3]],
      [ops.concat([x, x], 0), [0, 3]],
      [ops.slice(table, [1, 1], [0, 2]), [0, 2]],
      [ops.clone(x), [0, 3]],
    ];
    for (const [result, shape] of results) await expectClose(ops, result, [], { shape });
    disposeAll(results.map(([result]) => result));
  });

  check("gradients of empty tensors are empty, and of what meets them zero", async (ops) => {
    using x = ops.zeros([0, 3]);
    using w = ops.ones([3, 2]);
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.exp(ops.matmul(x, w)))), [x, w]);
    await expectClose(ops, result.value, [0], { shape: [] });
    await expectClose(ops, result.gradients[0] as Tensor, [], { shape: [0, 3] });
    await expectClose(ops, result.gradients[1] as Tensor, [0, 0, 0, 0, 0, 0], { shape: [3, 2] });
    disposeAll([result.value, ...result.gradients]);
  });
}
