import { describe, expect, test } from "vitest";
import { memorySize, parseBytes } from "./memory-size.ts";

describe("parseBytes", () => {
  test("tells binary from decimal units", () => {
    expect(parseBytes("1GiB")).toBe(2 ** 30);
    expect(parseBytes("1.5 GB")).toBe(1.5e9);
    expect(parseBytes("512MiB")).toBe(2 ** 29);
    expect(parseBytes("100B")).toBe(100);
  });
});

describe("memorySize", () => {
  test("takes what parseBytes can read, and nothing else", () => {
    expect(memorySize().safeParse("1.5 GiB").success).toBe(true);
    for (const text of ["", "1", "GiB", "-1GiB", "1 XiB"])
      expect(memorySize().safeParse(text).success).toBe(false);
  });
});
