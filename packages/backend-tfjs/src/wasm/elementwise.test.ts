import type { Backend, Tensor } from "@soft-tokens/tensor";
import { afterAll, describe, expect, it } from "vitest";
import { openBothBackends } from "../test-support/both-backends.ts";

const both = await openBothBackends();
const { wasm } = both;
afterAll(() => both.dispose());

const UNARY = ["negate", "abs", "exp", "sqrt", "rsqrt", "square", "tanh", "sigmoid", "silu", "log"] as const;
const BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const;

describe("element by element", () => {
  it.each(UNARY)("%s agrees with plain JavaScript on every length of tail", async (name) => {
    for (const n of [1, 2, 3, 4, 5, 8, 11]) {
      await both.compare([[n]], (ops, [x]) => (x ? ops[name](positive(ops, x, name)) : []));
    }
  });

  it.each(BINARY)("%s agrees with plain JavaScript however the shapes broadcast", async (name) => {
    const pairs = [
      [[7], [7]],
      [[3, 5], []],
      [[], [3, 5]],
      [
        [3, 5],
        [3, 1],
      ],
      [
        [1, 5],
        [3, 1],
      ],
      [[2, 3, 4, 5], [5]],
      [
        [2, 1, 4, 1],
        [3, 1, 5],
      ],
      [
        [2, 3, 4],
        [1, 3, 1],
      ],
      [[4, 1, 1], [1]],
    ] as const;
    for (const pair of pairs) await both.compare(pair, (ops, [a, b]) => (a && b ? ops[name](a, b) : []));
  });

  it("exp is within two units in the last place from its underflow to its overflow", async () => {
    const x = Float32Array.from({ length: 200_001 }, (_, i) => -87.3 + (i * 176) / 200_000);
    using tensor = wasm.tensor(x, [x.length]);
    using y = wasm.exp(tensor);
    const got = await wasm.read(y);
    let worst = 0;
    for (let i = 0; i < x.length; i++) {
      const want = Math.exp(x[i] as number);
      worst = Math.max(worst, Math.abs((got[i] as number) - want) / want);
    }
    expect(worst).toBeLessThan(2 * 2 ** -23);
  });

  it("exp and what is built on it take infinities, NaN and the ends of the range", async () => {
    const x = [-Infinity, -1e30, -88, 88.7, 88.8, 1e30, Infinity, Number.NaN, 0];
    expect(await apply("exp", x)).toEqual([
      0,
      0,
      0,
      expect.closeTo(Math.fround(Math.exp(Math.fround(88.7))), -33),
      Infinity,
      Infinity,
      Infinity,
      Number.NaN,
      1,
    ]);
    expect(await apply("sigmoid", [-Infinity, -1e30, 1e30, Infinity, Number.NaN, 0])).toEqual([
      0,
      0,
      1,
      1,
      Number.NaN,
      0.5,
    ]);
    expect(await apply("silu", [-1e30, 1e30, Infinity, Number.NaN, 0])).toEqual([
      expect.closeTo(0),
      Math.fround(1e30),
      Infinity,
      Number.NaN,
      0,
    ]);
  });
});

describe("reductions", () => {
  it.each(["sum", "mean", "max", "min"] as const)(
    "%s agrees with plain JavaScript over any axes",
    async (name) => {
      for (const axis of [0, 1, 2, 3, [0, 1], [1, 2], [0, 2], [1, 3], [0, 2, 3], [0, 1, 2, 3]]) {
        await both.compare([[3, 5, 2, 7]], (ops, [x]) => (x ? ops[name](x, { axis }) : []));
      }
      await both.compare([[130, 6]], (ops, [x]) =>
        x ? [ops[name](x, { axis: 0 }), ops[name](x, { axis: 1 })] : [],
      );
    },
  );

  it("an extremum over a NaN is NaN wherever it stands", async () => {
    for (let at = 0; at < 9; at++) {
      const data = Float32Array.from({ length: 9 }, (_, i) => (i === at ? Number.NaN : i));
      using x = wasm.tensor(data, [9]);
      using max = wasm.max(x);
      using min = wasm.min(x);
      expect([(await wasm.read(max))[0], (await wasm.read(min))[0]]).toEqual([Number.NaN, Number.NaN]);
    }
  });
});

describe("argMax", () => {
  it("takes the first of equals wherever it stands, and a NaN before everything", async () => {
    for (let n = 1; n < 14; n++) {
      for (let at = 0; at < n; at++) {
        for (const [best, rest] of [
          [3, 1],
          [Number.NaN, 1],
          [Number.NaN, Infinity],
          [-1, -Infinity],
          [-Infinity, -Infinity],
        ] as const) {
          const data = Array.from({ length: n }, (_, i) => (i === at || i === n - 1 ? best : rest));
          using x = wasm.tensor(data, [1, n]);
          using index = wasm.argMax(x);
          expect((await wasm.read(index))[0]).toBe(best === -Infinity ? 0 : at);
        }
      }
    }
  });
});

describe("softmax and its logarithm", () => {
  it("agree with plain JavaScript on rows of every length of tail", async () => {
    for (const n of [1, 3, 4, 5, 9, 2050]) {
      await both.compare([[3, n]], (ops, [x]) =>
        x ? [ops.softmax(x), ops.logSoftmax(x), ops.logSumExp(x)] : [],
      );
    }
  });

  it("a row of infinities is what IEEE arithmetic makes of it", async () => {
    using x = wasm.tensor([-Infinity, -Infinity, Infinity, 0, -Infinity, 0], [3, 2]);
    using total = wasm.logSumExp(x);
    expect(Array.from(await wasm.read(total))).toEqual([-Infinity, Infinity, 0]);
    using probabilities = wasm.softmax(x);
    expect(Array.from(await wasm.read(probabilities)).slice(4)).toEqual([0, 1]);
  });
});

function positive(ops: Backend, x: Tensor, name: string): Tensor {
  return ["sqrt", "rsqrt", "log"].includes(name) ? ops.affine(ops.square(x), { shift: 0.1 }) : x;
}

async function apply(name: "exp" | "sigmoid" | "silu", values: readonly number[]): Promise<number[]> {
  using x = wasm.tensor(values, [values.length]);
  using y = wasm[name](x);
  return Array.from(await wasm.read(y));
}
