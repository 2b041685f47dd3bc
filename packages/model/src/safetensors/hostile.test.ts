/** What a broken or hostile file may claim, and the error that says so. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findDuplicateKey } from "./duplicate-keys.ts";
import { readSafetensors } from "./read.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with the given header text and as many data bytes. */
async function write(header: string, dataBytes: number, announced?: bigint): Promise<string> {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  bytes.set(json, 8);
  const path = join(folder, "hostile.safetensors");
  await writeFile(path, bytes);
  return path;
}

const entry = (shape: number[], begin: number, end: number, dtype = "F32") =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

/** title, header, data bytes, code, key, words of the message */
const cases: [string, string, number, string, string | undefined, RegExp][] = [
  [
    "overlapping tensors",
    `{"a":${entry([2], 0, 8)},"b":${entry([2], 4, 12)}}`,
    12,
    "SAFETENSORS_INVALID",
    "b",
    /"b" overlaps/,
  ],
  [
    "two tensors over the same bytes",
    `{"a":${entry([2], 0, 8)},"b":${entry([2], 0, 8)}}`,
    8,
    "SAFETENSORS_INVALID",
    "b",
    /overlaps/,
  ],
  [
    "a hole",
    `{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`,
    12,
    "SAFETENSORS_INVALID",
    "b",
    /4 unused/,
  ],
  ["a hole at the start", `{"a":${entry([1], 4, 8)}}`, 8, "SAFETENSORS_INVALID", "a", /4 unused/],
  [
    "bytes that belong to nobody",
    `{"a":${entry([1], 0, 4)}}`,
    7,
    "SAFETENSORS_INVALID",
    undefined,
    /3 bytes after/,
  ],
  ["no tensor but data", "{}", 4, "SAFETENSORS_INVALID", undefined, /4 bytes after/],
  [
    "an end before the beginning",
    `{"a":${entry([1], 4, 0)}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /before it begins/,
  ],
  ["a truncated tensor", `{"a":${entry([2], 0, 8)}}`, 5, "SAFETENSORS_TRUNCATED", "a", /should end/],
  [
    "an offset far out of range",
    `{"a":${entry([2 ** 40], 0, 2 ** 42)}}`,
    4,
    "SAFETENSORS_TRUNCATED",
    "a",
    /end/,
  ],
  [
    "a shape that is not its bytes",
    `{"a":${entry([3], 0, 8)}}`,
    8,
    "SAFETENSORS_INVALID",
    "a",
    /12 bytes.*give 8/,
  ],
  [
    "a shape whose size overflows",
    `{"a":${entry([2 ** 40, 2 ** 40], 0, 8)}}`,
    8,
    "SAFETENSORS_INVALID",
    "a",
    /take/,
  ],
  ["a negative size", `{"a":${entry([-1], 0, 4)}}`, 4, "SAFETENSORS_INVALID", "a", /shape/],
  ["half an element", `{"a":${entry([1.5], 0, 6)}}`, 6, "SAFETENSORS_INVALID", "a", /shape/],
  [
    "a size that is no number",
    `{"a":{"dtype":"F32","shape":[null],"data_offsets":[0,4]}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /shape/,
  ],
  [
    "an offset beyond exact integers",
    `{"a":${entry([1], 0, 2 ** 60)}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /offsets/,
  ],
  [
    "an unknown dtype",
    `{"a":${entry([4], 0, 4, "F8_E4M3")}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /F8_E4M3.*supported/,
  ],
  ["a missing field", `{"a":{"dtype":"F32","shape":[1]}}`, 4, "SAFETENSORS_INVALID", "a", /data_offsets/],
  [
    "a field too many",
    `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /x/,
  ],
  ["a tensor that is no object", `{"a":7}`, 4, "SAFETENSORS_INVALID", "a", /"a"/],
  [
    "the same name twice",
    `{"a":${entry([1], 0, 4)},"a":${entry([1], 0, 4)}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /twice/,
  ],
  [
    "the same name twice, once escaped",
    `{"a":${entry([1], 0, 4)},"\\u0061":${entry([1], 0, 4)}}`,
    4,
    "SAFETENSORS_INVALID",
    "a",
    /twice/,
  ],
  [
    "the same field twice",
    `{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}`,
    4,
    "SAFETENSORS_INVALID",
    "dtype",
    /twice/,
  ],
  [
    "metadata that are no strings",
    `{"__metadata__":{"a":1}}`,
    0,
    "SAFETENSORS_INVALID",
    "__metadata__",
    /strings/,
  ],
  ["text that is not JSON", `{"a":`, 4, "SAFETENSORS_INVALID", undefined, /not JSON/],
  ["JSON that is no object", "[1]", 0, "SAFETENSORS_INVALID", undefined, /not JSON/],
  ["blanks before the object", " {}", 0, "SAFETENSORS_INVALID", undefined, /not JSON/],
];

describe("a safetensors file", () => {
  it.each(cases)("with %s is refused", async (_, header, dataBytes, code, key, message) => {
    const path = await write(header, dataBytes);
    await expect(readSafetensors(path)).rejects.toMatchObject({ code, file: path, key });
    await expect(readSafetensors(path)).rejects.toThrowError(message);
  });

  it("with a header that is longer than the format allows is refused before it is read", async () => {
    const path = await write("{}", 0, 2n ** 63n);
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: "SAFETENSORS_INVALID", file: path });
    await expect(readSafetensors(path)).rejects.toThrowError(
      /announce a header of 9223372036854775808 bytes/,
    );
  });

  it("with a header that is longer than the file is truncated", async () => {
    await expect(readSafetensors(await write("{}", 0, 3n))).rejects.toMatchObject({
      code: "SAFETENSORS_TRUNCATED",
    });
  });

  it("of fewer than eight bytes is truncated", async () => {
    const path = join(folder, "short.safetensors");
    for (const bytes of [0, 7]) {
      await writeFile(path, new Uint8Array(bytes));
      await expect(readSafetensors(path)).rejects.toMatchObject({
        code: "SAFETENSORS_TRUNCATED",
        file: path,
      });
    }
  });

  it("with bytes that are not UTF-8 in its header is refused", async () => {
    const path = join(folder, "latin.safetensors");
    const header = Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x37, 0x7d);
    await writeFile(
      path,
      Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(header.length)).buffer), header]),
    );
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: "SAFETENSORS_INVALID" });
  });

  it("that is not there, or is a folder, is a missing one", async () => {
    const absent = join(folder, "absent.safetensors");
    await expect(readSafetensors(absent)).rejects.toMatchObject({ code: "WEIGHTS_MISSING", file: absent });
  });

  it("may name a tensor like a property of every object", async () => {
    const path = await write(`{"__proto__":${entry([1], 0, 4)},"constructor":${entry([1], 4, 8)}}`, 8);
    await using file = await readSafetensors(path);
    expect([...file.entries.keys()]).toEqual(["__proto__", "constructor"]);
    expect(await file.read("__proto__")).toEqual(Float32Array.of(0));
    await expect(file.read("toString")).rejects.toMatchObject({ code: "WEIGHTS_MISSING", key: "toString" });
  });
});

describe("findDuplicateKey", () => {
  it("tells keys from strings and one object from another", () => {
    expect(findDuplicateKey('{"a":"a","b":["a","a"],"c":{"a":1},"d":{"a":1}}')).toBeNull();
    expect(findDuplicateKey('[{"a":1},{"a":1}]')).toBeNull();
    expect(findDuplicateKey('{"x":[{"a" :1, "\\u0061"\n:1}]}')).toBe("a");
    expect(findDuplicateKey('{"a\\"":1,"a\\\\":2,"a\\"":3}')).toBe('a"');
  });

  it("walks over strings of many megabytes", () => {
    const long = "x".repeat(20_000_000);
    expect(findDuplicateKey(`{"${long}":1,"a":2,"a":3}`)).toBe("a");
  });
});
