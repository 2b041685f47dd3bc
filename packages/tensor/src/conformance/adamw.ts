/**
 * adamW in each form that a backend has, against stored steps of torch.optim.AdamW, and what narrow storage must not change:
 * a float32 master copy keeps small steps, a second moment in bfloat16 follows a falling gradient.
 */

import { expect } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import type { FloatDType } from "../dtype.ts";
import type { FusedOps } from "../fused/contract.ts";
import { adamW, reference, requireFused } from "../fused/index.ts";
import { RandomKey } from "../random/key.ts";
import { expectClose } from "../testing/expect-close.ts";
import { disposeAll, dtypesOf, floatDtypes } from "./calls.ts";
import { fusedCases, type NamedCase, upload } from "./fixture.ts";
import { type Check, expectCode } from "./suite.ts";

type Step = FusedOps["adamW"];

/** How a parameter and its state are stored. */
interface Storage {
  readonly parameter: FloatDType;
  readonly moments: FloatDType;
  readonly hasMaster: boolean;
}

const plain: Storage = { parameter: "float32", moments: "float32", hasMaster: false };
const settings = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  gradientScale: 1,
  learningRate: 1e-4,
} as const;

export function adamWSteps(check: Check): void {
  for (const testCase of fusedCases.filter(({ op }) => op === "adamW")) {
    check(`adamW: ${testCase.title} equals torch.optim.AdamW after three steps`, async (ops) => {
      for (const step of forms(ops)) await checkCase(ops, testCase, step, plain);
    });

    check(
      `adamW: ${testCase.title} equals it for every dtype of parameter and moments, with a master copy and without`,
      async (ops) => {
        const narrow = dtypesOf(ops, testCase);
        for (const step of forms(ops)) {
          for (const parameter of narrow) {
            for (const moments of narrow) {
              for (const hasMaster of [false, true]) {
                await checkCase(ops, testCase, step, { parameter, moments, hasMaster });
              }
            }
          }
        }
      },
    );
  }

  check("adamW moves a master copy by steps that the parameter's dtype cannot show", async (ops) => {
    for (const step of forms(ops)) {
      for (const dtype of floatDtypes(ops)) {
        const state = newState(ops, [3], { parameter: dtype, moments: "float32", hasMaster: true });
        using gradient = ops.ones([3], dtype);
        for (let at = 1; at <= 20; at++) {
          step({ ...state, gradient, step: at, ...settings });
          using rounded = ops.cast(state.master as Tensor, dtype);
          await expectClose(ops, state.parameter, await ops.read(rounded));
        }
        await expectClose(ops, state.master as Tensor, [1 - 20e-4, 1 - 20e-4, 1 - 20e-4]);
        disposeAll(Object.values(state));
      }
    }
  });

  check("adamW leaves a second moment of 0 at 0, whatever it is stored in", async (ops) => {
    for (const step of forms(ops)) {
      for (const moments of floatDtypes(ops)) {
        const state = newState(ops, [50], { ...plain, moments });
        using gradient = ops.zeros([50]);
        step({ ...state, gradient, step: 1, ...settings, roundingKey: RandomKey.fromSeed(1) });
        expect((await ops.read(state.secondMoment)).every((x) => x === 0)).toBe(true);
        expect((await ops.read(state.parameter)).every((x) => x === 1)).toBe(true);
        disposeAll(Object.values(state));
      }
    }
  });

  check(
    "adamW lets a bfloat16 second moment fall without bias when it is given a rounding key",
    async (ops) => {
      if (!ops.capabilities.dtypes.has("bfloat16")) {
        await expectCode(() => ops.zeros([1], "bfloat16"), "UNSUPPORTED_OP");
        return;
      }
      const size = 512;
      const steps = 150; // beta2^150 = 0.86: six of the 128 numbers between two powers of two
      const start = Float32Array.from({ length: size }, (_, i) => 2 ** ((i % 16) - 8) * (1 + i / size));
      for (const step of forms(ops)) {
        const run = async (key: RandomKey) => {
          const state = newState(ops, [size], { ...plain, moments: "bfloat16" });
          using gradient = ops.zeros([size]);
          using start32 = ops.tensor(start, [size]);
          using start16 = ops.cast(start32, "bfloat16");
          ops.assign(state.secondMoment, start16);
          const before = await ops.read(state.secondMoment);
          for (let at = 1; at <= steps; at++) {
            step({ ...state, gradient, step: at, ...settings, roundingKey: key.fold(at) });
          }
          const after = Array.from(await ops.read(state.secondMoment));
          disposeAll(Object.values(state));
          return { after, ratio: after.reduce((sum, x, i) => sum + x / (before[i] as number), 0) / size };
        };
        const key = RandomKey.fromSeed(7);
        const { after, ratio } = await run(key);
        // A step's rounding varies by 0.4 of a digit at most: 0.002 sqrt(150 / 512) = 0.0012 of the mean; four times that.
        expect(Math.abs(ratio - 0.999 ** steps)).toBeLessThan(0.005);
        expect((await run(key)).after).toEqual(after);
        expect((await run(key.fold("other"))).after).not.toEqual(after);
      }
    },
  );

  check("adamW refuses a master copy of another shape", async (ops) => {
    for (const step of forms(ops)) {
      const state = newState(ops, [3], plain);
      using gradient = ops.ones([3]);
      using master = ops.ones([4]);
      await expectCode(() => step({ ...state, master, gradient, step: 1, ...settings }), "SHAPE_MISMATCH");
      disposeAll(Object.values(state));
    }
  });
}

