/**
 * Numerals as people write them: digit groups (7,425,000, 1{,}000, 12,\!345, 1 000), decimals (.5, 2{,}74), repeating
 * decimals (0.\overline{3}) and powers of ten (1.5e-3), each as an exact fraction. Linear in the numeral's length.
 */
import {
  addRational,
  multiplyRational,
  powerRational,
  type Rational,
  rational,
} from "../algebra/rational.ts";
import { isDigit, isLetter } from "./characters.ts";

/** How the comma between digits is read: "1,234" as a number, "1,22" as a number, or always as a separator. */
export type CommaReading = "thousands" | "separator" | "decimal";

export interface ScannedNumber {
  readonly text: string;
  /** The exact value; null where the power of ten is beyond reason. */
  readonly value: Rational | null;
  /** Number of significant digits where it was written with a decimal point, else null. */
  readonly significantDigits: number | null;
  /** Position after the numeral. */
  readonly end: number;
  /** True where another reading of a comma would read another numeral. */
  readonly isCommaAmbiguous: boolean;
}

/** Reads the numeral at `start`, which is a digit, or a point before a digit. */
export function scanNumber(
  text: string,
  start: number,
  commas: CommaReading,
  isInsideBrackets: boolean,
): ScannedNumber {
  let end = start;
  let digits = "";
  let isCommaAmbiguous = false;
  const takeDigits = (): string => {
    const from = end;
    while (isDigit(text.charAt(end))) end++;
    return text.slice(from, end);
  };
  digits += takeDigits();
  const firstGroup = digits.length;
  let isGrouped = false;
  while (firstGroup > 0) {
    const separator = groupSeparator(text, end);
    if (separator === null) break;
    const isRaw = separator === ",";
    const canGroup = firstGroup <= 3 && digits !== "0" && !digits.startsWith("00");
    if (!canGroup || (separator === " " && isInsideBrackets)) break;
    if (isRaw) {
      if (isInsideBrackets) break;
      isCommaAmbiguous = true;
      if (commas !== "thousands") break;
    }
    end += separator.length;
    digits += takeDigits();
    isGrouped = true;
  }
  const decimalMark = decimalMarkAt(text, end, isInsideBrackets ? "separator" : commas, isGrouped);
  let decimals = "";
  let repeating = "";
  if (decimalMark > 0) {
    end += decimalMark;
    decimals = takeDigits();
    const repetend = repetendAt(text, end);
    if (repetend) {
      repeating = repetend.digits;
      end = repetend.end;
    }
  } else if (text.charAt(end) === "," && isDigit(text.charAt(end + 1)) && !isGrouped && !isInsideBrackets) {
    isCommaAmbiguous = true;
  }
  const exponent = exponentAt(text, end);
  if (exponent) end = exponent.end;
  const value = decimalValue(digits, decimals, repeating, exponent?.value ?? 0);
  const isDecimal = decimalMark > 0 && repeating === "" && decimals !== "";
  const significantDigits = isDecimal ? countSignificant(digits + decimals) : null;
  return { text: text.slice(start, end), value, significantDigits, end, isCommaAmbiguous };
}

/** The separator before a group of exactly three digits at `at`: ",", "{,}", ",\!", "\,", " " ... or null. */
function groupSeparator(text: string, at: number): string | null {
  for (const separator of ["{,}", ",\\!\\!", ",\\!", "\\!,\\!", "{,\\!}", "\\,", "\\ ", "~", ",", " "]) {
    if (!text.startsWith(separator, at)) continue;
    let from = at + separator.length;
    // "11,\! 111": LaTeX swallows the space.
    let skipped = 0;
    if (separator.endsWith("\\!")) while (text.charAt(from + skipped) === " ") skipped++;
    from += skipped;
    const hasThree =
      isDigit(text.charAt(from)) && isDigit(text.charAt(from + 1)) && isDigit(text.charAt(from + 2));
    if (hasThree && !isDigit(text.charAt(from + 3))) return text.slice(at, from);
  }
  return null;
}

/** Length of the decimal mark at `at` (with digits or a repetend behind it), or 0. */
function decimalMarkAt(text: string, at: number, commas: CommaReading, isGrouped: boolean): number {
  const character = text.charAt(at);
  if (character === "." && (isDigit(text.charAt(at + 1)) || repetendAt(text, at + 1) !== null)) return 1;
  if (character === "," && commas === "decimal" && !isGrouped && isDigit(text.charAt(at + 1))) return 1;
  if (text.startsWith("{,}", at) && !isGrouped && isDigit(text.charAt(at + 3))) return 3;
  return 0;
}

/** Repeating digits at `at`: \overline{3}, \bar{3}, \dot{3}. */
function repetendAt(text: string, at: number): { digits: string; end: number } | null {
  for (const command of ["\\overline{", "\\bar{", "\\dot{"]) {
    if (!text.startsWith(command, at)) continue;
    let end = at + command.length;
    while (isDigit(text.charAt(end))) end++;
    const digits = text.slice(at + command.length, end);
    if (digits !== "" && text.charAt(end) === "}") return { digits, end: end + 1 };
  }
  return null;
}

function exponentAt(text: string, at: number): { value: number; end: number } | null {
  if (text.charAt(at) !== "e" && text.charAt(at) !== "E") return null;
  let end = at + 1;
  if (text.charAt(end) === "+" || text.charAt(end) === "-") end++;
  const from = end;
  while (isDigit(text.charAt(end))) end++;
  if (end === from || isLetter(text.charAt(end))) return null;
  return { value: Number(text.slice(at + 1, end)), end };
}

/** digits.decimals(repeating) times ten to the exponent, exactly; null where the result would be too large. */
function decimalValue(
  digits: string,
  decimals: string,
  repeating: string,
  exponent: number,
): Rational | null {
  const scale = 10n ** BigInt(decimals.length);
  const finite = rational(BigInt(digits + decimals || "0"), scale);
  const nines = 10n ** BigInt(repeating.length) - 1n;
  const rest = repeating === "" ? null : rational(BigInt(repeating), scale * nines);
  const value = finite && rest ? addRational(finite, rest) : finite;
  if (exponent === 0 || value === null) return value;
  if (Math.abs(exponent) > 10_000) return null;
  const power = powerRational({ numerator: 10n, denominator: 1n }, BigInt(exponent));
  return power && multiplyRational(value, power);
}

function countSignificant(digits: string): number {
  let index = 0;
  while (digits.charAt(index) === "0") index++;
  return digits.length - index;
}
