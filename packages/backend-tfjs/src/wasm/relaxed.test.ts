/** The module for engines with relaxed SIMD, which Node 20 has behind a flag. */

import { setFlagsFromString } from "node:v8";
import { expect, it } from "vitest";

setFlagsFromString("--experimental-wasm-relaxed-simd");
const { openBothBackends } = await import("../test-support/both-backends.ts");

it("multiplies as plain JavaScript does, up to rounding", async () => {
  const both = await openBothBackends();
  expect(both.wasm.capabilities.device).toBe("WebAssembly, relaxed SIMD, one thread");
  for (const [M, K, N] of [
    [1, 24, 13],
    [3, 33, 18],
    [7, 300, 521],
    [64, 96, 100],
  ] as const) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      const shapes = [transposeA ? [K, M] : [M, K], transposeB ? [N, K] : [K, N]];
      await both.compare(shapes, (ops, [a, b]) =>
        a && b ? ops.matmul(a, b, { transposeA, transposeB }) : [],
      );
    }
  }
  both.dispose();
});
