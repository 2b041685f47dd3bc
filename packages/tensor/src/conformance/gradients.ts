/** Every differentiable operation against stored PyTorch gradients, and against differences of its own values. */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { expectGradient } from "../testing/expect-gradient.ts";
import { callOperation, disposeAll, dtypesOf } from "./calls.ts";
import { type Case, opCases, upload } from "./fixture.ts";
import type { Check } from "./suite.ts";

export function gradients(check: Check): void {
  for (const testCase of opCases) {
    const { gradient } = testCase;
    if (!gradient) continue;
    const wrt = gradient.inputs.flatMap((x, index) => (x ? [index] : []));

    check(`${testCase.op}: ${testCase.title}`, async (ops) => {
      for (const dtype of dtypesOf(ops, testCase)) {
        const inputs = testCase.inputs.map((x) => upload(ops, x, dtype));
        using upstream = upload(ops, gradient.upstream);
        const parameters = wrt.map((index) => inputs[index] as Tensor);
        const result = ops.valueAndGrad(
          // losses are float32 whatever they are computed from
          () =>
            ops.tidy(() => ops.sum(ops.multiply(ops.cast(call(ops, testCase, inputs), "float32"), upstream))),
          parameters,
        );
        disposeAll(inputs);
        expect(result.gradients).toHaveLength(wrt.length);
        for (const [at, index] of wrt.entries()) {
          const want = gradient.inputs[index];
          const got = result.gradients[at];
          if (!want || !got) throw new Error(`no gradient for input ${index}`);
          expect(got.dtype).toBe(dtype);
          await expectClose(ops, got, want.data, { shape: want.shape });
        }
        disposeAll([result.value, ...result.gradients]);
      }
      const inputs = testCase.inputs.map((x) => upload(ops, x));
      await expectGradient(ops, (xs) => call(ops, testCase, xs), inputs, { wrt });
      disposeAll(inputs);
    });
  }
}

function call(ops: Backend, testCase: Case, inputs: readonly Tensor[]): Tensor {
  return callOperation(ops, testCase.op, inputs, testCase.args)[0] as Tensor;
}
