import { type DType, fillNormal, fillUniform, RandomKey } from "@soft-tokens/tensor";
import { afterAll, describe, expect, it } from "vitest";
import { openBothBackends } from "../test-support/both-backends.ts";

const both = await openBothBackends();
const { wasm } = both;
afterAll(() => both.dispose());

const DTYPES: readonly DType[] = ["float32", "int32", "bool"];

describe("data movement", () => {
  it("transposes by every permutation of four axes, with axes of length 1 among them", async () => {
    for (const shape of [
      [2, 3, 5, 4],
      [3, 1, 5, 7],
      [1, 6, 1, 9],
      [4, 4, 4, 4],
    ]) {
      for (const permutation of permutations([0, 1, 2, 3])) {
        await both.compare([shape], (ops, [x]) => (x ? ops.transpose(x, permutation) : []));
      }
    }
  });

  it.each(DTYPES)("slices, joins and repeats %s wherever the borders are", async (dtype) => {
    await both.compare(
      [
        [3, 5, 7],
        [3, 2, 7],
      ],
      (ops, [x, y]) => {
        if (!x || !y) return [];
        const [a, b] = [ops.cast(ops.greater(x, ops.zeros([])), dtype), ops.cast(y, dtype)];
        return [
          ops.slice(a, [1, 2, 3], [2, 2, 3]),
          ops.slice(a, [0, 0, 6], [3, 5, 1]),
          ops.slice(a, [2, 0, 0], [1, 5, 7]),
          ops.slice(a, [0, 4, 0], [3, -1, -1]),
          ops.concat([a, b], 1),
          ops.concat([b, b, a], -2),
          ops.concat([a, a], 2),
          ops.broadcastTo(ops.reshape(b, [3, 1, 2, 7]), [3, 4, 2, 7]),
          ops.broadcastTo(ops.slice(a, [0, 0, 0], [3, 5, 1]), [2, 3, 5, 3]),
        ];
      },
    );
  });

  it("gradients of slices, joins and rows by ids agree with plain JavaScript", async () => {
    await both.compare(
      [
        [4, 6],
        [2, 6],
      ],
      (ops, [x, y]) => {
        if (!x || !y) return [];
        const ids = ops.tensor(Int32Array.of(3, 0, 3, 3, 1), [5]);
        const { value, gradients } = ops.valueAndGrad(() => {
          const part = ops.concat([ops.slice(x, [1, 2], [2, 3]), ops.slice(y, [0, 0], [2, 3])], 0);
          return ops.add(ops.sum(ops.square(part)), ops.sum(ops.exp(ops.takeRows(x, ids))));
        }, [x, y]);
        return [value, ...gradients];
      },
    );
  });
});

describe("the generator", () => {
  it.each([
    ["randomNormal", fillNormal],
    ["randomUniform", fillUniform],
  ] as const)("%s gives the bits of the reference, whole and by rows", async (name, fill) => {
    const key = RandomKey.fromSeed(-3).fold("rollout", 17);
    for (const n of [1, 2, 3, 4, 5, 1001]) {
      const want = new Float32Array(n);
      fill(key, want);
      using whole = wasm[name]([n], { key });
      expect(await wasm.read(whole)).toEqual(want);
      const keys = [key.fold(1), key, key.fold(2)];
      using rows = wasm[name]([3, n], { key: keys });
      expect((await wasm.read(rows)).slice(n, 2 * n)).toEqual(want);
    }
  });
});

function permutations(axes: readonly number[]): number[][] {
  if (axes.length === 0) return [[]];
  return axes.flatMap((axis) =>
    permutations(axes.filter((other) => other !== axis)).map((rest) => [axis, ...rest]),
  );
}
