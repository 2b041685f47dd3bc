import { describe, expect, it } from "vitest";
import { describeNotFinite, findNotFinite } from "./not-finite.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const LARGEST = 3.4028234663852886e38;

describe("findNotFinite", () => {
  it("passes every finite number, the largest, the smallest, subnormal ones and both zeros", () => {
    const fine = [0, -0, 1, -1, LARGEST, -LARGEST, 1.2e-38, 1e-45, -1e-45];
    for (let length = 0; length <= fine.length; length++) {
      expect(findNotFinite(Float32Array.from(fine.slice(0, length)), "float32")).toBeNull();
    }
  });

  it("finds NaN and infinities at every place of every length, and counts them", () => {
    for (const bad of [nan, -nan, inf, -inf]) {
      for (let length = 1; length <= 9; length++) {
        for (let index = 0; index < length; index++) {
          const values = new Float32Array(length).fill(0.5);
          values[index] = bad;
          expect(findNotFinite(values, "float32")).toEqual({ count: 1, index, value: bad });
        }
      }
      expect(findNotFinite(Float32Array.of(1, bad, 2, bad, bad), "float32")).toMatchObject({
        count: 3,
        index: 1,
      });
    }
  });

  it("finds a NaN whatever its sign and payload", () => {
    for (const bits of [0x7f800001, 0x7fffffff, 0xffc00000, 0xff800001]) {
      const values = new Float32Array(Uint32Array.of(0, bits).buffer);
      expect(findNotFinite(values, "float32")).toMatchObject({ count: 1, index: 1, value: nan });
    }
  });

  it("finds what bfloat16 would make infinite, and nothing below", () => {
    const bits = (word: number) => new Float32Array(Uint32Array.of(word).buffer);
    expect(findNotFinite(bits(0x7f7f7fff), "bfloat16")).toBeNull(); // rounded down to the largest
    expect(findNotFinite(bits(0x7f7f8000), "bfloat16")).toMatchObject({ count: 1 });
    expect(findNotFinite(bits(0xff7fffff), "bfloat16")).toMatchObject({ count: 1, value: -LARGEST });
    expect(findNotFinite(bits(0x7f7fffff), "float32")).toBeNull();
  });

  it("looks at a part of a buffer alone", () => {
    const values = Float32Array.of(nan, 1, 2, inf);
    expect(findNotFinite(values.subarray(1, 3), "float32")).toBeNull();
  });
});

describe("describeNotFinite", () => {
  it("says how many, and where the first is in the tensor's own axes", () => {
    expect(describeNotFinite({ count: 1, index: 9, value: nan }, [3, 4], "float32")).toBe(
      "1 of 12 values is not finite, the first at [2, 1]: NaN",
    );
    expect(describeNotFinite({ count: 2, index: 0, value: -inf }, [5], "bfloat16")).toBe(
      "2 of 5 values are not finite, the first at [0]: -Infinity",
    );
    expect(describeNotFinite({ count: 1, index: 0, value: LARGEST }, [1], "bfloat16")).toContain(
      "3.4028234663852886e+38, which is infinite as bfloat16",
    );
  });
});
