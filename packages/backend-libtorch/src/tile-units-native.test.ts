/**
 * Our own bfloat16 kernels on every tile unit that this processor has, at sizes that take them: against float32, and against
 * themselves. Where SOFT_TOKENS_NATIVE_TESTS=1 asks for it, as `conformance-native.test.ts`.
 *
 * Axes: B rows, P prompts, N query heads, K kv heads, T query tokens, S key tokens, Z prefix tokens, H head size.
 */

import { attention, mixture, RandomKey, type Tensor } from "@soft-tokens/tensor";
import { afterEach, describe, expect, it } from "vitest";
import { createLibtorchBackend, type LibtorchBackend } from "./index.ts";
import type { NativeAddon } from "./native/addon.ts";
import { loadAddon } from "./native/load-addon.ts";

if (process.env.SOFT_TOKENS_NATIVE_TESTS === "1") {
  const { tileUnits } = ((await loadAddon()) as NativeAddon).describe();
  describe("a processor", () => {
    it("has a tile unit, or another architecture than this file is about", () => {
      expect(tileUnits.length > 0 || process.arch !== "x64").toBe(true);
    });

    it("refuses the kernels of another", async () => {
      const units = ["amx", "avx512bf16", "avx512", "avx2"] as const;
      const missing = units.find((unit) => !tileUnits.includes(unit));
      const kernels = missing ?? ("none" as "own");
      await expect(createLibtorchBackend({ kernels })).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    });
  });
  describe.each(tileUnits)("bfloat16 on %s", (kernels) => {
    let backend: LibtorchBackend;
    afterEach(() => backend.dispose());
    const open = async () => {
      backend = await createLibtorchBackend({ device: "cpu", kernels });
      return backend;
    };

    it.each([
      ["a training pass over a prompt that rows share", { H: 64, T: 37, Z: 45 }],
      ["heads that are no whole number of vectors", { H: 24, T: 20, Z: 33 }],
      ["no prompt", { H: 32, T: 70, Z: 0 }],
      ["one new token a row", { H: 64, T: 1, Z: 45 }],
    ])("attention and its gradients are those of float32: %s", async (_, sizes) => {
      const ops = await open();
      const wide = makeOperands(ops, sizes);
      const narrow = wide.map((x) => ops.cast(x, "bfloat16"));
      const plain = { ...ops, fused: {} };
      const want = ops.valueAndGrad(weighted(plain, wide, sizes), wide);
      const got = ops.valueAndGrad(weighted(ops, narrow, sizes), narrow);
      const outputs = await ops.read(attend(plain, wide, sizes));
      expect(await ops.read(attend(ops, narrow, sizes))).toSatisfy(isNear(outputs, 0.01));
      for (const [at, gradient] of got.gradients.entries()) {
        const reference = await ops.read(want.gradients[at] as Tensor);
        expect(await ops.read(gradient)).toSatisfy(isNear(reference, 0.03));
      }
    });

    it.each([45, 32, 1])(
      "a decoded token has the bits that it has in a training pass, after a prompt of %d",
      async (Z) => {
        const ops = await open();
        const sizes = { H: 64, T: 37, Z };
        const operands = makeOperands(ops, sizes).map((x) => ops.cast(x, "bfloat16"));
        const all = await ops.read(attend(ops, operands, sizes));
        const [query, ...rest] = operands as [Tensor, ...Tensor[]];
        const last = ops.slice(query, [0, 0, sizes.T - 1, 0], [ROWS, HEADS, 1, sizes.H]);
        const one = await ops.read(attend(ops, [last, ...rest], { ...sizes, T: 1 }));
        const wanted = Array.from({ length: ROWS * HEADS }, (__, row) =>
          Array.from(all.subarray(((row + 1) * sizes.T - 1) * sizes.H, (row + 1) * sizes.T * sizes.H)),
        );
        expect(Array.from(one)).toEqual(wanted.flat());
      },
    );

    it.each([1, 3, 16, 30])(
      "%d rows of a product have the bits that they have among a hundred",
      async (rows) => {
        const ops = await open();
        const [K, N] = [704, 112];
        const x = random(ops, [101, K], 1);
        const weight = random(ops, [K, N], 2);
        const [all, some] = [
          await ops.read(ops.matmul(x, weight, { outputDtype: "float32" })),
          await ops.read(ops.matmul(ops.slice(x, [40, 0], [rows, K]), weight, { outputDtype: "float32" })),
        ];
        expect(Array.from(some)).toEqual(Array.from(all.subarray(40 * N, (40 + rows) * N)));
        const [wideX, wideWeight] = [ops.cast(x, "float32"), ops.cast(weight, "float32")];
        expect(all).toSatisfy(isNear(await ops.read(ops.matmul(wideX, wideWeight)), 1e-5));
      },
    );

    it.each([1, 7, 32])(
      "a mixture of %d rows has the bits that it has among forty, however often the weight was used",
      async (rows) => {
        const ops = await open();
        const [R, V, D] = [40, 1024, 64];
        const hidden_RD = random(ops, [R, D], 1);
        const weight_VD = random(ops, [V, D], 2);
        const mix = async (hidden: Tensor) => {
          const { mixture_RD, entropy_R } = mixture(ops, {
            hidden_RD: hidden,
            weight_VD,
            embedding_VD: weight_VD,
            temperature: 0.5,
          });
          return [Array.from(await ops.read(mixture_RD)), Array.from(await ops.read(entropy_R))] as const;
        };
        const [mixtures, entropies] = await mix(hidden_RD);
        for (let use = 0; use < 3; use++) {
          const few = await mix(ops.slice(hidden_RD, [5, 0], [rows, D]));
          expect(few).toEqual([mixtures.slice(5 * D, (5 + rows) * D), entropies.slice(5, 5 + rows)]);
        }
      },
    );

    it.each([
      { transposeA: false, transposeB: true },
      { transposeA: true, transposeB: false },
      { transposeA: true, transposeB: true },
    ])(
      "a product with transposed operands and its gradients are those of float32: %o",
      async (transposed) => {
        const ops = await open();
        const [M, K, N] = [70, 96, 64];
        const narrow = [
          random(ops, transposed.transposeA ? [K, M] : [M, K], 1),
          random(ops, transposed.transposeB ? [N, K] : [K, N], 2),
        ] as const;
        const wide = [ops.cast(narrow[0], "float32"), ops.cast(narrow[1], "float32")] as const;
        const product = ([a, b]: readonly [Tensor, Tensor], outputDtype: "bfloat16" | "float32") =>
          ops.matmul(a, b, { ...transposed, outputDtype });
        const want = await ops.read(product(wide, "float32"));
        expect(await ops.read(product(narrow, "float32"))).toSatisfy(isNear(want, 1e-5));
        expect(await ops.read(product(narrow, "bfloat16"))).toSatisfy(isNear(want, 4e-3));
        const weights = ops.randomNormal([M, N], { key: RandomKey.fromSeed(3) });
        const total = (operands: readonly [Tensor, Tensor]) => () =>
          ops.tidy(() => ops.sum(ops.multiply(product(operands, "float32"), weights)));
        const got = ops.valueAndGrad(total(narrow), narrow);
        const reference = ops.valueAndGrad(total(wide), wide);
        for (const [at, gradient] of got.gradients.entries()) {
          const exact = await ops.read(reference.gradients[at] as Tensor);
          expect(await ops.read(gradient)).toSatisfy(isNear(exact, 0.01));
        }
      },
    );
  });
} else {
  describe("kernels of a name that no processor has", () => {
    it("are refused, built or not", async () => {
      const outcome = createLibtorchBackend({ kernels: "none" as "own" });
      await expect(outcome).rejects.toHaveProperty("code");
    });
  });
}

