/** What the tape holds and for how long; that its gradients are right is the conformance suite's part. */

import type { Tensor } from "@soft-tokens/tensor";
import { afterEach, describe, expect, it } from "vitest";
import { createTfjsBackend, type TfjsBackend } from "../create.ts";

const SIZE = 1000;
const BYTES = 4 * SIZE;
const STEPS = 20;

let ops: TfjsBackend;
afterEach(() => ops.dispose());

describe.each(["cpu", "wasm"] as const)("the tape on %s", (variant) => {
  it("releases each saved value once it has been used, so that the backward pass needs little more", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.ones([SIZE]);
    let atTheEndOfForward = 0;
    disposeAll(
      ops.valueAndGrad(() => {
        const value = chain(x);
        atTheEndOfForward = ops.memory().bytes;
        return value;
      }, [x]),
    );
    expect(atTheEndOfForward).toBeGreaterThan(STEPS * BYTES);
    expect(ops.memory().peakBytes).toBeLessThan(atTheEndOfForward + 5 * BYTES);
    expect(ops.memory().bytes).toBe(BYTES);
  });

  it("keeps a checkpoint's inputs only", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.ones([SIZE]);
    disposeAll(
      ops.valueAndGrad(() => {
        let h: Tensor = x;
        for (let part = 0; part < 4; part++) h = ops.checkpoint(([y]) => steps(y as Tensor, STEPS / 4), [h]);
        return ops.sum(h);
      }, [x]),
    );
    expect(ops.memory().peakBytes).toBeLessThan((STEPS / 4 + 12) * BYTES);
  });

  it("records nothing for what no parameter reaches", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.ones([SIZE]);
    using scale = ops.ones([]);
    disposeAll(
      ops.valueAndGrad(
        () =>
          ops.multiply(
            ops.tidy(() => chain(x)),
            scale,
          ),
        [scale],
      ),
    );
    expect(ops.memory().peakBytes).toBeLessThan((STEPS + 6) * BYTES);
    let during = 0;
    disposeAll(
      ops.valueAndGrad(() => {
        const constant = ops.tidy(() => chain(x));
        during = ops.memory().bytes;
        return ops.multiply(constant, scale);
      }, [scale]),
    );
    expect(during).toBeLessThan(2 * BYTES);
  });

  it("leaves nothing behind when the function throws, forward or backward", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.ones([SIZE]);
    const before = ops.memory();
    const failForward = () => {
      chain(x);
      throw new RangeError("forward");
    };
    expect(() => ops.valueAndGrad(failForward, [x])).toThrowError("forward");
    const failBackward = () => {
      const h = ops.customGradient([steps(x, 3)], () => ({
        value: ops.zeros([SIZE]),
        saved: [ops.ones([SIZE])],
        backward: () => {
          ops.ones([SIZE]);
          throw new RangeError("backward");
        },
      }));
      return ops.sum(h.value);
    };
    expect(() => ops.valueAndGrad(failBackward, [x])).toThrowError("backward");
    expect(() =>
      ops.tidy(() => ops.valueAndGrad(() => ops.checkpoint(() => failForward(), [x]), [x])),
    ).toThrowError("forward");
    expect(ops.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    using y = ops.square(x);
    expect(y.disposed).toBe(false);
  });

  it("refuses a gradient that is not of its input's shape, by name", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.ones([2, 3]);
    const wrong = () =>
      ops.customGradient([x], () => ({ value: ops.sum(x), saved: [], backward: () => [ops.ones([3, 2])] }))
        .value;
    expect(() => ops.valueAndGrad(wrong, [x])).toThrowError(
      "customGradient: the gradient of input 0 has shape [3, 2], wanted [2, 3]",
    );
  });

  it("adds to one gradient without changing another that has the same memory", async () => {
    ops = await createTfjsBackend({ variant });
    using a = ops.full([4], 3);
    using b = ops.full([4], 5);
    const result = ops.valueAndGrad(() => {
      const squares = ops.sum(ops.square(a));
      return ops.add(ops.sum(ops.add(a, b)), squares); // backwards, a and b get one and the same gradient first
    }, [a, b]);
    const [byA, byB] = await Promise.all(result.gradients.map((gradient) => ops.read(gradient)));
    expect([byA?.[0], byB?.[0]]).toEqual([7, 1]);
    disposeAll(result);
  });

  it("differentiates a pass inside a pass, each by its own parameters", async () => {
    ops = await createTfjsBackend({ variant });
    using x = ops.full([], 3);
    const outer = ops.valueAndGrad(() => {
      const inner = ops.valueAndGrad(() => ops.multiply(ops.square(x), x), [x]);
      return ops.multiply(x, inner.gradients[0] as Tensor); // the inner gradient, 27, is a constant here
    }, [x]);
    expect((await ops.read(outer.value))[0]).toBe(81);
    expect((await ops.read(outer.gradients[0] as Tensor))[0]).toBe(27);
    disposeAll(outer);
  });
});

function chain(x: Tensor): Tensor {
  return ops.sum(steps(x, STEPS));
}

/** Each step saves one value of the size of x. */
function steps(x: Tensor, count: number): Tensor {
  let h: Tensor = ops.clone(x);
  for (let step = 0; step < count; step++) {
    const next = ops.square(h);
    h.dispose();
    h = next;
  }
  return h;
}

function disposeAll(result: { readonly value: Tensor; readonly gradients: readonly Tensor[] }): void {
  for (const tensor of [result.value, ...result.gradients]) tensor.dispose();
}
