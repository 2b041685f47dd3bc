/** `expect(x).toBeCloseToRelative(expected, tolerance)`: |x - expected| <= tolerance * |expected|. */

import { expect } from "vitest";

interface Matchers<R> {
  toBeCloseToRelative(expected: number, tolerance: number): R;
}

declare module "vitest" {
  interface Assertion<T> extends Matchers<T> {}
  interface AsymmetricMatchersContaining extends Matchers<unknown> {}
}

expect.extend({
  toBeCloseToRelative(received: number, expected: number, tolerance: number) {
    const error = Math.abs(received - expected);
    return {
      pass: error <= tolerance * Math.abs(expected),
      message: () =>
        `${received} is ${(error / Math.abs(expected)).toExponential(2)} away from ${expected}, relative; allowed ${this.isNot ? "more than " : ""}${tolerance}`,
    };
  },
});
