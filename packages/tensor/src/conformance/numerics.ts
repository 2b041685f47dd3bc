/** NaN, infinities and numbers at the edge of float32. */

import { expect } from "vitest";
import type { Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

export function numerics(check: Check): void {
  check("max and min of a row with a NaN are NaN, wherever it stands", async (ops) => {
    using x = ops.tensor([nan, 1, 2, 1, nan, 2, 1, 2, nan, 3, 2, 1], [4, 3]);
    using most = ops.max(x, { axis: 1 });
    using least = ops.min(x, { axis: 1 });
    await expectClose(ops, most, [nan, nan, nan, 3]);
    await expectClose(ops, least, [nan, nan, nan, 1]);
  });

  check("maximum and minimum with a NaN are NaN", async (ops) => {
    using a = ops.tensor([nan, 1, nan, 1, -inf, inf], [6]);
    using b = ops.tensor([1, nan, nan, 2, 3, 3], [6]);
    using most = ops.maximum(a, b);
    using least = ops.minimum(a, b);
    await expectClose(ops, most, [nan, nan, nan, 2, 3, inf]);
    await expectClose(ops, least, [nan, nan, nan, 1, -inf, 3]);
  });

  check("sum and matmul carry NaN and infinities on", async (ops) => {
    using x = ops.tensor([1, nan, inf, 1, inf, -inf, 0, 2], [4, 2]);
    using sum = ops.sum(x, { axis: 1 });
    using ones = ops.ones([2, 1]);
    using product = ops.matmul(x, ones);
    await expectClose(ops, sum, [nan, inf, nan, 2]);
    await expectClose(ops, product, [nan, inf, nan, 2], { shape: [4, 1] });
  });

  check("softmax gives no weight to -Infinity, and NaN for a row with a NaN only there", async (ops) => {
    using x = ops.tensor([-inf, 0, 0, 1, nan, 2, 3, 3, -inf], [3, 3]);
    using p = ops.softmax(x);
    await expectClose(ops, p, [0, 0.5, 0.5, nan, nan, nan, 0.5, 0.5, 0]);
  });

  check("logSoftmax and logSumExp ignore -Infinity beside finite numbers", async (ops) => {
    using x = ops.tensor([-inf, 0, 0, 2, -inf, -inf], [2, 3]);
    using logP = ops.logSoftmax(x);
    using total = ops.logSumExp(x);
    await expectClose(ops, logP, [-inf, -Math.LN2, -Math.LN2, 0, -inf, -inf]);
    await expectClose(ops, total, [Math.LN2, 2]);
  });

  check("softmax and its logarithm of large logits neither overflow nor lose their gradient", async (ops) => {
    using x = ops.tensor([20000, 20000, 19999, -20000, 0, -20000], [2, 3]);
    using weights = ops.tensor([1, 0, 0, 1, 0, 0], [2, 3]);
    const e = Math.exp(-1);
    const p = [1 / (2 + e), 1 / (2 + e), e / (2 + e)] as const;
    using logP = ops.logSoftmax(x);
    const rest = Math.log(2 + e);
    using firstRow = ops.slice(logP, [0, 0], [1, 3]); // alone: the scale of its tolerance is 1, not 20000
    await expectClose(ops, firstRow, [-rest, -rest, -1 - rest]);
    await expectClose(ops, logP, [-rest, -rest, -1 - rest, -20000, 0, -20000]);
    const logs = ops.valueAndGrad(
      () => ops.tidy(() => ops.sum(ops.multiply(ops.logSoftmax(x), weights))),
      [x],
    );
    const sums = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.logSumExp(x))), [x]);
    await expectClose(ops, logs.gradients[0] as Tensor, [1 - p[0], -p[1], -p[2], 1, -1, 0]);
    await expectClose(ops, sums.gradients[0] as Tensor, [...p, 0, 1, 0]);
    disposeAll([logs.value, ...logs.gradients, sums.value, ...sums.gradients]);
  });

  check("where does not let the branch that is not taken through", async (ops) => {
    using condition = ops.tensor([1, 0, 1, 0], [4], "bool");
    using a = ops.tensor([1, nan, inf, inf], [4]);
    using b = ops.tensor([nan, 2, nan, -inf], [4]);
    using y = ops.where(condition, a, b);
    await expectClose(ops, y, [1, 2, inf, -inf]);
    using safe = ops.tensor([1, 2, 3, 4], [4]);
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.where(condition, safe, b))), [safe]);
    await expectClose(ops, result.gradients[0] as Tensor, [1, 0, 1, 0]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("comparisons with NaN are false", async (ops) => {
    using a = ops.tensor([nan, 1, nan], [3]);
    using b = ops.tensor([1, nan, nan], [3]);
    for (const name of ["equal", "less", "lessEqual", "greater", "greaterEqual"] as const) {
      using y = ops[name](a, b);
      expect(Array.from(await ops.read(y)), name).toEqual([0, 0, 0]);
    }
  });

  check("division, logarithm and roots have the limits of IEEE 754", async (ops) => {
    using x = ops.tensor([1, -1, 0, inf], [4]);
    using zero = ops.zeros([4]);
    using quotient = ops.divide(x, zero);
    using logarithm = ops.log(x);
    using root = ops.sqrt(x);
    using inverse = ops.rsqrt(x);
    await expectClose(ops, quotient, [inf, -inf, nan, inf]);
    await expectClose(ops, logarithm, [0, nan, -inf, inf]);
    await expectClose(ops, root, [1, nan, 0, inf]);
    await expectClose(ops, inverse, [1, nan, inf, 0]);
  });

  check("exp, tanh, sigmoid and silu saturate", async (ops) => {
    using x = ops.tensor([-inf, -200, 200, inf], [4]);
    using exponential = ops.exp(x);
    using tangent = ops.tanh(x);
    using logistic = ops.sigmoid(x);
    using finite = ops.tensor([-200, 200], [2]);
    using gated = ops.silu(finite);
    await expectClose(ops, exponential, [0, 0, inf, inf]);
    await expectClose(ops, tangent, [-1, -1, 1, 1]);
    await expectClose(ops, logistic, [0, 0, 1, 1]);
    await expectClose(ops, gated, [0, 200]);
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.silu(finite))), [finite]);
    await expectClose(ops, result.gradients[0] as Tensor, [0, 1]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("small numbers keep their relative precision", async (ops) => {
    const small = [1e-3, 1e-10, 1e-20, 1e-30];
    using x = ops.tensor(small, [4]);
    using logarithm = ops.log(x);
    using root = ops.sqrt(x);
    using scaled = ops.affine(root, { scale: 1e15 });
    await expectClose(ops, logarithm, small.map(Math.log));
    const roots = Array.from(await ops.read(scaled));
    for (const [at, value] of small.entries()) {
      expect((roots[at] as number) / (Math.sqrt(value) * 1e15)).toBeCloseTo(1, 5);
    }
  });

  check("a mean over many numbers does not lose the small ones", async (ops) => {
    const data = new Float32Array(65_536).fill(0.1);
    using x = ops.tensor(data, [1, data.length]);
    using mean = ops.mean(x, { axis: 1 });
    using sum = ops.sum(x);
    await expectClose(ops, mean, [0.1]);
    await expectClose(ops, sum, [6553.6]);
  });

  check("argMax and topK take the first of equals, and rank infinities", async (ops) => {
    using x = ops.tensor([5, 5, 5, 5, -inf, 0, inf, inf, -inf, -inf, -inf, -inf], [3, 4]);
    using best = ops.argMax(x);
    expect(Array.from(await ops.read(best))).toEqual([0, 2, 0]);
    const { values, indices } = ops.topK(x, 4);
    expect(Array.from(await ops.read(indices))).toEqual([0, 1, 2, 3, 2, 3, 1, 0, 0, 1, 2, 3]);
    await expectClose(ops, values, [5, 5, 5, 5, inf, inf, 0, -inf, -inf, -inf, -inf, -inf]);
    disposeAll([values, indices]);
  });
}
