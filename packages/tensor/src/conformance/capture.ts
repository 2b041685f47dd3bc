/** `capture`: a recorded function gives what a plain call gives, whatever happened to the tensors it uses. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import type { Check } from "./suite.ts";

export function capture(check: Check): void {
  check("a captured function gives what a plain call gives, at every run", async (ops) => {
    using weight = ops.tensor([1, 2, 3, 4], [2, 2]);
    const step = layer(ops, weight);
    const captured = ops.capture(step);
    for (let run = 0; run < 3; run++) {
      using x = ops.tensor([run, -1, 0.5, run / 2], [2, 2]);
      const want = step([x]);
      await expectAll(ops, captured.run([x]), want);
      disposeAll(want);
    }
    captured[Symbol.dispose]();
  });

  check("results of an earlier run keep their values when it runs again", async (ops) => {
    using weight = ops.tensor([1, 2, 3, 4], [2, 2]);
    const captured = ops.capture(layer(ops, weight));
    const runs = [1, -2, 3].map((value) => {
      using x = ops.full([2, 2], value);
      return { value, results: captured.run([x]) };
    });
    for (const { value, results } of runs) {
      using sum = ops.full([2], 10 * value);
      using activation = ops.tensor(
        [4, 6, 4, 6].map((x) => Math.tanh(x * value)),
        [2, 2],
      );
      await expectAll(ops, results, [activation, sum]);
    }
    captured[Symbol.dispose]();
  });

  check("a captured function sees a weight that was assigned since", async (ops) => {
    using weight = ops.tensor([1, 2, 3, 4], [2, 2]);
    using x = ops.ones([2, 2]);
    const step = layer(ops, weight);
    const captured = ops.capture(step);
    for (let run = 0; run < 3; run++) {
      const want = step([x]);
      await expectAll(ops, captured.run([x]), want);
      disposeAll(want);
      ops.tidy(() => ops.assign(weight, ops.affine(weight, { scale: -0.5 })));
    }
    captured[Symbol.dispose]();
  });

  check("a captured function may be disposed twice, and without having run", (ops) => {
    const captured = ops.capture(([x]) => [ops.square(x as Tensor)]);
    captured[Symbol.dispose]();
    expect(() => captured[Symbol.dispose]()).not.toThrow();
  });
}

function layer(ops: Backend, weight: Tensor): (inputs: readonly Tensor[]) => Tensor[] {
  return ([x]) =>
    ops.tidy(() => {
      const y = ops.matmul(x as Tensor, weight);
      return [ops.tanh(y), ops.sum(y, { axis: -1 })];
    });
}

/** Compares and disposes `got`. */
async function expectAll(ops: Backend, got: readonly Tensor[], want: readonly Tensor[]): Promise<void> {
  expect(got).toHaveLength(want.length);
  for (const [at, result] of got.entries()) {
    const plain = want[at] as Tensor;
    await expectClose(ops, result, await ops.read(plain), { shape: plain.shape });
  }
  disposeAll(got);
}
