/** Matchers must be able to fail: each is given something wrong, on a stand-in backend that only reads and counts. */

import { describe, expect, it } from "vitest";
import type { Backend, Shape, Tensor } from "../contract.ts";
import type { DType } from "../dtype.ts";
import { expectClose, expectNumbersClose, machineEpsilon, toleranceOf, withLeakCheck } from "./index.ts";

let live = 0;
const ops = {
  read: async (x: Tensor) => (x as unknown as { data: Float32Array }).data,
  memory: () => ({ tensors: live, bytes: 0, peakBytes: 0 }),
} as unknown as Backend;

function stored(values: readonly number[], shape: Shape, dtype: DType = "float32"): Tensor {
  return { data: Float32Array.from(values), shape, dtype, size: values.length } as unknown as Tensor;
}

describe("expectClose", () => {
  it("passes what differs in the last digits, and fails what differs more", async () => {
    await expectClose(ops, stored([1, 1 + 2 ** -20], [2]), [1, 1]);
    await expect(expectClose(ops, stored([1, 1.0001], [2]), [1, 1])).rejects.toThrow(
      /1 of 2 elements differ; \[1\]/,
    );
  });

  it("is coarser for bfloat16 and exact for int32", async () => {
    await expectClose(ops, stored([1.01], [1], "bfloat16"), [1]);
    await expectClose(ops, stored([1.01], [1]), [1], { dtype: "bfloat16" });
    await expect(expectClose(ops, stored([16_777_217], [1], "int32"), [16_777_218])).rejects.toThrow(
      "differ",
    );
  });

  it("compares shapes and lengths", async () => {
    await expect(expectClose(ops, stored([1, 2], [2]), [1, 2], { shape: [1, 2] })).rejects.toThrow(
      "wanted [1, 2]",
    );
    await expect(expectClose(ops, stored([1, 2], [2]), [1])).rejects.toThrow("number of elements");
  });

  it("wants NaN for NaN and an infinity for itself only", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const tolerance = toleranceOf("float32");
    expectNumbersClose([nan, inf, -inf], [nan, inf, -inf], tolerance);
    for (const [got, want] of [
      [0, nan],
      [nan, 0],
      [inf, -inf],
      [3e38, inf],
      [inf, 3e38],
    ] as const) {
      expect(() => expectNumbersClose([got], [want], tolerance)).toThrow("differ");
    }
  });

  it("allows an element that cancelled the rounding of the largest one", () => {
    const tolerance = toleranceOf("float32");
    expectNumbersClose([1000, 1e-4], [1000, 0], tolerance);
    expect(() => expectNumbersClose([1, 1e-4], [1, 0], tolerance)).toThrow("differ");
  });
});

describe("withLeakCheck", () => {
  it("fails when tensors are left alive, or too many are gone", async () => {
    await expect(withLeakCheck(ops, () => void live++)).rejects.toThrow("tensors left alive");
    await expect(withLeakCheck(ops, () => void live--)).rejects.toThrow("tensors left alive");
    expect(await withLeakCheck(ops, () => 5)).toBe(5);
  });
});

describe("tolerances", () => {
  it("follow the dtype", () => {
    expect(machineEpsilon("float32")).toBe(2 ** -23);
    expect(machineEpsilon("bfloat16")).toBe(2 ** -7);
    expect(toleranceOf("int32")).toEqual({ relative: 0, absolute: 0 });
  });
});
