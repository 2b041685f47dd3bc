import { afterAll, describe, expect, it } from "vitest";
import { createTfjsBackend } from "../create.ts";

const ops = await createTfjsBackend({ variant: "wasm" });
afterAll(() => ops.dispose());

describe("the heap", () => {
  it("says OUT_OF_MEMORY where it cannot grow, and goes on", async () => {
    // More than is left, and more than an address can say.
    for (const size of [2 ** 30 - 2 ** 14 - 8, 2 ** 30, 2 ** 40]) {
      expect(() => ops.zeros([size])).toThrowError(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    }
    using x = ops.ones([3]);
    expect(Array.from(await ops.read(x))).toEqual([1, 1, 1]);
  });

  it("keeps every value when it grows, in operations that allocate in between", async () => {
    const rows = 2 ** 12;
    using a = ops.full([rows, 4], 2);
    using ids = ops.tensor(
      Int32Array.from({ length: 4 * rows }, (_, i) => i % rows),
      [4 * rows],
    );
    const held = Array.from({ length: 6 }, () => ops.zeros([2 ** 20]));
    using taken = ops.takeRows(a, ids);
    using product = ops.matmul(a, a, { transposeB: true });
    using total = ops.logSumExp(product);
    expect((await ops.read(product))[rows * rows - 1]).toBe(16);
    expect((await ops.read(taken))[16 * rows - 1]).toBe(2);
    expect((await ops.read(total))[7]).toBeCloseTo(16 + Math.log(rows), 4);
    for (const x of held) x.dispose();
  });

  it("neither leaks arrays nor grows over fifty steps of the same work", () => {
    using w = ops.full([32, 32], 0.1);
    using x = ops.ones([16, 32]);
    const step = () => {
      const { value, gradients } = ops.valueAndGrad(() => {
        const hidden = ops.checkpoint(([h]) => ops.silu(ops.matmul(h ?? x, w)), [x]);
        return ops.sum(ops.logSoftmax(ops.matmul(hidden, w, { transposeB: true })));
      }, [w]);
      for (const handle of [value, ...gradients]) handle.dispose();
    };
    step();
    const { tensors, bytes, peakBytes } = ops.memory();
    for (let i = 0; i < 50; i++) step();
    expect(ops.memory()).toEqual({ tensors, bytes, peakBytes });
  });

  it("of two backends in one process is shared without harm", async () => {
    const other = await createTfjsBackend({ variant: "wasm" });
    using mine = ops.full([8], 3);
    const theirs = other.full([8], 4);
    expect(() => ops.add(mine, theirs)).toThrowError(/another backend/);
    other.dispose();
    using sum = ops.add(mine, mine);
    expect(Array.from(await ops.read(sum))).toEqual(Array(8).fill(6));
    expect(() => other.zeros([1])).toThrowError(/disposed/);
  });
});
