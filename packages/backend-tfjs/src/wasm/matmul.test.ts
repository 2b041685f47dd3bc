import { afterAll, describe, expect, it } from "vitest";
import { openBothBackends, withGradients } from "../test-support/both-backends.ts";

const both = await openBothBackends();
afterAll(() => both.dispose());

const ORIENTATIONS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** Rows below, at and beside a tile; inner and column lengths across the blocks of 256 and 512. */
const SIZES = [
  [1, 1, 1],
  [1, 24, 13],
  [2, 7, 9],
  [3, 33, 18],
  [4, 8, 8],
  [5, 9, 7],
  [6, 257, 3],
  [9, 256, 16],
  [7, 300, 521],
  [64, 96, 100],
] as const;

describe.each(ORIENTATIONS)("products with transposeA %s and transposeB %s", (transposeA, transposeB) => {
  const shapesOf = ([M, K, N]: readonly [number, number, number]) => [
    transposeA ? [K, M] : [M, K],
    transposeB ? [N, K] : [K, N],
  ];

  it.each(SIZES)("[%i, %i] x [%i] agrees with plain JavaScript", async (...sizes) => {
    await both.compare(shapesOf(sizes), (ops, [a, b]) =>
      a && b ? ops.matmul(a, b, { transposeA, transposeB }) : [],
    );
  });

  it.each([
    [[3], []],
    [[], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 1], [3]],
    [
      [2, 1, 2],
      [1, 3, 1],
    ],
  ])("batches %j and %j broadcast, gradients included", async (batchA, batchB) => {
    const [a = [], b = []] = shapesOf([5, 6, 7]);
    await both.compare(
      [
        [...batchA, ...a],
        [...batchB, ...b],
      ],
      withGradients((ops, inputs) => {
        const [x, y] = inputs;
        if (!x || !y) throw new Error("two operands");
        return ops.matmul(x, y, { transposeA, transposeB });
      }),
    );
  });
});

describe("one operand under several shapes", () => {
  it("gives each product its own shape of it", async () => {
    // The stock kernel's cache of packed operands knows an operand's id and not its shape.
    await both.compare(
      [
        [3, 4],
        [4, 6],
        [3, 8],
      ],
      (ops, [a, w, c]) => (a && w && c ? [ops.matmul(a, w), ops.matmul(c, ops.reshape(w, [8, 3]))] : []),
    );
  });

  it("sees what was written into it between two products", async () => {
    const { wasm } = both;
    using a = wasm.ones([4, 3]);
    using w = wasm.ones([3, 8]);
    using before = wasm.matmul(a, w);
    using row = wasm.full([1, 8], 5);
    wasm.writeSlice(w, row, { axis: 0, start: 1 });
    using after = wasm.matmul(a, w);
    expect((await wasm.read(before))[0]).toBe(3);
    expect((await wasm.read(after))[0]).toBe(7);
  });

  it("multiplies nothing by nothing", async () => {
    await both.compare(
      [
        [2, 0],
        [0, 3],
      ],
      (ops, [a, b]) => (a && b ? ops.matmul(a, b) : []),
    );
  });
});
