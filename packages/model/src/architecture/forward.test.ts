/** The plain forward pass against transformers (fixtures-scripts/make_models.py). */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend, Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it } from "vitest";
import {
  embedIds,
  FIXTURE_NAMES,
  type Fixture,
  largestDifference,
  logitsOf,
  openFixture,
} from "../fixtures/open-fixture.ts";
import { transposed } from "../weights/transpose.ts";

/** Logits and hidden states within this of transformers, in float32. */
const TOLERANCE = 1e-4;

const backends = await Promise.all(
  (["cpu", "wasm"] as const).map((variant) => createTfjsBackend({ variant })),
);
afterAll(() => {
  for (const backend of backends) backend[Symbol.dispose]();
});

describe.each(backends.map((backend) => [backend.name, backend] as const))("forward on %s", (_, backend) => {
  it.each(FIXTURE_NAMES)("%s agrees with transformers on a left-padded batch", async (name) => {
    await withLeakCheck(backend, async () => {
      const fixture = await openFixture(name, backend);
      using model = fixture.model;
      using hidden = runForward(fixture, backend, false);
      const D = model.config.hiddenSize;
      const [B, T] = [fixture.rows.length, fixture.T];
      const got = await backend.read(hidden);
      for (const [row, padding] of fixture.leftPadding.entries()) {
        const real = (values: ArrayLike<number>) =>
          Array.from(values).slice((row * T + padding) * D, (row + 1) * T * D);
        expect(largestDifference(real(got), real(fixture.hidden))).toBeLessThan(TOLERANCE);
      }
      using last = backend.slice(hidden, [0, T - 2, 0], [B, 2, D]);
      using logits = logitsOf(model, last);
      expect(largestDifference(await backend.read(logits), fixture.logits)).toBeLessThan(TOLERANCE);
    });
  });

  it.each(["llama-untied", "qwen2", "qwen3"])(
    "%s has the gradients of PyTorch, with and without checkpoints",
    async (name) => {
      await withLeakCheck(backend, async () => {
        const fixture = await openFixture(name, backend);
        using model = fixture.model;
        expect(fixture.gradients.size).toBe(model.parameters.size - (model.config.tiedHead ? 0 : 1));
        for (const checkpointLayers of [false, true]) {
          const gradients = gradientsOf(fixture, backend, checkpointLayers);
          for (const [key, { shape, values }] of fixture.gradients) {
            using gradient = gradients.get(key) as Tensor;
            const got = (await backend.read(gradient)) as Float32Array;
            const [rows = 0, columns = 0] = shape;
            const isLinear = shape.length === 2 && !key.includes("embed_tokens");
            const inFile = isLinear ? transposed(got, columns, rows) : got;
            const scale = Math.max(...values.map(Math.abs));
            expect(largestDifference(inFile, values) / scale, key).toBeLessThan(TOLERANCE);
          }
        }
      });
    },
  );

  it("takes rows without padding, a single token, and nothing at all", async () => {
    await withLeakCheck(backend, async () => {
      const { model, rows, hidden, T } = await openFixture("qwen3", backend);
      using _model = model;
      const D = model.config.hiddenSize;
      const ids = rows[0] as number[];
      expect(ids.length).toBe(T);
      using whole = model.forward(scoped(embedIds(model, ids, [1, T])));
      expect(largestDifference(await backend.read(whole), hidden.subarray(0, T * D))).toBeLessThan(TOLERANCE);
      using single = model.forward(scoped(embedIds(model, ids.slice(0, 1), [1, 1])));
      expect(largestDifference(await backend.read(single), hidden.subarray(0, D))).toBeLessThan(TOLERANCE);
      using empty = model.forward(scoped(backend.zeros([0, 3, D])));
      expect(empty.shape).toEqual([0, 3, D]);
      for (const tensor of owned.splice(0)) tensor.dispose();
    });
  });

  it("refuses more tokens than the model has positions", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen3", backend);
      using _model = model;
      using input = backend.zeros([1, 129, model.config.hiddenSize]);
      expect(() => model.forward(input)).toThrowError(
        expect.objectContaining({ code: "MODEL_CONTEXT_FULL" }),
      );
      using padded = model.forward(input, { leftPadding: [1] });
      expect(padded.shape).toEqual([1, 129, model.config.hiddenSize]);
    });
  });
});

const owned: Tensor[] = [];
function scoped(tensor: Tensor): Tensor {
  owned.push(tensor);
  return tensor;
}

function runForward(fixture: Fixture, backend: Backend, checkpointLayers: boolean): Tensor {
  const { model, paddedIds, leftPadding, rows, T } = fixture;
  return backend.tidy(() =>
    model.forward(embedIds(model, paddedIds, [rows.length, T]), { leftPadding, checkpointLayers }),
  );
}

/** Gradients of sum(hidden * coefficient) by parameter name. The caller owns them. */
function gradientsOf(fixture: Fixture, backend: Backend, checkpointLayers: boolean): Map<string, Tensor> {
  const { model, rows, T, coefficient } = fixture;
  const D = model.config.hiddenSize;
  const names = [...fixture.gradients.keys()];
  const { value, gradients } = backend.valueAndGrad(
    () =>
      backend.tidy(() => {
        const weight = backend.tensor(coefficient as Float32Array, [rows.length, T, D]);
        return backend.sum(backend.multiply(runForward(fixture, backend, checkpointLayers), weight));
      }),
    names.map((name) => model.parameters.get(name) as Tensor),
  );
  value.dispose();
  return new Map(names.map((name, index) => [name, gradients[index] as Tensor]));
}
