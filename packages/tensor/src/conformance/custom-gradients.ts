/** `customGradient`: a backward pass of one's own, with its saved tensors and its gaps. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

export function customGradients(check: Check): void {
  check("the value is the forward's, the gradient the backward's", async (ops) => {
    using x = ops.tensor([1, 2, 3], [3]);
    using w = ops.tensor([2, 1, -1], [3]);
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const { value } = ops.customGradient([x], () => ({
            value: ops.square(x),
            saved: [],
            backward: (upstream) => [ops.affine(upstream, { scale: 10 })], // not the gradient of a square
          }));
          return ops.sum(ops.multiply(value, w));
        }),
      [x, w],
    );
    await expectClose(ops, result.value, [2 + 4 - 9]);
    await expectClose(ops, result.gradients[0] as Tensor, [20, 10, -10]);
    await expectClose(ops, result.gradients[1] as Tensor, [1, 4, 9]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("saved tensors reach the backward alive and are disposed by the backend", async (ops) => {
    using a = ops.tensor([1, 2], [2]);
    using b = ops.tensor([3, 5], [2]);
    const saved: Tensor[] = [];
    let seen: readonly boolean[] = [];
    const result = ops.valueAndGrad(() => {
      const { value, aux } = multiplyByHand(ops, a, b, saved, (alive) => {
        seen = alive;
      });
      expect(aux).toEqual([]);
      const sum = ops.sum(value);
      value.dispose();
      return sum;
    }, [a, b]);
    expect(seen).toEqual([true, true]);
    expect(saved.map((x) => x.disposed)).toEqual([true, true]);
    await expectClose(ops, result.gradients[0] as Tensor, [3, 5]);
    await expectClose(ops, result.gradients[1] as Tensor, [1, 2]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("without a gradient in sight needsGradient is false and saved tensors are disposed", async (ops) => {
    using x = ops.tensor([1, 2], [2]);
    const saved = ops.clone(x);
    const { value, aux } = ops.customGradient([x], ({ needsGradient }) => {
      expect(needsGradient).toBe(false);
      return { value: ops.square(x), aux: [ops.negate(x)], saved: [saved], backward: () => [null] };
    });
    expect(saved.disposed).toBe(true);
    await expectClose(ops, value, [1, 4]);
    await expectClose(ops, aux[0] as Tensor, [-1, -2]);
    disposeAll([value, ...aux]);
  });

  check("needsGradient is true where an input leads to a parameter", (ops) => {
    using x = ops.tensor([1, 2], [2]);
    const flags: boolean[] = [];
    const square = (input: Tensor) =>
      ops.customGradient([input], ({ needsGradient }) => {
        flags.push(needsGradient);
        return { value: ops.square(input), saved: [], backward: (upstream) => [ops.clone(upstream)] };
      }).value;
    const result = ops.valueAndGrad(() => ops.tidy(() => ops.sum(square(square(x)))), [x]);
    expect(flags).toEqual([true, true]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("null gradients are zeros, and other paths still count", async (ops) => {
    using x = ops.tensor([1, 2], [2]);
    using y = ops.tensor([3, 4], [2]);
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const { value } = ops.customGradient([x, y], () => ({
            value: ops.multiply(x, y),
            saved: [],
            backward: (upstream) => [null, ops.affine(upstream, { scale: 3 })],
          }));
          return ops.sum(ops.add(value, x));
        }),
      [x, y],
    );
    await expectClose(ops, result.gradients[0] as Tensor, [1, 1]);
    await expectClose(ops, result.gradients[1] as Tensor, [3, 3]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("aux has values and no gradient", async (ops) => {
    using x = ops.tensor([1, 2], [2]);
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const { value, aux } = ops.customGradient([x], () => ({
            value: ops.sum(x),
            aux: [ops.square(x), ops.argMax(x)],
            saved: [],
            backward: (upstream) => [ops.broadcastTo(upstream, [2])],
          }));
          return { value: ops.add(value, ops.sum(aux[0] as Tensor)), aux: [...aux] };
        }),
      [x],
    );
    await expectClose(ops, result.value, [8]);
    await expectClose(ops, result.gradients[0] as Tensor, [1, 1]);
    await expectClose(ops, result.aux[0] as Tensor, [1, 4]);
    await expectClose(ops, result.aux[1] as Tensor, [1]);
    disposeAll([result.value, ...result.gradients, ...result.aux]);
  });

  check("what the forward and the backward compute is not differentiated itself", async (ops) => {
    using x = ops.tensor([2, 3], [2]);
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          const { value } = ops.customGradient([x], () => ({
            value: ops.tidy(() => ops.exp(ops.square(x))),
            saved: [],
            backward: (upstream) => [ops.tidy(() => ops.multiply(upstream, ops.square(ops.clone(x))))],
          }));
          return ops.sum(value);
        }),
      [x],
    );
    await expectClose(ops, result.gradients[0] as Tensor, [4, 9]);
    disposeAll([result.value, ...result.gradients]);
  });

  check(
    "the backward gets the upstream gradient of its value, also where that is used twice",
    async (ops) => {
      using x = ops.tensor([1, 2], [2]);
      let calls = 0;
      const result = ops.valueAndGrad(
        () =>
          ops.tidy(() => {
            const { value } = ops.customGradient([x], () => ({
              value: ops.clone(x),
              saved: [],
              backward: (upstream) => {
                calls++;
                return [ops.clone(upstream)];
              },
            }));
            return ops.sum(ops.add(ops.multiply(value, value), value));
          }),
        [x],
      );
      expect(calls).toBe(1);
      await expectClose(ops, result.gradients[0] as Tensor, [3, 5]);
      disposeAll([result.value, ...result.gradients]);
    },
  );

  check("a backward that no gradient reaches is not called, and its saved tensors are disposed", (ops) => {
    using x = ops.tensor([1, 2], [2]);
    let calls = 0;
    const saved: Tensor[] = [];
    const result = ops.valueAndGrad(
      () =>
        ops.tidy(() => {
          ops.customGradient([x], () => {
            const copy = ops.clone(x);
            saved.push(copy);
            const backward = () => {
              calls++;
              return [null];
            };
            return { value: ops.square(x), saved: [copy], backward };
          });
          return ops.sum(x);
        }),
      [x],
    );
    expect(calls).toBe(0);
    expect(saved.map((copy) => copy.disposed)).toEqual([true]);
    disposeAll([result.value, ...result.gradients]);
  });

  check("a custom gradient works inside a checkpoint and around one", async (ops) => {
    using a = ops.tensor([1, 2], [2]);
    using b = ops.tensor([3, 5], [2]);
    const inside = ops.valueAndGrad(
      () =>
        ops.tidy(() =>
          ops.sum(
            ops.checkpoint(
              ([x, y]) => ops.tidy(() => ops.square(multiplyByHand(ops, x as Tensor, y as Tensor).value)),
              [a, b],
            ),
          ),
        ),
      [a, b],
    );
    await expectClose(ops, inside.value, [9 + 100]);
    await expectClose(ops, inside.gradients[0] as Tensor, [18, 100]);
    await expectClose(ops, inside.gradients[1] as Tensor, [6, 40]);
    disposeAll([inside.value, ...inside.gradients]);
  });
}

/** a * b with its gradient written out and both operands saved as copies. */
function multiplyByHand(
  ops: Backend,
  a: Tensor,
  b: Tensor,
  copies: Tensor[] = [],
  onBackward: (alive: readonly boolean[]) => void = () => {},
) {
  return ops.customGradient([a, b], () => {
    const saved = [ops.clone(a), ops.clone(b)];
    copies.push(...saved);
    return {
      value: ops.multiply(a, b),
      saved,
      backward: (upstream, [savedA, savedB]) => {
        onBackward([savedA?.disposed === false, savedB?.disposed === false]);
        return [ops.multiply(upstream, savedB as Tensor), ops.multiply(upstream, savedA as Tensor)];
      },
    };
  });
}
