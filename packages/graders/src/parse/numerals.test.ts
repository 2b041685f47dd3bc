import { describe, expect, it } from "vitest";
import { printRational } from "../algebra/rational.ts";
import { scanNumber } from "./numerals.ts";

const read = (text: string, commas: "thousands" | "separator" | "decimal" = "thousands"): string => {
  const { value, end } = scanNumber(text, 0, commas, false);
  return `${value && printRational(value)}${text.slice(end)}`;
};

describe("numerals", () => {
  it.each([
    ["7,425,000", "7425000"],
    ["1{,}000", "1000"],
    ["12,\\!345,\\!678", "12345678"],
    ["11,\\! 111,\\! 100", "11111100"],
    ["1 000 000", "1000000"],
    ["25\\,000", "25000"],
    [".5", "1/2"],
    ["1,000.25", "4001/4"],
    ["2{,}74", "137/50"],
    ["0.\\overline{3}", "1/3"],
    ["0.1\\overline{6}", "1/6"],
    ["1.5e-3", "3/2000"],
    ["1E3", "1000"],
    ["007", "7"],
    ["5.", "5."],
  ])("%s is %s", (text, value) => {
    expect(read(text)).toBe(value);
  });

  it.each(["1,22", "1234,567", "0,111", "12,34,567"])(
    "%s ends at its comma, which groups no thousands",
    (text) => {
      expect(read(text)).toBe(`${Number(text.split(",")[0])},${text.split(",").slice(1).join(",")}`);
    },
  );

  it("reads the comma as asked for", () => {
    expect(read("1,234", "separator")).toBe("1,234");
    expect(read("0,5", "decimal")).toBe("1/2");
    expect(scanNumber("1,234", 0, "thousands", false).isCommaAmbiguous).toBe(true);
    expect(scanNumber("(1,234)", 1, "thousands", true).isCommaAmbiguous).toBe(false);
  });

  it("has no value for a power of ten beyond reason", () => {
    expect(scanNumber("1e999999999", 0, "thousands", false).value).toBeNull();
  });

  it("counts significant digits of decimals only", () => {
    expect(scanNumber("0.00120", 0, "thousands", false).significantDigits).toBe(3);
    expect(scanNumber("120", 0, "thousands", false).significantDigits).toBeNull();
  });
});