/** The public function, the decomposition and, where declared, the backend's own. */
function forms(ops: Backend): Step[] {
  const own = ops.capabilities.fused.has("adamW") ? [requireFused(ops, "adamW")] : [];
  return [(options) => adamW(ops, options), (options) => reference.adamW(ops, options), ...own];
}

function newState(ops: Backend, shape: readonly number[], storage: Storage) {
  return {
    parameter: ops.ones(shape, storage.parameter),
    firstMoment: ops.zeros(shape, storage.moments),
    secondMoment: ops.zeros(shape, storage.moments),
    ...(storage.hasMaster && { master: ops.ones(shape) }),
  };
}

async function checkCase(ops: Backend, testCase: NamedCase, step: Step, storage: Storage): Promise<void> {
  const [start, ...gradients] = testCase.inputs;
  if (!start) throw new Error("fixture: no parameter");
  const state = {
    parameter: upload(ops, start, storage.parameter),
    firstMoment: ops.zeros(start.shape, storage.moments),
    secondMoment: ops.zeros(start.shape, storage.moments),
    ...(storage.hasMaster && { master: upload(ops, start) }),
  };
  const given = testCase.args as Record<
    "learningRate" | "beta1" | "beta2" | "epsilon" | "weightDecay" | "gradientScale",
    number
  >;
  for (const [at, gradient] of gradients.entries()) {
    using gradient_ = upload(ops, gradient, storage.parameter);
    step({ ...state, gradient: gradient_, step: at + 1, ...given });
  }
  const [parameter, first, second] = testCase.outputs;
  if (!parameter || !first || !second) throw new Error("fixture: no output");
  expect(state.parameter.dtype).toBe(storage.parameter);
  expect(state.secondMoment.dtype).toBe(storage.moments);
  // A moment that was rounded changes the next step.
  const dtype = storage.moments;
  const { shape } = parameter;
  const coarse = storage.parameter === "bfloat16" ? storage.parameter : dtype;
  await expectClose(ops, state.parameter, parameter.data, { shape, dtype: coarse });
  if (state.master) await expectClose(ops, state.master, parameter.data, { shape, dtype });
  await expectClose(ops, state.firstMoment, first.data, { shape, dtype });
  await expectClose(ops, state.secondMoment, second.data, { shape, dtype });
  disposeAll(Object.values(state));
}
