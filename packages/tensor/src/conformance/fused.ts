/**
 * Fused operations, three ways: the public function, the reference decomposition, and, where the backend declares it,
 * its own form; each against stored PyTorch values and gradients, the own form against the decomposition too.
 */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import type { FloatDType } from "../dtype.ts";
import type { FusedOps } from "../fused/contract.ts";
import { reference, requireFused } from "../fused/index.ts";
import { expectClose } from "../testing/expect-close.ts";
import { expectGradient } from "../testing/expect-gradient.ts";
import { disposeAll, floatDtypes } from "./calls.ts";
import { fusedCases, type NamedCase, upload } from "./fixture.ts";
import { callLayer, type Form, layerForms } from "./fused-calls.ts";
import { type Check, expectCode } from "./suite.ts";

const layers: ReadonlySet<string> = new Set(["rmsNorm", "rotary", "attention", "gatedMlp"]);

export function fused(check: Check): void {
  for (const testCase of fusedCases.filter(({ op }) => layers.has(op))) {
    check(`${testCase.op}: ${testCase.title}`, async (ops) => {
      for (const form of layerForms(ops, testCase.op as keyof FusedOps)) {
        await checkValues(ops, testCase, form, "float32");
        await checkGradients(ops, testCase, form);
      }
    });
  }

  check("rmsNorm, rotary, attention and gatedMlp work in every declared float dtype", async (ops) => {
    for (const dtype of floatDtypes(ops)) {
      for (const testCase of fusedCases.filter(({ op }) => layers.has(op))) {
        if (testCase.title.includes("small") || testCase.title.includes("squares")) continue; // not exact in bfloat16
        for (const form of layerForms(ops, testCase.op as keyof FusedOps))
          await checkValues(ops, testCase, form, dtype);
      }
    }
  });

  check("rmsNorm of a float32 stream has the weight's dtype, its gradient the stream's", async (ops) => {
    for (const dtype of floatDtypes(ops)) {
      using x = ops.tensor([3, 4, -3, 4], [2, 2]); // root mean square sqrt(12.5)
      using weight = ops.tensor([2, -1], [2], dtype);
      for (const form of layerForms(ops, "rmsNorm")) {
        const result = ops.valueAndGrad(() => {
          const y = callLayer(ops, "rmsNorm", form, { x, weight }, { epsilon: 0 });
          expect(y.dtype).toBe(dtype);
          return { value: ops.sum(ops.cast(y, "float32")), aux: [y] };
        }, [x, weight]);
        const [y, dx, dw] = [result.aux[0], ...result.gradients] as [Tensor, Tensor, Tensor];
        expect([dx.dtype, dw.dtype]).toEqual(["float32", dtype]);
        // With s = 1 / sqrt(12.5) and n = x s: y = w n, dx = s (w - n mean(w n)), dw = the sum of n over rows.
        await expectTimes(ops, y, [6, -4, -6, -4], dtype);
        await expectTimes(ops, dx, [1.76, -1.32, 0.8, 0.6], dtype);
        await expectTimes(ops, dw, [0, 8], dtype);
        disposeAll([result.value, ...result.gradients, ...result.aux]);
      }
    }
  });

  check(
    "a fused operation that is not declared throws UNSUPPORTED_OP when asked for, a declared one is there",
    async (ops) => {
      for (const name of Object.keys(reference) as (keyof FusedOps)[]) {
        if (ops.capabilities.fused.has(name)) expect(requireFused(ops, name)).toBeTypeOf("function");
        else {
          expect(ops.fused[name]).toBeUndefined();
          await expectCode(() => requireFused(ops, name), "UNSUPPORTED_OP");
        }
      }
    },
  );

  check("fused operations refuse shapes that do not fit", async (ops) => {
    using x = ops.ones([2, 3]);
    using w4 = ops.ones([4]);
    using query = ops.ones([1, 3, 1, 2]);
    using key = ops.ones([1, 2, 1, 2]);
    await expectCode(() => reference.rmsNorm(ops, x, w4, { epsilon: 1e-5 }), "SHAPE_MISMATCH");
    await expectCode(
      () => reference.attention(ops, { query_BNTH: query, key_BKSH: key, value_BKSH: key, scale: 1 }),
      "SHAPE_MISMATCH",
    );
    await expectCode(() => reference.gatedMlp(ops, x, x, x, x), "SHAPE_MISMATCH");
  });

  check("attention with a shared prefix equals attention over the joined keys", async (ops) => {
    const testCase = fusedCases.find(({ title }) => title === "shared prefix of one prompt");
    if (!testCase) throw new Error("fixture: no such case");
    const inputs = testCase.inputs.map((x) => upload(ops, x));
    const named = Object.fromEntries(testCase.names.map((name, at) => [name, inputs[at] as Tensor]));
    for (const form of layerForms(ops, "attention")) {
      using together = callLayer(ops, "attention", form, named, testCase.args);
      using apart = ops.tidy(() => {
        const join = (prefix: Tensor, own: Tensor) =>
          ops.concat([ops.broadcastTo(prefix, [2, 2, 1, 2]), own], 2);
        const open = ops.zeros([1, 1, 3, 1]);
        const joined = {
          query: named.query as Tensor,
          key: join(named.prefix_key as Tensor, named.key as Tensor),
          value: join(named.prefix_value as Tensor, named.value as Tensor),
          mask: ops.concat([open, named.mask as Tensor], 3),
        };
        return callLayer(ops, "attention", form, joined, { scale: testCase.args.scale });
      });
      await expectClose(ops, together, await ops.read(apart), { shape: apart.shape });
    }
    disposeAll(inputs);
  });
}

