/** `capture`: a recorded function gives what a plain call gives, whatever happened to the tensors it uses. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll } from "./calls.ts";
import { type Check, expectCode } from "./suite.ts";

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

  check("a captured step appends to a cache at the places that its input names", async (ops) => {
    const [R, C, H] = [2, 5, 3];
    using cache = ops.zeros([R, C, H]);
    using expected = ops.zeros([R, C, H]);
    const attend = (target: Tensor, [update, starts]: readonly Tensor[]): Tensor[] =>
      ops.tidy(() => {
        ops.writeSlice(target, update as Tensor, { axis: 1, start: starts as Tensor });
        return [ops.sum(ops.square(target), { axis: -1 }), ops.affine(update as Tensor, { scale: 2 })];
      });
    using captured = ops.capture((inputs) => attend(cache, inputs));
    const views: { readonly view: Tensor; readonly want: Tensor }[] = [];
    for (let step = 0; step < 4; step++) {
      const values = Float32Array.from({ length: R * H }, (_, i) => i + 10 * step + 1);
      using update = ops.tensor(values, [R, 1, H]);
      using starts = ops.tensor(Int32Array.from([step, step === 0 ? 4 : step - 1]), [R]);
      if (!ops.capabilities.inPlaceWrite) {
        await expectCode(() => captured.run([update, starts]), "UNSUPPORTED_OP");
        return;
      }
      const want = attend(expected, [update, starts]);
      await expectAll(ops, captured.run([update, starts]), want);
      disposeAll(want);
      await expectClose(ops, cache, await ops.read(expected));
      // One of what it is now, which the steps to come must not change.
      views.push({ view: ops.clone(cache), want: ops.affine(expected, {}) });
      if (step === 1) disposeAll(views.splice(0).flatMap(({ view, want: old }) => [view, old]));
    }
    for (const { view, want } of views) await expectClose(ops, view, await ops.read(want));
    disposeAll(views.flatMap(({ view, want }) => [view, want]));
  });

  check(
    "results of a captured function may look at its input, at a tensor from outside, and at each other",
    async (ops) => {
      using outer = ops.tensor([5, 6], [2]);
      using captured = ops.capture(([x]) => {
        const doubled = ops.affine(x as Tensor, { scale: 2 });
        return [ops.clone(x as Tensor), ops.reshape(outer, [2]), doubled, ops.reshape(doubled, [1, 2])];
      });
      for (let run = 1; run <= 3; run++) {
        using x = ops.tensor([run, -run], [2]);
        const results = captured.run([x]);
        using next = ops.full([2], run);
        ops.assign(outer, next);
        const before = run === 1 ? [5, 6] : [run - 1, run - 1];
        const want = [[run, -run], before, [2 * run, -2 * run], [2 * run, -2 * run]];
        for (const [at, result] of results.entries()) await expectClose(ops, result, want[at] as number[]);
        disposeAll(results);
      }
    },
  );

  check("a captured function keeps nothing alive and takes the memory of a plain call", (ops) => {
    using weight = ops.ones([16, 16]);
    using x = ops.ones([16, 16]);
    const step = ([input]: readonly Tensor[]) => [
      ops.tidy(() => ops.matmul(ops.tanh(ops.matmul(input as Tensor, weight)), weight)),
    ];
    const before = ops.memory();
    const captured = ops.capture(step);
    for (let run = 0; run < 4; run++) {
      disposeAll(captured.run([x]));
      expect(ops.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    }
    captured[Symbol.dispose]();
    expect(ops.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    // At the peak the two products and what stands between them; with other tensors alive, as much more.
    using ballast = ops.ones([1024, 1024]);
    using again = ops.capture(step);
    for (let run = 0; run < 3; run++) disposeAll(again.run([x]));
    expect(ops.memory().peakBytes).toBeGreaterThanOrEqual(before.bytes + ballast.size * 4 + 2 * 16 * 16 * 4);
  });

  check("what a captured function makes and does not return is disposed", async (ops) => {
    let kept: Tensor | null = null;
    using captured = ops.capture(([x]) => {
      kept = ops.square(x as Tensor);
      return [ops.tanh(x as Tensor)];
    });
    using x = ops.ones([2]);
    disposeAll(captured.run([x]));
    await expectCode(() => ops.square(kept as unknown as Tensor), "TENSOR_DISPOSED");
  });

  check(
    "inside valueAndGrad a captured function is differentiated, before and after other runs",
    async (ops) => {
      using weight = ops.tensor([2, -1], [2]);
      using captured = ops.capture(([x]) => [ops.sum(ops.multiply(ops.square(weight), x as Tensor))]);
      using x = ops.tensor([3, 5], [2]);
      for (let run = 0; run < 3; run++) {
        const { value, gradients } = ops.valueAndGrad(() => captured.run([x])[0] as Tensor, [weight]);
        await expectClose(ops, value, [17]);
        await expectClose(ops, gradients[0] as Tensor, [12, -10]);
        const [plain] = captured.run([x]) as [Tensor];
        await expectClose(ops, plain, [17]);
        disposeAll([value, ...gradients, plain]);
      }
    },
  );

  check("a captured function may differentiate", async (ops) => {
    using weight = ops.tensor([2, -1], [2]);
    using captured = ops.capture(([x]) => {
      const { value, gradients } = ops.valueAndGrad(
        () => ops.tidy(() => ops.sum(ops.multiply(ops.square(weight), x as Tensor))),
        [weight],
      );
      return [value, ...gradients];
    });
    for (let run = 1; run <= 3; run++) {
      using x = ops.tensor([run, 5], [2]);
      const results = captured.run([x]);
      const [value, gradient] = results as [Tensor, Tensor];
      const [a = 0, b = 0] = await ops.read(weight);
      await expectClose(ops, value, [run * a * a + 5 * b * b]);
      await expectClose(ops, gradient, [2 * run * a, 10 * b]);
      ops.tidy(() => ops.assign(weight, ops.affine(weight, { shift: 1 })));
      disposeAll(results);
    }
  });

  check("a captured function calls another", async (ops) => {
    using weight = ops.tensor([1, 2, 3, 4], [2, 2]);
    using inner = ops.capture(layer(ops, weight));
    using outer = ops.capture(([x]) => ops.tidy(() => inner.run([ops.square(x as Tensor)])));
    for (let run = 0; run < 3; run++) {
      using x = ops.full([2, 2], run);
      using squared = ops.square(x);
      const want = layer(ops, weight)([squared]);
      await expectAll(ops, outer.run([x]), want);
      await expectAll(ops, inner.run([squared]), want);
      disposeAll(want);
    }
  });

  check("a captured function refuses what is not like its first inputs, and goes on", async (ops) => {
    using captured = ops.capture(([x]) => [ops.affine(x as Tensor, { scale: 3 })]);
    using x = ops.tensor([1, 2], [2]);
    using long = ops.ones([3]);
    using integers = ops.ones([2], "int32");
    disposeAll(captured.run([x]));
    for (let run = 0; run < 2; run++) {
      await expectCode(() => captured.run([long]), "SHAPE_MISMATCH");
      await expectCode(() => captured.run([integers]), "DTYPE_MISMATCH");
      await expectCode(() => captured.run([x, x]), "INVALID_ARGUMENT");
      const [y] = captured.run([x]) as [Tensor];
      await expectClose(ops, y, [3, 6]);
      y.dispose();
    }
  });

  check(
    "what a captured function throws reaches the caller, and the next run is as if it had not been",
    async (ops) => {
      using wide = ops.ones([3]);
      let isBroken = true;
      using captured = ops.capture(([x]) =>
        ops.tidy(() => {
          const y = ops.square(x as Tensor);
          return [isBroken ? ops.add(y, wide) : ops.negate(y)];
        }),
      );
      using x = ops.tensor([1, 2], [2]);
      await expectCode(() => captured.run([x]), "SHAPE_MISMATCH");
      isBroken = false;
      for (let run = 0; run < 3; run++) {
        const [y] = captured.run([x]) as [Tensor];
        await expectClose(ops, y, [-1, -4]);
        y.dispose();
      }
    },
  );

  check("a captured function ends with its dispose(), or with that of a tensor that it uses", async (ops) => {
    const weight = ops.ones([2]);
    using x = ops.ones([2]);
    const captured = ops.capture(([given]) => [ops.add(given as Tensor, weight)]);
    disposeAll(captured.run([x]));
    disposeAll(captured.run([x]));
    weight.dispose();
    // Whoever takes the place of the weight is not taken for it.
    using other = ops.full([2], 7);
    await expectCode(() => captured.run([x]), "TENSOR_DISPOSED");
    captured[Symbol.dispose]();
    await expectCode(() => captured.run([x]), "TENSOR_DISPOSED");
    await expectClose(ops, other, [7, 7]);
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
