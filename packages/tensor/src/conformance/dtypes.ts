/** Dtype rules: nothing is promoted, what is not declared is refused, casts mean what they say. */

import { expect } from "vitest";
import type { Tensor } from "../contract.ts";
import type { DType } from "../dtype.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll, floatDtypes } from "./calls.ts";
import { type Check, expectCode } from "./suite.ts";

const everyDtype: readonly DType[] = ["float32", "bfloat16", "int32", "bool"];
const binary = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "maximum",
  "minimum",
  "equal",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
] as const;
const floatOnly = [
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "tanh",
  "sigmoid",
  "silu",
  "mean",
  "softmax",
  "logSoftmax",
  "logSumExp",
] as const;

export function dtypes(check: Check): void {
  check("operands of different dtypes are refused", async (ops) => {
    using x = ops.ones([2]);
    using i = ops.ones([2], "int32");
    using b = ops.ones([2], "bool");
    using square = ops.ones([2, 2]);
    using integers = ops.ones([2, 2], "int32");
    for (const name of binary) {
      await expectCode(() => ops[name](x, i), "DTYPE_MISMATCH");
      await expectCode(() => ops[name](i, x), "DTYPE_MISMATCH");
    }
    await expectCode(() => ops.matmul(square, integers), "DTYPE_MISMATCH");
    await expectCode(() => ops.where(b, x, i), "DTYPE_MISMATCH");
    await expectCode(() => ops.concat([x, i], 0), "DTYPE_MISMATCH");
    await expectCode(() => ops.assign(x, i), "DTYPE_MISMATCH");
    await expectCode(() => ops.logicalAnd(b, i), "DTYPE_MISMATCH");
  });

  check("operations of floats refuse int32, and those of bool refuse numbers", async (ops) => {
    using x = ops.ones([2]);
    using i = ops.ones([2], "int32");
    for (const name of floatOnly) await expectCode(() => ops[name](i), "DTYPE_MISMATCH");
    await expectCode(() => ops.divide(i, i), "DTYPE_MISMATCH");
    for (const name of ["logicalAnd", "logicalOr"] as const) {
      await expectCode(() => ops[name](x, x), "DTYPE_MISMATCH");
      await expectCode(() => ops[name](i, i), "DTYPE_MISMATCH");
    }
    await expectCode(() => ops.logicalNot(x), "DTYPE_MISMATCH");
    await expectCode(() => ops.where(x, x, x), "DTYPE_MISMATCH");
  });

  check("ids must be int32", async (ops) => {
    using table = ops.ones([2, 2]);
    using x = ops.zeros([2]);
    await expectCode(() => ops.takeRows(table, x), "DTYPE_MISMATCH");
    await expectCode(() => ops.takeAlongLast(table, x), "DTYPE_MISMATCH");
    await expectCode(() => ops.oneHot(x, 2), "DTYPE_MISMATCH");
  });

  check("a dtype that is not declared is refused everywhere, one that is declared works", async (ops) => {
    using x = ops.tensor([0, 1, 2], [3]);
    for (const dtype of everyDtype) {
      if (ops.capabilities.dtypes.has(dtype)) {
        using y = ops.cast(x, dtype);
        expect(y.dtype).toBe(dtype);
        await expectClose(ops, y, dtype === "bool" ? [0, 1, 1] : [0, 1, 2]);
      } else {
        await expectCode(() => ops.tensor([1], [1], dtype), "UNSUPPORTED_OP");
        await expectCode(() => ops.zeros([2], dtype), "UNSUPPORTED_OP");
        await expectCode(() => ops.ones([2], dtype), "UNSUPPORTED_OP");
        await expectCode(() => ops.full([2], 1, dtype), "UNSUPPORTED_OP");
        await expectCode(() => ops.cast(x, dtype), "UNSUPPORTED_OP");
      }
    }
  });

  check("bfloat16 rounds to nearest even and is read as float32", async (ops) => {
    if (!ops.capabilities.dtypes.has("bfloat16")) {
      await expectCode(() => ops.ones([1], "bfloat16"), "UNSUPPORTED_OP");
      return;
    }
    using x = ops.tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -Math.PI], [4]);
    using y = ops.cast(x, "bfloat16");
    const data = await ops.read(y);
    expect(data).toBeInstanceOf(Float32Array);
    expect(Array.from(data)).toEqual([1, 1 + 2 ** -6, 1 + 2 ** -7, -3.140625]);
  });

  check("sums, products and softmax of bfloat16 are accumulated in float32", async (ops) => {
    for (const dtype of floatDtypes(ops)) {
      using ones = ops.ones([1, 2048], dtype);
      using product = ops.matmul(ones, ones, { transposeB: true });
      using sum = ops.sum(ones);
      using mean = ops.mean(ones, { axis: -1 });
      using p = ops.softmax(ones);
      using logSum = ops.logSumExp(ones);
      await expectClose(ops, product, [2048], { shape: [1, 1] });
      await expectClose(ops, sum, [2048], { shape: [] });
      await expectClose(ops, mean, [1]);
      await expectClose(ops, p, new Array<number>(2048).fill(1 / 2048));
      await expectClose(ops, logSum, [1 + Math.log(2048)]);
    }
  });

  check("a gradient flows back through casts between float dtypes", async (ops) => {
    for (const dtype of ["float32", "bfloat16"] as const) {
      if (!ops.capabilities.dtypes.has(dtype)) continue;
      using x = ops.tensor([1, 2, -3], [3]);
      const result = ops.valueAndGrad(
        () => ops.tidy(() => ops.sum(ops.square(ops.cast(ops.cast(x, dtype), "float32")))),
        [x],
      );
      await expectClose(ops, result.gradients[0] as Tensor, [2, 4, -6]);
      disposeAll([result.value, ...result.gradients]);
    }
  });

  check("no gradient flows through a cast to int32 or bool", async (ops) => {
    using x = ops.tensor([1.5, 2, -3], [3]);
    for (const dtype of ["int32", "bool"] as const) {
      const result = ops.valueAndGrad(
        () => ops.tidy(() => ops.sum(ops.multiply(x, ops.cast(ops.cast(x, dtype), "float32")))),
        [x],
      );
      await expectClose(ops, result.gradients[0] as Tensor, dtype === "int32" ? [1, 2, -3] : [1, 1, 1]);
      disposeAll([result.value, ...result.gradients]);
    }
  });

  check("data is read in the array kind of its dtype", async (ops) => {
    using x = ops.ones([2]);
    using i = ops.ones([2], "int32");
    using b = ops.ones([2], "bool");
    expect(await ops.read(x)).toBeInstanceOf(Float32Array);
    expect(await ops.read(i)).toBeInstanceOf(Int32Array);
    expect(await ops.read(b)).toBeInstanceOf(Uint8Array);
  });

  check("the dtype of new tensors follows the data, float32 for plain numbers", (ops) => {
    const made: [Tensor, DType][] = [
      [ops.tensor([1, 2], [2]), "float32"],
      [ops.tensor(Float32Array.of(1), [1]), "float32"],
      [ops.tensor(Int32Array.of(1), [1]), "int32"],
      [ops.tensor(Uint8Array.of(1), [1]), "bool"],
      [ops.zeros([1]), "float32"],
      [ops.ones([1]), "float32"],
      [ops.full([1], 2), "float32"],
      [ops.arange(0, 2), "int32"],
    ];
    expect(made.map(([x]) => x.dtype)).toEqual(made.map(([, dtype]) => dtype));
    disposeAll(made.map(([x]) => x));
  });

  check("data is copied on the way in and on the way out", async (ops) => {
    const data = Float32Array.of(1, 2, 3);
    using x = ops.tensor(data, [3]);
    data[0] = 99;
    const read = await ops.read(x);
    expect(Array.from(read)).toEqual([1, 2, 3]);
    read[1] = 99;
    expect(Array.from(await ops.read(x))).toEqual([1, 2, 3]);
  });

  check("int32 keeps every bit of large numbers", async (ops) => {
    const data = Int32Array.of(2 ** 31 - 1, -(2 ** 31), 16_777_217, -16_777_217);
    using x = ops.tensor(data, [4]);
    using y = ops.reshape(x, [2, 2]);
    using ids = ops.tensor([1, 0], [2], "int32");
    using taken = ops.takeRows(y, ids);
    using zero = ops.zeros([], "int32");
    using sum = ops.add(x, zero);
    expect(Array.from(await ops.read(taken))).toEqual([16_777_217, -16_777_217, 2 ** 31 - 1, -(2 ** 31)]);
    expect(Array.from(await ops.read(sum))).toEqual(Array.from(data));
  });

  check(
    "a product of bfloat16 can be float32, unrounded; other dtypes of a product are refused",
    async (ops) => {
      for (const dtype of floatDtypes(ops)) {
        for (const [K, N] of [
          [2, 3],
          [64, 32],
        ] as const) {
          // 1 + 2^-8 lies between two numbers of bfloat16.
          using a = ops.tensor(
            Array.from({ length: K }, (_, k) => (k === 0 ? 1 : k === 1 ? 2 ** -8 : 0)),
            [1, K],
            dtype,
          );
          using b = ops.ones([K, N], dtype);
          const result = ops.valueAndGrad(() => {
            const y = ops.matmul(a, b, { outputDtype: "float32" });
            return { value: ops.sum(y), aux: [y] };
          }, [a, b]);
          const [y, da, db] = [result.aux[0], ...result.gradients] as [Tensor, Tensor, Tensor];
          expect([y.dtype, da.dtype, db.dtype]).toEqual(["float32", dtype, dtype]);
          await expectClose(ops, y, Array<number>(N).fill(1 + 2 ** -8), { shape: [1, N] });
          await expectClose(ops, da, Array<number>(K).fill(N), { shape: [1, K] });
          const rows = Array.from({ length: K * N }, (_, at) => (at < N ? 1 : at < 2 * N ? 2 ** -8 : 0));
          await expectClose(ops, db, rows, { shape: [K, N] });
          disposeAll([result.value, ...result.gradients, ...result.aux]);
        }
      }
      using x = ops.ones([2, 2]);
      await expectCode(() => ops.matmul(x, x, { outputDtype: "bfloat16" }), "DTYPE_MISMATCH");
    },
  );
}
