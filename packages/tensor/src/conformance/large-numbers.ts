/** Large finite inputs of the layers: what is representable is computed, forward and backward, and not lost in a square on the way. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectNumbersClose } from "../testing/expect-close.ts";
import { toleranceOf } from "../testing/tolerance.ts";
import { disposeAll } from "./calls.ts";
import { callLayer, type Form, layerForms } from "./fused-calls.ts";
import type { Check } from "./suite.ts";

/** Ragged against vectors, and longer than a few of them. */
const WIDTHS = [3, 37];

export function largeNumbers(check: Check): void {
  check(
    "rmsNorm of rows up to 1e38 is that of the same rows made small, and so are its gradients",
    async (ops) => {
      for (const D of WIDTHS) {
        const small = Array.from({ length: 2 * D }, (_, at) => Math.fround(Math.sin(at + 1)));
        const weight = Array.from({ length: D }, (_, at) => Math.fround(Math.cos(at)));
        for (const form of layerForms(ops, "rmsNorm")) {
          const wanted = await normOf(ops, form, small, weight, 1);
          // Powers of two, so that the rows are the same but for their size.
          for (const scale of [2 ** 45, 2 ** 62, 2 ** 100, 2 ** 127]) {
            const got = await normOf(ops, form, small, weight, scale);
            if (isOnDevice(ops) && scale > 2 ** 60) {
              expect(got.y.every(Number.isFinite), `${form}, ${scale}`).toBe(true);
              continue;
            }
            expectNumbersClose(got.y, wanted.y, toleranceOf("float32"));
            expectNumbersClose(got.dw, wanted.dw, toleranceOf("float32"));
            // A gradient by numbers so large is small: below 2^-126 it has fewer digits.
            if (scale < 2 ** 110)
              expectNumbersClose(
                got.dx.map((x) => x * scale),
                wanted.dx,
                toleranceOf("float32"),
              );
            else expect(got.dx.every((x) => Math.abs(x) < 1e-30)).toBe(true);
          }
        }
      }
    },
  );

  check("rmsNorm of a row with a number that is none is none, however large its others are", async (ops) => {
    for (const form of layerForms(ops, "rmsNorm")) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        using x = ops.tensor([bad, 1, 2, 1e30, bad, 1e30], [2, 3]);
        using weight = ops.ones([3]);
        using y = callLayer(ops, "rmsNorm", form, { x, weight }, { epsilon: 1e-6 });
        const got = Array.from(await ops.read(y));
        expect([got[0], got[4]], form).toEqual([Number.NaN, Number.NaN]);
      }
    }
  });

  check("gatedMlp and attention of large inputs have finite values and gradients", async (ops) => {
    using large = ops.tensor([1e15, -1e15, 1e-3, 2], [2, 2]);
    using plain = ops.tensor([0.5, -0.25, 1, 0.75], [2, 2]);
    for (const form of layerForms(ops, "gatedMlp")) {
      const x = { x: large, gate: plain, up: plain, down: plain };
      await expectFinite(ops, () => callLayer(ops, "gatedMlp", form, x, {}), [large, plain]);
    }
    using query = ops.tensor([1e18, -1e18, 1, 1], [1, 1, 2, 2]);
    using key = ops.tensor([1e18, 1, -1e18, 3], [1, 1, 2, 2]);
    using value = ops.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    for (const form of layerForms(ops, "attention")) {
      const x = { query, key, value };
      await expectFinite(ops, () => callLayer(ops, "attention", form, x, { scale: 0.5 }), [
        query,
        key,
        value,
      ]);
    }
  });
}

/** Result and gradients of rmsNorm of `rows * scale`. */
async function normOf(
  ops: Backend,
  form: Form,
  rows: readonly number[],
  weights: readonly number[],
  scale: number,
): Promise<{ y: number[]; dx: number[]; dw: number[] }> {
  const D = weights.length;
  using x = ops.tensor(
    rows.map((value) => value * scale),
    [rows.length / D, D],
  );
  using weight = ops.tensor(weights, [D]);
  using upstream = ops.tensor(
    rows.map((_, at) => Math.cos(3 * at)),
    [rows.length / D, D],
  );
  const result = ops.valueAndGrad(() => {
    const y = callLayer(ops, "rmsNorm", form, { x, weight }, { epsilon: 0 });
    return { value: ops.tidy(() => ops.sum(ops.multiply(y, upstream))), aux: [y] };
  }, [x, weight]);
  const read = async (tensor: Tensor | undefined) => Array.from(await ops.read(tensor as Tensor));
  const got = {
    y: await read(result.aux[0]),
    dx: await read(result.gradients[0]),
    dw: await read(result.gradients[1]),
  };
  disposeAll([result.value, ...result.gradients, ...result.aux]);
  return got;
}

async function expectFinite(ops: Backend, call: () => Tensor, wrt: readonly Tensor[]): Promise<void> {
  const result = ops.valueAndGrad(() => ops.tidy(() => ops.mean(call())), wrt);
  for (const tensor of [result.value, ...result.gradients]) {
    expect(Array.from(await ops.read(tensor)).every(Number.isFinite)).toBe(true);
  }
  disposeAll([result.value, ...result.gradients]);
}

function isOnDevice(ops: Backend): boolean {
  return ops.memory().availableBytes !== undefined;
}
