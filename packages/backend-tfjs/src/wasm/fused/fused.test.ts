/** The fused forms against the decompositions, values and gradients, beyond the sizes of the conformance suite. */

import { type AttentionArguments, adamW, reference, type Shape, type Tensor } from "@soft-tokens/tensor";
import { expectClose } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it } from "vitest";
import { normal, openBothBackends, withGradients } from "../../test-support/both-backends.ts";

const both = await openBothBackends();
const { wasm, cpu } = both;
afterAll(() => both.dispose());

/** The fused form on WebAssembly, where it is declared, and the decomposition on the other. */
type Name = "rmsNorm" | "rotary" | "gatedMlp" | "attention";

describe("fused forms agree with their decompositions in value and gradients", () => {
  it("declares what is tested here, and nothing on plain JavaScript", () => {
    expect([...wasm.capabilities.fused].sort()).toEqual([
      "adamW",
      "attention",
      "gatedMlp",
      "rmsNorm",
      "rotary",
    ]);
    expect(cpu.capabilities.fused.size).toBe(0);
  });

  it.each([1, 3, 4, 7, 96])("rmsNorm of width %i", async (D) => {
    await compareFused("rmsNorm", [[2, 3, D], [D]], ([x, w]) => [x, w, { epsilon: 1e-5 }]);
  });

  it.each([
    [2, 1, 1],
    [6, 2, 3],
    [16, 3, 2],
    [10, 1, 4],
  ])("rotary of head size %i, %i heads and %i tokens", async (H, N, T) => {
    for (const table of [[2, 1, T, H], [1, 1, T, H], [T, H], [2, 1, 1, H], [H]]) {
      await compareFused("rotary", [[2, N, T, H]], ([x], upload) => [x, upload(table, 1), upload(table, 2)]);
    }
  });

  it.each([
    [1, 1, 1],
    [5, 6, 9],
    [33, 24, 50],
  ])("gatedMlp of %i rows, width %i and %i", async (R, D, F) => {
    const shapes = [
      [R, D],
      [D, F],
      [D, F],
      [F, D],
    ];
    await compareFused("gatedMlp", shapes, ([x, g, u, d]) => [x, g, u, d]);
  });

  const ATTENTION = [
    { B: 1, N: 1, K: 1, T: 1, S: 1, H: 1, Z: 0, rows: [] },
    { B: 2, N: 4, K: 2, T: 5, S: 5, H: 6, Z: 0, rows: [] },
    { B: 3, N: 4, K: 1, T: 1, S: 9, H: 24, Z: 13, rows: [2, 1] },
    { B: 5, N: 2, K: 2, T: 7, S: 7, H: 8, Z: 4, rows: [0, 4, 1] },
    { B: 2, N: 3, K: 3, T: 3, S: 2, H: 5, Z: 1, rows: [2] },
  ] as const;

  it.each(ATTENTION)("attention of $B rows, $N heads on $K, $T queries on $Z + $S keys", async (sizes) => {
    const { B, N, K, T, S, H, Z, rows } = sizes;
    const shapes: Shape[] = [
      [B, N, T, H],
      [B, K, S, H],
      [B, K, S, H],
    ];
    const P = rows.length;
    if (P > 0) shapes.push([P, K, Z, H], [P, K, Z, H]);
    for (const mask of [null, [T, S], [1, 1, T, S], [B, 1, 1, S], [B, 1, T, S], [B, 1, T, 1]]) {
      await compareFused("attention", shapes, ([q, k, v, pk, pv], upload) => [
        {
          ...{ query_BNTH: q, key_BKSH: k, value_BKSH: v, scale: 0.3 },
          ...(mask && { mask: upload(mask, 3) }),
          ...(pk &&
            pv && {
              prefix: {
                ...{ key_PKSH: pk, value_PKSH: pv, rowsPerPrompt: rows },
                ...(mask && { mask_PS: upload([P, Z], 4) }),
              },
            }),
        } as AttentionArguments,
      ]);
    }
  });

  it.each([-1e9, -Infinity])(
    "attention passes over room that a mask of %f hides at the end",
    async (hidden) => {
      const shapes = [
        [3, 2, 1, 8],
        [3, 2, 9, 8],
        [3, 2, 9, 8],
      ];
      for (const seen of [0, 1, 5, 9]) {
        if (seen === 0 && hidden === -Infinity) continue;
        const mask = Float32Array.from({ length: 9 }, (_, i) => (i < seen ? 0 : hidden));
        await both.compare(
          shapes,
          withGradients((ops, [query_BNTH, key_BKSH, value_BKSH]) => {
            if (!query_BNTH || !key_BKSH || !value_BKSH) throw new Error("three operands");
            const row = ops.tensor(mask, [1, 1, 1, 9]);
            const options = { query_BNTH, key_BKSH, value_BKSH, scale: 0.3, mask: row };
            return ops.fused.attention?.(options) ?? reference.attention(ops, options);
          }),
        );
      }
    },
  );

  it("attention refuses what does not fit, in the words of the contract", () => {
    const [q, k, v] = [wasm.ones([2, 3, 1, 4]), wasm.ones([2, 2, 5, 4]), wasm.ones([2, 2, 5, 4])];
    const base = { query_BNTH: q, key_BKSH: k, value_BKSH: v, scale: 1 };
    const attention = wasm.fused.attention as (options: AttentionArguments) => Tensor;
    expect(() => attention(base)).toThrowError(/\[2, 3, 1, 4\] wants \[B, N, T, H\] with N a multiple of 2/);
    const mask = wasm.ones([2, 3, 1, 5]);
    const wide = wasm.ones([2, 4, 1, 4]);
    expect(() => attention({ ...base, query_BNTH: wide, mask })).toThrowError(
      expect.objectContaining({ code: "SHAPE_MISMATCH" }),
    );
    for (const x of [q, k, v, mask, wide]) x.dispose();
  });

  async function compareFused(
    name: Name,
    shapes: readonly Shape[],
    call: (inputs: Tensor[], upload: (shape: Shape, at: number) => Tensor) => unknown[],
  ): Promise<void> {
    await both.compare(
      shapes,
      withGradients((ops, inputs) => {
        const upload = (shape: Shape, at: number) => ops.tensor(normal(shape, at), shape);
        const args = call([...inputs], upload);
        const own = ops.fused[name] as ((...args: unknown[]) => Tensor) | undefined;
        const decomposed = reference[name] as (...args: unknown[]) => Tensor;
        return own ? own(...args) : decomposed(ops, ...args);
      }),
    );
  }
});

describe("AdamW in place", () => {
  it.each([1, 3, 4, 9, 1000])("agrees with the decomposition over three steps of %i numbers", async (n) => {
    const results = await Promise.all(
      [wasm, cpu].map(async (ops) => {
        const state = [1, 2, 3].map((at) =>
          ops.tensor(normal([n], at).map(at === 3 ? Math.abs : (x) => x), [n]),
        );
        const [parameter, firstMoment, secondMoment] = state as [Tensor, Tensor, Tensor];
        for (let step = 1; step <= 3; step++) {
          using gradient = ops.tensor(normal([n], 10 + step), [n]);
          adamW(ops, {
            ...{ parameter, gradient, firstMoment, secondMoment, step, learningRate: 0.01 },
            ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 },
          });
        }
        const data = await Promise.all(state.map((x) => ops.read(x)));
        return { ops, state, data };
      }),
    );
    const [own, want] = results;
    if (!own || !want) throw new Error("two backends");
    for (const [at, x] of own.state.entries()) await expectClose(wasm, x, want.data[at] as Float32Array);
    for (const { state } of results) for (const x of state) x.dispose();
  });
});
