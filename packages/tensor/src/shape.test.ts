import { describe, expect, it } from "vitest";
import { TensorError } from "./errors.ts";
import { assertShape, broadcastShapes, formatShape, normalizeAxis, shapeSize, shapesEqual } from "./shape.ts";

/** The code of the TensorError that `act` throws. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof TensorError) return error.code;
    throw error;
  }
  return undefined;
}

describe("shapes", () => {
  it("have a size, 1 for a scalar and 0 where an axis is empty", () => {
    expect([[], [3], [2, 3], [2, 0, 5]].map(shapeSize)).toEqual([1, 3, 6, 0]);
  });

  it("are shown as messages show them", () => {
    expect(formatShape([2, "D", 3])).toBe("[2, D, 3]");
    expect(formatShape([])).toBe("[]");
  });

  it("are equal when every length is", () => {
    expect(shapesEqual([], [])).toBe(true);
    expect(shapesEqual([2, 3], [2, 3])).toBe(true);
    expect(shapesEqual([2, 3], [3, 2])).toBe(false);
    expect(shapesEqual([2], [2, 1])).toBe(false);
  });
});

describe("normalizeAxis", () => {
  it("counts negative axes from the end", () => {
    expect([-3, -1, 0, 2].map((axis) => normalizeAxis(axis, 3, "sum"))).toEqual([0, 2, 0, 2]);
  });

  it.each([3, -4, 0.5, Number.NaN])("refuses axis %s of rank 3", (axis) => {
    expect(codeOf(() => normalizeAxis(axis, 3, "sum"))).toBe("INDEX_OUT_OF_RANGE");
  });

  it("refuses every axis of a scalar", () => {
    expect(codeOf(() => normalizeAxis(0, 0, "sum"))).toBe("INDEX_OUT_OF_RANGE");
    expect(codeOf(() => normalizeAxis(-1, 0, "sum"))).toBe("INDEX_OUT_OF_RANGE");
  });
});

describe("broadcastShapes", () => {
  it.each([
    { a: [], b: [], want: [] },
    { a: [2, 3], b: [], want: [2, 3] },
    { a: [3, 1], b: [1, 4], want: [3, 4] },
    { a: [5], b: [2, 1], want: [2, 5] },
    { a: [1], b: [0], want: [0] },
    { a: [2, 0, 3], b: [1, 3], want: [2, 0, 3] },
  ])("gives $want for $a and $b, in either order", ({ a, b, want }) => {
    expect(broadcastShapes(a, b, "add")).toEqual(want);
    expect(broadcastShapes(b, a, "add")).toEqual(want);
  });

  it.each([
    { a: [2], b: [3] },
    { a: [2, 3], b: [2] },
    { a: [0], b: [2] },
  ])("refuses $a with $b and names the operation", ({ a, b }) => {
    expect(codeOf(() => broadcastShapes(a, b, "add"))).toBe("SHAPE_MISMATCH");
    expect(() => broadcastShapes(a, b, "add")).toThrow(/^add: .*\[/);
  });
});

describe("assertShape", () => {
  it("returns the lengths of named axes", () => {
    expect(assertShape({ shape: [2, 5, 3] }, ["B", "T", 3], "hidden")).toEqual({ B: 2, T: 5 });
    expect(assertShape({ shape: [] }, [], "loss")).toEqual({});
  });

  it("wants one length wherever a name comes again", () => {
    expect(assertShape({ shape: [4, 4] }, ["N", "N"], "mask")).toEqual({ N: 4 });
    expect(codeOf(() => assertShape({ shape: [4, 5] }, ["N", "N"], "mask"))).toBe("SHAPE_MISMATCH");
  });

  it("refuses another rank or another length, and says what it wanted", () => {
    expect(codeOf(() => assertShape({ shape: [2, 3] }, ["B"], "x"))).toBe("SHAPE_MISMATCH");
    expect(() => assertShape({ shape: [2, 3] }, ["B", 4], "hidden")).toThrow(
      "hidden: got shape [2, 3], wanted [B, 4]",
    );
  });
});
