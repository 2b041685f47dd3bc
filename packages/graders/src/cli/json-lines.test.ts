import { describe, expect, it } from "vitest";
import { LineTooLong, linesByChunk } from "./json-lines.ts";

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

  it("are refused above the limit", async () => {
    const read = async (): Promise<void> => {
      for await (const _ of linesByChunk(chunksOf(encoder.encode("x".repeat(100)), 10), 50));
    };
    await expect(read()).rejects.toThrow(LineTooLong);
  });
});
