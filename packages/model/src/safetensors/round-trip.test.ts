/** What is written is what is read, in every dtype, and what the reference implementation wrote. */

import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { narrowBfloat16, narrowFloat16, widenBfloat16, widenFloat16 } from "./float16.ts";
import { readSafetensors } from "./read.ts";
import { type SafetensorsTensor, writeSafetensors } from "./write.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors: SafetensorsTensor[] = [
  { name: "bytes", dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) },
  { name: "flags", dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) },
  { name: "floats", dtype: "F32", shape: [2, 2], data: Float32Array.of(1.5, -0, Number.NaN, 3e38) },
  { name: "halves", dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  { name: "brains", dtype: "BF16", shape: [2], data: () => Float32Array.of(1, 3.140625) },
  { name: "ids", dtype: "I32", shape: [1, 2], data: async () => Int32Array.of(-7, 2 ** 31 - 1) },
  { name: "wide", dtype: "I64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
  { name: "scalar", dtype: "F32", shape: [], data: Float32Array.of(42) },
  { name: "nothing", dtype: "F32", shape: [0, 5], data: new Float32Array(0) },
];

describe("writeSafetensors", () => {
  it("writes every dtype so that it is read again", async () => {
    const path = join(folder, "all.safetensors");
    await writeSafetensors(path, tensors, { format: "pt", note: 'ä "quoted"' });
    await using file = await readSafetensors(path);
    expect(file.metadata).toEqual({ format: "pt", note: 'ä "quoted"' });
    for (const { name, dtype, shape, data } of tensors) {
      expect(file.entries.get(name)).toMatchObject({ dtype, shape });
      const written = typeof data === "function" ? await data() : data;
      const read = dtype === "BF16" ? await file.readFloat32(name) : await file.read(name);
      expect(read, name).toEqual(written);
    }
    expect(await file.readFloat32("halves")).toEqual(Float32Array.of(1, -2));
    await expect(file.readFloat32("ids")).rejects.toMatchObject({
      code: "WEIGHTS_DTYPE",
      key: "ids",
      file: path,
    });
    expect(await readdir(folder)).toEqual(["all.safetensors"]);
  });

  it("begins every tensor at a multiple of its element's size", async () => {
    const path = join(folder, "aligned.safetensors");
    await writeSafetensors(path, tensors);
    await using file = await readSafetensors(path);
    for (const { begin, end, shape } of file.entries.values()) {
      const elements = shape.reduce((size, length) => size * length, 1);
      if (elements > 0) expect(begin % ((end - begin) / elements)).toBe(0);
    }
  });

  it("leaves the old file alone when writing fails", async () => {
    const path = join(folder, "kept.safetensors");
    await writeSafetensors(path, [tensors[0] as SafetensorsTensor]);
    const before = await readFile(path);
    const failing = {
      ...(tensors[2] as SafetensorsTensor),
      data: () => Promise.reject(new Error("no more")),
    };
    await expect(writeSafetensors(path, [failing])).rejects.toThrowError("no more");
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  it("refuses data that do not fit", async () => {
    const path = join(folder, "wrong.safetensors");
    const write = (tensor: Partial<SafetensorsTensor>) =>
      writeSafetensors(path, [{ name: "a", dtype: "F32", shape: [2], data: new Float32Array(2), ...tensor }]);
    await expect(write({ shape: [3] })).rejects.toThrowError(/2 elements, shape \[3\] wants 3/);
    await expect(write({ dtype: "I32" })).rejects.toThrowError(/wants a Int32Array, got a Float32Array/);
    await expect(write({ name: "__metadata__" })).rejects.toThrowError(/is taken/);
    const twice = [tensors[0], tensors[0]] as SafetensorsTensor[];
    await expect(writeSafetensors(path, twice)).rejects.toThrowError(/"bytes" is taken/);
  });

  it("makes a small change of the file, such as a cut, visible", async () => {
    const path = join(folder, "cut.safetensors");
    await writeSafetensors(path, tensors);
    const { size } = await stat(path);
    await truncate(path, size - 1);
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: "SAFETENSORS_TRUNCATED", file: path });
  });
});

describe("reading", () => {
  it("reads tensors larger than one chunk, reports its bytes and stops when asked to", async () => {
    const path = join(folder, "large.safetensors");
    const values = new Float32Array(9_000_000);
    for (let index = 0; index < values.length; index++) values[index] = index % 251;
    await writeSafetensors(path, [{ name: "a", dtype: "BF16", shape: [values.length], data: values }]);
    await using file = await readSafetensors(path);
    const seen: number[] = [];
    const read = await file.readFloat32("a", { onBytes: (bytes) => seen.push(bytes) });
    expect(read.every((value, index) => value === index % 251)).toBe(true);
    expect(seen).toEqual([1 << 24, 18_000_000 - (1 << 24)]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(file.readFloat32("a", { signal })).rejects.toThrowError("enough");
  });

  it("notices a file that shrinks after it was opened", async () => {
    const path = join(folder, "shrinking.safetensors");
    await writeSafetensors(path, tensors);
    await using file = await readSafetensors(path);
    await truncate(path, 400);
    await expect(file.read("bytes")).rejects.toMatchObject({ code: "SAFETENSORS_TRUNCATED", key: "bytes" });
  });

  it("reads what the reference implementation wrote", async () => {
    const model = fileURLToPath(new URL("../fixtures/models/llama-linear/", import.meta.url));
    await using file = await readSafetensors(join(model, "expected.safetensors"));
    expect(Object.keys(file.metadata).sort()).toEqual(["torch", "transformers"]);
    expect(Array.from((await file.read("lengths")) as Int32Array)).toEqual([6, 8]);
  });

  it("closes the file that it refuses", async () => {
    const path = join(folder, "refused.safetensors");
    await writeFile(path, "not a safetensors file");
    for (let i = 0; i < 50; i++) await expect(readSafetensors(path)).rejects.toThrowError();
    const open = (await readdir("/proc/self/fd").catch(() => [])).length;
    for (let i = 0; i < 50; i++) await expect(readSafetensors(path)).rejects.toThrowError();
    expect((await readdir("/proc/self/fd").catch(() => [])).length).toBeLessThanOrEqual(open + 5);
  });
});

describe("16-bit floats", () => {
  it("widens and narrows every bfloat16 and float16 to itself", () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, index) => index);
    for (const [widen, narrow, isNotANumber] of [
      [widenBfloat16, narrowBfloat16, (x: number) => (x & 0x7fff) > 0x7f80],
      [widenFloat16, narrowFloat16, (x: number) => (x & 0x7fff) > 0x7c00],
    ] as const) {
      const values = new Float32Array(bits.length);
      widen(bits, values);
      const back = narrow(values);
      const wrong = Array.from(bits).filter((x) => !isNotANumber(x) && back[x] !== x);
      expect(wrong).toEqual([]);
      expect(Array.from(bits).every((x) => isNotANumber(x) === Number.isNaN(values[x]))).toBe(true);
    }
  });

  it("rounds to nearest, ties to even", () => {
    // Between 1 and the next bfloat16, 1 + 2^-7: the middle is a tie and goes to the even one, 1.
    const bf16 = (x: number) => {
      const values = new Float32Array(1);
      widenBfloat16(narrowBfloat16(Float32Array.of(x)), values);
      return values[0];
    };
    expect([1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 3 * 2 ** -8, 3.4e38].map(bf16)).toEqual([
      1,
      1 + 2 ** -7,
      1 + 2 ** -6,
      Number.POSITIVE_INFINITY,
    ]);
    const f16 = (x: number) => {
      const values = new Float32Array(1);
      widenFloat16(narrowFloat16(Float32Array.of(x)), values);
      return values[0];
    };
    expect(
      [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 2 ** -25 * 1.5, -(2 ** -24), 2047.5].map(f16),
    ).toEqual([1, 1 + 2 ** -9, 65504, Number.POSITIVE_INFINITY, 0, 2 ** -24, -(2 ** -24), 2048]);
  });
});