const [ROWS, HEADS, KV_HEADS] = [5, 6, 2];
const ROWS_PER_PROMPT = [3, 2];

/** Standard normal numbers in bfloat16. */
function random(ops: LibtorchBackend, shape: readonly number[], seed: number): Tensor {
  return ops.cast(ops.randomNormal(shape, { key: RandomKey.fromSeed(seed) }), "bfloat16");
}

interface Sizes {
  readonly H: number;
  readonly T: number;
  readonly Z: number;
}

/** Query, key, value and the prompts' key and value, float32 numbers that bfloat16 holds. One token a row sees 37 keys. */
function makeOperands(ops: LibtorchBackend, { H, T, Z }: Sizes): Tensor[] {
  const S = T === 1 ? 37 : T;
  const shapes = [
    [ROWS, HEADS, T, H],
    [ROWS, KV_HEADS, S, H],
    [ROWS, KV_HEADS, S, H],
    ...(Z === 0 ? [] : [1, 2].map(() => [ROWS_PER_PROMPT.length, KV_HEADS, Z, H])),
  ];
  return shapes.map((shape, at) => ops.tidy(() => ops.cast(random(ops, shape, at), "float32")));
}

/** The last T of the keys' tokens ask, each sees itself and what is before it. */
function attend(ops: Parameters<typeof attention>[0], operands: readonly Tensor[], { H }: Sizes): Tensor {
  const [query_BNTH, key_BKSH, value_BKSH, ...shared] = operands as [Tensor, Tensor, Tensor, ...Tensor[]];
  const [key_PKSH, value_PKSH] = shared;
  const [T, S] = [query_BNTH.shape[2] as number, key_BKSH.shape[2] as number];
  const mask = Float32Array.from({ length: T * S }, (_, at) =>
    at % S > Math.floor(at / S) + S - T ? -1e9 : 0,
  );
  const prefix =
    key_PKSH && value_PKSH ? { prefix: { key_PKSH, value_PKSH, rowsPerPrompt: ROWS_PER_PROMPT } } : {};
  return attention(ops, {
    query_BNTH,
    key_BKSH,
    value_BKSH,
    mask: ops.tensor(mask, [1, 1, T, S]),
    scale: 1 / Math.sqrt(H),
    ...prefix,
  });
}

/** A sum in which every output has a weight of its own. */
function weighted(ops: Parameters<typeof attention>[0], operands: readonly Tensor[], sizes: Sizes) {
  return () =>
    ops.tidy(() => {
      const out = ops.cast(attend(ops, operands, sizes), "float32");
      return ops.sum(ops.multiply(out, ops.randomNormal(out.shape, { key: RandomKey.fromSeed(9) })));
    });
}

/** Within `tolerance` of the largest number. */
function isNear(reference: ArrayLike<number>, tolerance: number) {
  const size = Math.max(...Array.from(reference, Math.abs));
  return (values: ArrayLike<number>) =>
    values.length === reference.length &&
    Array.from(values).every((value, at) => Math.abs(value - (reference[at] as number)) <= tolerance * size);
}
