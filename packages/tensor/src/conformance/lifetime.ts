/** Handles: who owns what, until when, and what `memory` says about it. */

import { expect } from "vitest";
import type { Tensor } from "../contract.ts";
import { expectClose } from "../testing/expect-close.ts";
import { callOperation, disposeAll } from "./calls.ts";
import { opCases, upload } from "./fixture.ts";
import { type Check, expectCode } from "./suite.ts";

/** The first case of every operation that takes tensors. */
const oneCasePerOp = [...new Map(opCases.filter((c) => c.inputs.length > 0).map((c) => [c.op, c])).values()];

export function lifetime(check: Check): void {
  for (const testCase of oneCasePerOp) {
    check(`${testCase.op} of a disposed tensor throws TENSOR_DISPOSED`, async (ops) => {
      for (const dead of testCase.inputs.keys()) {
        const inputs = testCase.inputs.map((x) => upload(ops, x));
        inputs[dead]?.dispose();
        await expectCode(() => callOperation(ops, testCase.op, inputs, testCase.args), "TENSOR_DISPOSED");
        disposeAll(inputs);
      }
    });
  }

  check("every other use of a disposed tensor throws TENSOR_DISPOSED", async (ops) => {
    using live = ops.ones([2]);
    const dead = ops.ones([2]);
    dead.dispose();
    const uses: (() => unknown)[] = [
      () => ops.read(dead),
      () => ops.assign(dead, live),
      () => ops.assign(live, dead),
      () => ops.stopGradient(dead),
      () => ops.valueAndGrad(() => ops.sum(live), [dead]),
      () => ops.checkpoint(([x]) => ops.square(x as Tensor), [dead]),
      () => ops.customGradient([dead], () => ({ value: ops.clone(live), saved: [], backward: () => [null] })),
    ];
    for (const use of uses) await expectCode(use, "TENSOR_DISPOSED");
    await expectClose(ops, live, [1, 1]);
  });

  check("dispose is idempotent, and Symbol.dispose is the same", (ops) => {
    const before = ops.memory().tensors;
    const x = ops.ones([2]);
    const y = ops.ones([2]);
    x.dispose();
    x.dispose();
    x[Symbol.dispose]();
    expect(x.disposed).toBe(true);
    expect(y.disposed).toBe(false);
    expect(ops.memory().tensors - before).toBe(1);
    y[Symbol.dispose]();
    expect(y.disposed).toBe(true);
  });

  check("results that could share memory with their operand outlive it", async (ops) => {
    const x = ops.tensor([1, 2, 3, 4], [2, 2]);
    const results: [Tensor, readonly number[]][] = [
      [ops.clone(x), [1, 2, 3, 4]],
      [ops.reshape(x, [4]), [1, 2, 3, 4]],
      [ops.reshape(x, [2, 2]), [1, 2, 3, 4]],
      [ops.cast(x, "float32"), [1, 2, 3, 4]],
      [ops.stopGradient(x), [1, 2, 3, 4]],
      [ops.transpose(x), [1, 3, 2, 4]],
      [ops.transpose(x, [0, 1]), [1, 2, 3, 4]],
      [ops.broadcastTo(x, [2, 2]), [1, 2, 3, 4]],
      [ops.slice(x, [0, 0], [2, 2]), [1, 2, 3, 4]],
      [ops.slice(x, [1, 0], [1, 2]), [3, 4]],
      [ops.concat([x], 0), [1, 2, 3, 4]],
      [ops.affine(x, {}), [1, 2, 3, 4]],
      [ops.sum(x, { axis: [] }), [1, 2, 3, 4]],
    ];
    x.dispose();
    using filler = ops.full([2, 2], 7); // would take the place of a buffer freed too early
    for (const [result, want] of results) {
      expect(result.disposed).toBe(false);
      await expectClose(ops, result, want);
    }
    await expectClose(ops, filler, [7, 7, 7, 7]);
    disposeAll(results.map(([result]) => result));
  });

  check("an operand outlives a result that could share its memory", async (ops) => {
    using x = ops.tensor([1, 2, 3, 4], [2, 2]);
    for (const make of [ops.clone, ops.stopGradient]) make.call(ops, x).dispose();
    ops.reshape(x, [4]).dispose();
    ops.cast(x, "float32").dispose();
    using filler = ops.full([2, 2], 7);
    await expectClose(ops, x, [1, 2, 3, 4]);
    await expectClose(ops, filler, [7, 7, 7, 7]);
  });

  check("a read that was begun before dispose still gives the value", async (ops) => {
    const x = ops.tensor([1, 2, 3], [3]);
    const y = ops.square(x);
    x.dispose();
    const reading = ops.read(y);
    y.dispose();
    using filler = ops.full([3], 7);
    expect(Array.from(await reading)).toEqual([1, 4, 9]);
    await expectClose(ops, filler, [7, 7, 7]);
  });

  check("memory counts tensors and bytes that live, and the most that ever did", (ops) => {
    const before = ops.memory();
    const xs = [ops.zeros([25, 40]), ops.zeros([1000], "int32"), ops.zeros([1000], "bool")];
    const during = ops.memory();
    expect(during.tensors - before.tensors).toBe(3);
    expect(during.bytes - before.bytes).toBeGreaterThanOrEqual(9000);
    expect(during.peakBytes).toBeGreaterThanOrEqual(during.bytes);
    disposeAll(xs);
    const after = ops.memory();
    expect(after.tensors).toBe(before.tensors);
    expect(after.bytes).toBe(before.bytes);
    expect(after.peakBytes).toBe(during.peakBytes);
  });

  check("tidy disposes what was made and not returned, in nested containers too", async (ops) => {
    const before = ops.memory().tensors;
    using outside = ops.ones([2]);
    let lost: Tensor | undefined;
    const kept = ops.tidy(() => {
      lost = ops.add(outside, outside);
      const deep = { list: [ops.square(lost), { inner: ops.negate(lost) }], count: 3, none: null };
      return deep;
    });
    expect(lost?.disposed).toBe(true);
    expect(outside.disposed).toBe(false);
    expect(kept.count).toBe(3);
    expect(ops.memory().tensors - before).toBe(3);
    const [square, { inner }] = kept.list as [Tensor, { inner: Tensor }];
    await expectClose(ops, square, [4, 4]);
    await expectClose(ops, inner, [-2, -2]);
    disposeAll([square, inner]);
  });

  check("tidy passes on what is not a tensor untouched", (ops) => {
    const when = new Date(0);
    const result = ops.tidy(() => ({ call: () => 7, when, text: "x", map: new Map([[1, 2]]) }));
    expect(result.call()).toBe(7);
    expect(result.when).toBe(when);
    expect(result.map.get(1)).toBe(2);
    expect(ops.tidy(() => undefined)).toBeUndefined();
    expect(ops.tidy(() => 5)).toBe(5);
  });

  check("what an inner tidy returns belongs to the outer one", (ops) => {
    let inner: Tensor | undefined;
    let innermost: Tensor | undefined;
    const sum = ops.tidy(() => {
      inner = ops.tidy(() => {
        innermost = ops.ones([2]);
        return ops.square(innermost);
      });
      expect(innermost?.disposed).toBe(true);
      expect(inner.disposed).toBe(false);
      return ops.sum(inner);
    });
    expect(inner?.disposed).toBe(true);
    expect(sum.disposed).toBe(false);
    sum.dispose();
  });

  check("tidy disposes everything when its function throws", (ops) => {
    const before = ops.memory().tensors;
    const act = () =>
      ops.tidy(() => {
        ops.tidy(() => ops.ones([3]));
        ops.ones([2]);
        throw new RangeError("stop");
      });
    expect(act).toThrow(RangeError);
    expect(ops.memory().tensors).toBe(before);
    using afterwards = ops.ones([1]); // does not belong to the tidy that failed
    expect(afterwards.disposed).toBe(false);
  });

  check("tidy leaves alone what was made before it, and what is returned twice", (ops) => {
    using x = ops.ones([2]);
    const [same, again, y] = ops.tidy(() => {
      const made = ops.square(x);
      return [x, made, made] as const;
    });
    expect(same).toBe(x);
    expect(x.disposed).toBe(false);
    expect(again).toBe(y);
    expect(y.disposed).toBe(false);
    y.dispose();
  });

  check("a thousand short-lived tensors leave no trace", (ops) => {
    using x = ops.ones([8, 8]);
    const before = ops.memory();
    for (let i = 0; i < 200; i++) {
      using y = ops.matmul(x, x);
      using z = ops.add(y, x);
      ops.tidy(() => ops.sum(ops.exp(ops.affine(z, { scale: -1 })))).dispose();
    }
    expect(ops.memory().tensors).toBe(before.tensors);
    expect(ops.memory().bytes).toBe(before.bytes);
  });
}
