import { describe, expect, it } from "vitest";
import { linesByChunk } from "./json-lines.ts";

const encoder = new TextEncoder();

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

async function lines(text: string, size: number): Promise<string[]> {
  const result: string[] = [];
  for await (const chunk of linesByChunk(chunksOf(encoder.encode(text), size))) {
    for (const line of chunk) result.push(`${line.number}:${line.text}`);
  }
  return result;
}

describe("lines", () => {
  it.each([1, 2, 3, 7, 1000])("are the same in chunks of %i bytes", async (size) => {
    const text = '\ufeff{"a":"é√"}\r\n\n{"b":"\u2028"}\nlast';
    expect(await lines(text, size)).toEqual(['1:{"a":"é√"}', "2:", '3:{"b":"\u2028"}', "4:last"]);
  });

  it("end with the last line feed", async () => {
    expect(await lines("a\nb\n", 5)).toEqual(["1:a", "2:b"]);
    expect(await lines("", 5)).toEqual([]);
  });

  it("arrive as soon as their chunk does", async () => {
    const iterator = linesByChunk(chunksOf(encoder.encode("a\nb\nc"), 4));
    expect((await iterator.next()).value).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: "b" },
    ]);
  });

  it.each([1, 10, 1000])("above the limit are named and left out, in chunks of %i bytes", async (size) => {
    const bytes = encoder.encode(`a\n${"x".repeat(100)}\nb\n${"y".repeat(50)}\n${"z".repeat(51)}`);
    const read = [];
    for await (const chunk of linesByChunk(chunksOf(bytes, size), 50)) read.push(...chunk);
    expect(read).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: "", problem: "longer than 50 bytes" },
      { number: 3, text: "b" },
      { number: 4, text: "y".repeat(50) },
      { number: 5, text: "", problem: "longer than 50 bytes" },
    ]);
  });

  it("that are not UTF-8 are named, and no others", async () => {
    const bytes = Buffer.concat([Buffer.from("a\n"), Buffer.from("caf\u00e9", "latin1"), Buffer.from("\nb")]);
    const read = [];
    for await (const chunk of linesByChunk(chunksOf(bytes, 3))) read.push(...chunk);
    expect(read).toEqual([
      { number: 1, text: "a" },
      { number: 2, text: "", problem: "not valid UTF-8", mended: "caf\ufffd" },
      { number: 3, text: "b" },
    ]);
  });
});
