/** Every operation against stored PyTorch values, in every float dtype that the backend declares. */

import { expect } from "vitest";
import { expectClose } from "../testing/expect-close.ts";
import { callOperation, disposeAll, dtypesOf, outputDtype } from "./calls.ts";
import { opCases, upload } from "./fixture.ts";
import type { Check } from "./suite.ts";

export function values(check: Check): void {
  for (const testCase of opCases) {
    check(`${testCase.op}: ${testCase.title}`, async (ops) => {
      for (const dtype of dtypesOf(ops, testCase)) {
        const inputs = testCase.inputs.map((x) => upload(ops, x, dtype));
        const outputs = callOperation(ops, testCase.op, inputs, testCase.args);
        disposeAll(inputs); // operands are borrowed: results must outlive them
        expect(outputs).toHaveLength(testCase.outputs.length);
        for (const [at, want] of testCase.outputs.entries()) {
          const got = outputs[at];
          if (!got) throw new Error(`no output ${at}`);
          expect(got.dtype).toBe(outputDtype(testCase, want, dtype));
          await expectClose(ops, got, want.data, {
            shape: want.shape,
            dtype: want.dtype === "float32" ? dtype : want.dtype,
          });
        }
        disposeAll(outputs);
      }
    });
  }
}
