import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { WasmHeap } from "./heap.ts";
import { loadSimd } from "./simd.ts";
import { SIMD_SOURCES } from "./simd-module.ts";

describe("the SIMD module", () => {
  it("was compiled from the sources beside it; otherwise run `npm run simd`", () => {
    const folder = new URL("../../simd/", import.meta.url);
    const hash = createHash("sha256");
    for (const name of readdirSync(folder).sort()) hash.update(readFileSync(new URL(name, folder)));
    expect(hash.digest("hex")).toBe(SIMD_SOURCES);
  });

  it("is not used where the heap is hidden or is not what it seems", async () => {
    expect(await loadSimd({ backend: { wasm: {} } } as WasmHeap)).toEqual({
      reason: "TensorFlow.js no longer shows its heap",
    });
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (o: object) => object } })
      .WebAssembly;
    const memory = new Memory({ initial: 16 });
    const elsewhere = {
      backend: { wasm: { asm: { memory } } },
      scratch: () => 1024,
      floats: new Float32Array(4096),
    } as unknown as WasmHeap;
    expect(await loadSimd(elsewhere)).toEqual({ reason: "the SIMD module failed its self-test" });
  });
});
