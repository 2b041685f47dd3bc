/** `valueAndGrad`, `checkpoint`, `stopGradient`: who owns what, what flows where, and that disposal never matters. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import { type Check, expectCode } from "./suite.ts";

export function autograd(check: Check): void {
  check("valueAndGrad gives value and gradients in the order of the parameters", async (ops) => {
    using a = ops.tensor([1, 2], [2]);
    using b = ops.tensor([3, 4], [2]);
    for (const parameters of [[a, b], [b, a], [b], [a, b, a]]) {
      const result = ops.valueAndGrad(
        () => ops.tidy(() => ops.sum(ops.multiply(a, ops.square(b)))),
        parameters,
      );
      await expectClose(ops, result.value, [41], { shape: [] });
      expect(result.gradients).toHaveLength(parameters.length);
      expect(result.aux).toEqual([]);
      for (const [at, parameter] of parameters.entries()) {
        await expectClose(ops, result.gradients[at] as Tensor, parameter === a ? [9, 16] : [6, 16]);
      }
      disposeAll([result.value, ...result.gradients]);
    }
  });

  check("gradients are added to sums where they are asked for", async (ops) => {
    using a = ops.tensor([1, 2, 3, 4], [2, 2]);
    using b = ops.tensor([1, -1, 0.5, 2], [2, 2]);
    using unused = ops.ones([3]);
    using sumA = ops.full([2, 2], 100);
    using sumB = ops.zeros([2, 2]);
    using sumUnused = ops.ones([3]);
    const before = ops.clone(sumA);
    const fn = () =>
      ops.tidy(() => ops.sum(ops.matmul(ops.takeRows(a, ops.tensor([1, 0, 1], [3], "int32")), b)));
    const [plainA, plainB] = await gradientsOf(ops, fn, [a, b]);
    for (let times = 1; times <= 2; times++) {
      const { value, gradients } = ops.valueAndGrad(fn, [a, b, unused], { addTo: [sumA, sumB, sumUnused] });
      expect(gradients).toEqual([]);
      value.dispose();
      await expectClose(
        ops,
        sumA,
        (plainA as number[]).map((x) => 100 + times * x),
        { shape: [2, 2] },
      );
      await expectClose(
        ops,
        sumB,
        (plainB as number[]).map((x) => times * x),
      );
      await expectClose(ops, sumUnused, [1, 1, 1]);
    }
    await expectClose(ops, before, [100, 100, 100, 100]);
    before.dispose();
    const added = (parameters: Tensor[], addTo: Tensor[]) => () =>
      ops.valueAndGrad(fn, parameters, { addTo });
    await expectCode(added([a, b], [sumA]), "INVALID_ARGUMENT");
    await expectCode(added([a, a], [sumA, sumB]), "INVALID_ARGUMENT");
    await expectCode(added([a], [sumUnused]), "SHAPE_MISMATCH");
    using ids = ops.zeros([2, 2], "int32");
    await expectCode(added([a], [ids]), "DTYPE_MISMATCH");
  });

  check("a differentiation inside one that adds to sums keeps its gradients to itself", async (ops) => {
    using a = ops.tensor([1, 2, 3, 4], [2, 2]);
    using sum = ops.zeros([2, 2]);
    const square = () => ops.tidy(() => ops.sum(ops.matmul(a, a)));
    const [plain] = await gradientsOf(ops, square, [a]);
    const { value } = ops.valueAndGrad(
      () => {
        disposeAll([...ops.valueAndGrad(square, [a]).gradients]);
        return ops.checkpoint(() => square(), []);
      },
      [a],
      { addTo: [sum] },
    );
    value.dispose();
    await expectClose(ops, sum, [0, 0, 0, 0]);
    const outer = ops.valueAndGrad(
      () => ops.tidy(() => ops.checkpoint(([x]) => ops.sum(ops.matmul(x as Tensor, x as Tensor)), [a])),
      [a],
      { addTo: [sum] },
    );
    outer.value.dispose();
    await expectClose(ops, sum, plain as number[]);
  });

  check("every intermediate may be disposed as soon as it was used", async (ops) => {
    using x = ops.tensor([0.5, -1, 2, 1.5], [2, 2]);
    using w = ops.tensor([1, 2, -1, 0.5], [2, 2]);
    const kept: Tensor[] = [];
    const chain = (release: (t: Tensor) => void): Tensor => {
      const product = ops.matmul(x, w);
      const active = ops.silu(product);
      release(product);
      const normal = ops.softmax(active);
      const scaled = ops.multiply(active, normal);
      release(active);
      release(normal);
      const flipped = ops.transpose(scaled);
      release(scaled);
      const part = ops.slice(flipped, [0, 0], [1, 2]);
      release(flipped);
      const sum = ops.sum(ops.tidy(() => ops.square(part)));
      release(part);
      return sum;
    };
    const inTidy = ops.valueAndGrad(() => ops.tidy(() => chain(() => {})), [x, w]);
    const atOnce = ops.valueAndGrad(() => ops.tidy(() => chain((t) => t.dispose())), [x, w]);
    const later = ops.valueAndGrad(() => ops.tidy(() => chain((t) => kept.push(t))), [x, w]);
    for (const result of [atOnce, later]) {
      await expectClose(ops, result.value, await ops.read(inTidy.value));
      for (const [at, gradient] of result.gradients.entries()) {
        await expectClose(ops, gradient, await ops.read(inTidy.gradients[at] as Tensor));
      }
    }
    disposeAll(kept);
    for (const result of [inTidy, atOnce, later]) disposeAll([result.value, ...result.gradients]);
  });

  check("a parameter may be disposed inside the function", async (ops) => {
    const x = ops.tensor([1, 2], [2]);
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const y = ops.sum(ops.square(x));
          x.dispose();
          return y;
        }),
      [x],
    );
    await expectClose(ops, result.gradients[0] as Tensor, [2, 4], { shape: [2] });
    disposeAll([result.value, ...result.gradients]);
  });

  check("a parameter that the value does not depend on gets zeros of its own shape", async (ops) => {
    using used = ops.tensor([1, 2], [2]);
    using unused = ops.ones([2, 3]);
    using onlyAux = ops.ones([3]);
    const result = ops.valueAndGrad(
      () => ({ value: ops.sum(used), aux: [ops.square(onlyAux)] }),
      [unused, used, onlyAux],
    );
    await expectClose(ops, result.gradients[0] as Tensor, [0, 0, 0, 0, 0, 0], { shape: [2, 3] });
    await expectClose(ops, result.gradients[1] as Tensor, [1, 1], { shape: [2] });
    await expectClose(ops, result.gradients[2] as Tensor, [0, 0, 0], { shape: [3] });
    disposeAll([result.value, ...result.gradients, ...result.aux]);
  });

  check("a value that depends on no parameter at all has zero gradients", async (ops) => {
    using x = ops.ones([2]);
    using other = ops.tensor([3, 4], [2]);
    const result = ops.valueAndGrad(() => ops.sum(other), [x]);
    await expectClose(ops, result.value, [7]);
    await expectClose(ops, result.gradients[0] as Tensor, [0, 0]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("aux comes back to the caller with its values", async (ops) => {
    using x = ops.tensor([1, 2, 3], [3]);
    const { value, gradients, aux } = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const y = ops.square(x);
          return { value: ops.sum(y), aux: [y, ops.argMax(x)] };
        }),
      [x],
    );
    await expectClose(ops, aux[0] as Tensor, [1, 4, 9]);
    await expectClose(ops, aux[1] as Tensor, [2], { shape: [] });
    await expectClose(ops, gradients[0] as Tensor, [2, 4, 6]);
    disposeAll([value, ...gradients, ...aux]);
  });

  check("the value may be a parameter itself", async (ops) => {
    using x = ops.tensor([3], []);
    const result = ops.valueAndGrad(() => x, [x]);
    await expectClose(ops, result.value, [3]);
    await expectClose(ops, result.gradients[0] as Tensor, [1]);
    disposeAll([result.value, ...result.gradients]);
    expect(x.disposed).toBe(false);
  });

  check("a tensor used many times gets the sum of its gradients", async (ops) => {
    using x = ops.tensor([2, -1], [2]);
    const sumOfPowers = () => {
      let power = ops.clone(x);
      let total = ops.clone(x);
      for (let n = 2; n <= 4; n++) {
        power = ops.multiply(power, x);
        total = ops.add(total, power);
      }
      return ops.sum(ops.add(total, total));
    };
    const result = ops.valueAndGrad(() => ops.tidy(sumOfPowers), [x]);
    await expectClose(ops, result.gradients[0] as Tensor, [98, -4]); // 2 (1 + 2x + 3x^2 + 4x^3)
    disposeAll([result.value, ...result.gradients]);
  });

  check(
    "what the function, its checkpoints and custom backward passes make and do not return is disposed",
    (ops) => {
      using x = ops.tensor([1, 2], [2]);
      const before = ops.memory().tensors;
      const double = (h: Tensor) =>
        ops.customGradient([h], () => ({
          value: ops.add(h, h),
          saved: [],
          backward: (upstream) => {
            const half = ops.affine(upstream, { scale: 1 });
            return [ops.affine(half, { scale: 2 })];
          },
        })).value;
      const result = ops.valueAndGrad(() => {
        const y = ops.exp(double(x));
        const z = ops.checkpoint(([h]) => ops.tanh(ops.square(h as Tensor)), [y]);
        return { value: ops.sum(ops.square(z)), aux: [z] };
      }, [x]);
      expect(ops.memory().tensors - before).toBe(3);
      disposeAll([result.value, ...result.gradients, ...result.aux]);
    },
  );

  check("results made inside tidy belong to it unless they are returned", (ops) => {
    using x = ops.ones([2]);
    const before = ops.memory().tensors;
    const gradient = ops.tidy(() => {
      const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.square(x))), [x]);
      return result.gradients[0] as Tensor;
    });
    expect(ops.memory().tensors - before).toBe(1);
    gradient.dispose();
  });

  check(
    "nothing is recorded outside valueAndGrad, and a later pass does not see an earlier one",
    async (ops) => {
      using x = ops.tensor([1, 2], [2]);
      using y = ops.square(x);
      const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.multiply(x, y))), [x]);
      await expectClose(ops, result.gradients[0] as Tensor, [1, 4]); // y is a constant here
      disposeAll([result.value, ...result.gradients]);
    },
  );

  check("stopGradient keeps the value and stops the gradient", async (ops) => {
    using x = ops.tensor([1, -2, 3], [3]);
    using same = ops.stopGradient(x);
    await expectClose(ops, same, [1, -2, 3], { shape: [3] });
    const result = ops.valueAndGrad(
      () => ops.tidy(() => ops.sum(ops.multiply(x, ops.stopGradient(ops.square(x))))),
      [x],
    );
    await expectClose(ops, result.value, [1 - 8 + 27]);
    await expectClose(ops, result.gradients[0] as Tensor, [1, 4, 9]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("a checkpoint has the value and the gradients of the plain function", async (ops) => {
    using x = ops.tensor([0.5, -1, 2, 1.5, 0, 1], [3, 2]);
    using w = ops.tensor([1, 2, -1, 0.5], [2, 2]);
    using b = ops.tensor([0.25, -0.5], [2]);
    const layer = ([h, weight, bias]: readonly Tensor[]): Tensor =>
      ops.tidy(() => ops.silu(ops.add(ops.matmul(h as Tensor, weight as Tensor), bias as Tensor)));
    const forwards: Record<string, () => Tensor> = {
      plain: () => layer([layer([x, w, b]), w, b]),
      checkpointed: () => ops.checkpoint(layer, [ops.checkpoint(layer, [x, w, b]), w, b]),
      nested: () =>
        ops.checkpoint(
          ([h, weight, bias]) =>
            ops.tidy(() =>
              layer([ops.checkpoint(layer, [h, weight, bias] as Tensor[]), weight, bias] as Tensor[]),
            ),
          [x, w, b],
        ),
    };
    const expected = differentiate(ops, forwards.plain as () => Tensor, [x, w, b]);
    for (const name of ["checkpointed", "nested"]) {
      const result = differentiate(ops, forwards[name] as () => Tensor, [x, w, b]);
      await expectClose(ops, result.value, await ops.read(expected.value));
      for (const [at, gradient] of result.gradients.entries()) {
        const want = expected.gradients[at] as Tensor;
        await expectClose(ops, gradient, await ops.read(want), { shape: want.shape });
      }
      disposeAll([result.value, ...result.gradients]);
    }
    disposeAll([expected.value, ...expected.gradients]);
    using alone = ops.checkpoint(layer, [x, w, b]);
    using plain = layer([x, w, b]);
    await expectClose(ops, alone, await ops.read(plain));
  });

  check("a checkpoint runs its function again for the gradient, and only then", (ops) => {
    using x = ops.ones([2]);
    let runs = 0;
    const fn = ([h]: readonly Tensor[]) => {
      runs++;
      return ops.tidy(() => ops.tanh(ops.square(h as Tensor)));
    };
    ops.checkpoint(fn, [x]).dispose();
    expect(runs).toBe(1);
    const result = differentiate(ops, () => ops.checkpoint(fn, [x]), [x]);
    expect(runs).toBe(3);
    disposeAll([result.value, ...result.gradients]);
  });

  check("gradients of a checkpoint flow to its inputs only", async (ops) => {
    using x = ops.tensor([1, 2], [2]);
    using captured = ops.tensor([3, 4], [2]);
    const fn = ([h]: readonly Tensor[]) => ops.multiply(h as Tensor, captured);
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.checkpoint(fn, [x]))), [x, captured]);
    await expectClose(ops, result.gradients[0] as Tensor, [3, 4]);
    await expectClose(ops, result.gradients[1] as Tensor, [0, 0]);
    disposeAll([result.value, ...result.gradients]);
  });

  check(
    "inputs of a checkpoint may be intermediates that are disposed, or the same tensor twice",
    async (ops) => {
      using x = ops.tensor([1, 2], [2]);
      const fn = ([a, b]: readonly Tensor[]) =>
        ops.tidy(() => ops.multiply(ops.square(a as Tensor), b as Tensor));
      const result = ops.valueAndGrad(() => {
        const y = ops.affine(x, { scale: 2 });
        const z = ops.checkpoint(fn, [y, y]);
        y.dispose();
        const sum = ops.sum(z);
        z.dispose();
        return sum;
      }, [x]);
      await expectClose(ops, result.value, [72]); // sum of (2x)^3
      await expectClose(ops, result.gradients[0] as Tensor, [24, 96]);
      disposeAll([result.value, ...result.gradients]);
    },
  );

  check("an error in a checkpoint's function reaches the caller", async (ops) => {
    using x = ops.ones([2]);
    using y = ops.ones([3]);
    const fn = ([h]: readonly Tensor[]) => ops.add(h as Tensor, y);
    await expectCode(() => ops.checkpoint(fn, [x]), "SHAPE_MISMATCH");
    await expectCode(() => ops.valueAndGrad(() => ops.sum(ops.checkpoint(fn, [x])), [x]), "SHAPE_MISMATCH");
  });
}

/** Gradients of the sum of squares of what `fn` gives. */
function differentiate(ops: Backend, fn: () => Tensor, parameters: readonly Tensor[]) {
  return ops.valueAndGrad(() => ops.tidy(() => ops.sum(ops.square(fn()))), parameters);
}

/** On the host, in the order of the parameters. */
async function gradientsOf(
  ops: Backend,
  fn: () => Tensor,
  parameters: readonly Tensor[],
): Promise<number[][]> {
  const { value, gradients } = ops.valueAndGrad(fn, parameters);
  const read = await Promise.all(gradients.map((gradient) => ops.read(gradient)));
  disposeAll([value, ...gradients]);
  return read.map((values) => Array.from(values));
}