async function checkValues(ops: Backend, testCase: NamedCase, form: Form, dtype: FloatDType) {
  const tables = new Set(["cos", "sin", "mask", "prefix_mask"]); // float32 whatever the rest is
  const inputs = testCase.inputs.map((x, at) =>
    upload(ops, x, tables.has(testCase.names[at] as string) ? "float32" : dtype),
  );
  using y = callLayer(ops, testCase.op, form, nameInputs(testCase, inputs), testCase.args);
  const [want] = testCase.outputs;
  if (!want) throw new Error("fixture: no output");
  expect(y.dtype).toBe(dtype);
  await expectClose(ops, y, want.data, { shape: want.shape, dtype });
  disposeAll(inputs);
}

async function checkGradients(ops: Backend, testCase: NamedCase, form: Form): Promise<void> {
  const { gradient } = testCase;
  if (!gradient) return;
  const inputs = testCase.inputs.map((x) => upload(ops, x));
  const wrt = gradient.inputs.flatMap((x, index) => (x ? [index] : []));
  const call = (xs: readonly Tensor[]) =>
    callLayer(ops, testCase.op, form, nameInputs(testCase, xs), testCase.args);
  using upstream = upload(ops, gradient.upstream);
  const result = ops.valueAndGrad(
    () => ops.tidy(() => ops.sum(ops.multiply(call(inputs), upstream))),
    wrt.map((index) => inputs[index] as Tensor),
  );
  for (const [at, index] of wrt.entries()) {
    const want = gradient.inputs[index];
    if (want) await expectClose(ops, result.gradients[at] as Tensor, want.data, { shape: want.shape });
  }
  disposeAll([result.value, ...result.gradients]);
  if (!testCase.title.includes("small")) await expectGradient(ops, call, inputs, { wrt }); // too curved there
  disposeAll(inputs);
}

function nameInputs(testCase: NamedCase, inputs: readonly Tensor[]): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(testCase.names.map((name, at) => [name, inputs[at] as Tensor]));
}

/** Each value is 1 / sqrt(12.5) times the wanted one, within what the dtype holds. */
async function expectTimes(
  ops: Backend,
  x: Tensor,
  wanted: readonly number[],
  dtype: FloatDType,
): Promise<void> {
  const tolerance = dtype === "bfloat16" ? 2 ** -6 : 1e-5;
  const got = Array.from(await ops.read(x));
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, at) => {
    expect(Math.abs((got[at] as number) - value / Math.sqrt(12.5))).toBeLessThan(tolerance);
  });
}
