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

/** Whether a point before digits, or before digits that repeat, begins a numeral at `at`. */
export function isDecimalPoint(text: string, at: number): boolean {
  const isMark = text.charAt(at) === "." && (isDigit(text.charAt(at + 1)) || text.charAt(at + 1) === "\\");
  return isMark && decimalMarkAt(text, at, "separator", false) > 0;
}

/** Reads the numeral at `start`, which is a digit, or a point as `isDecimalPoint` says. */
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
    // No numeral begins with a zero of its own: 1,000 and (1,000, 2) are grouped however commas are read.
    if (isRaw && text.charAt(end + 1) !== "0") {
      if (isInsideBrackets) break;
      isCommaAmbiguous = true;
      if (commas !== "thousands") break;
    }
    end += separator.length;
    digits += takeDigits();
    isGrouped = true;
  }
  const dotted = isGrouped ? null : dottedGroups(text, end, firstGroup);
  if (dotted) {
    digits += dotted.digits;
    end = dotted.end;
    isGrouped = true;
  }
  const decimalMark = decimalMarkAt(text, end, isInsideBrackets ? "separator" : commas, isGrouped);
  let decimals = "";
  let repeating = "";
  if (decimalMark > 0) {
    end += decimalMark;
    decimals = takeDigits();
    const repetend = repetendAt(text, end);
    const dots = repetend ? 0 : ellipsisAt(text, end);
    if (repetend) {
      repeating = repetend.digits;
      end = repetend.end;
      end += ellipsisAt(text, end);
    } else if (dots > 0) {
      end += dots;
      repeating = repeatedTail(decimals);
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

const groupSeparators = [
  ...[
    "{,}",
    ",\\!\\!",
    ",\\!",
    "\\!,\\!",
    "{,\\!}",
    "\\,",
    "\\:",
    "\\;",
    "\\thinspace ",
    "\\ ",
    "~",
    ",",
    " ",
    "'",
    "_",
  ],
];

/** The separator before a group of exactly three digits at `at`: ",", "{,}", ",\!", "\,", " " ... or null. */
function groupSeparator(text: string, at: number): string | null {
  for (const separator of groupSeparators) {
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

/** 1.000.000: at least two groups of three behind points, which no decimal has; null for anything else. */
function dottedGroups(text: string, at: number, firstGroup: number): { digits: string; end: number } | null {
  if (firstGroup === 0 || firstGroup > 3 || text.charAt(at) !== ".") return null;
  let end = at;
  let digits = "";
  while (text.charAt(end) === "." && isDigit(text.charAt(end + 1))) {
    const group = text.slice(end + 1, end + 4);
    if (!/^\d{3}$/.test(group) || isDigit(text.charAt(end + 4))) return null;
    digits += group;
    end += 4;
  }
  return digits.length >= 6 ? { digits, end } : null;
}

/** Repeating digits at `at`: \overline{3}, \bar{3}, \dot{3}, \bar3, or (3) where the numeral ends the text or its part. */
function repetendAt(text: string, at: number): { digits: string; end: number } | null {
  if (text.charAt(at) === "(") {
    let end = at + 1;
    while (isDigit(text.charAt(end))) end++;
    const digits = text.slice(at + 1, end);
    const isLast = /^\)\s*(?:$|[,;$}\])%]|\\[%)\]])/.test(text.slice(end, end + 12));
    return digits !== "" && isLast ? { digits, end: end + 1 } : null;
  }
  const dotted = dottedRepetend(text, at);
  if (dotted) return dotted;
  for (const command of ["\\overline", "\\bar", "\\dot"]) {
    if (!text.startsWith(command, at)) continue;
    let start = at + command.length;
    while (text.charAt(start) === " ") start++;
    if (isDigit(text.charAt(start))) return { digits: text.charAt(start), end: start + 1 };
    if (text.charAt(start) !== "{") continue;
    let end = start + 1;
    while (isDigit(text.charAt(end))) end++;
    const digits = text.slice(start + 1, end);
    if (digits !== "" && text.charAt(end) === "}") return { digits, end: end + 1 };
  }
  return null;
}

/** \dot{1}4285\dot{7}: dots over the first and the last digit of the period. */
function dottedRepetend(text: string, at: number): { digits: string; end: number } | null {
  const match = /^\\dot\{?(\d)\}?(\d*)\\dot\{?(\d)\}?/.exec(text.slice(at, at + 60));
  return match && { digits: match.slice(1).join(""), end: at + match[0].length };
}

/** Length of the dots at `at` that say that a decimal goes on, or 0. */
function ellipsisAt(text: string, at: number): number {
  for (const dots of ["...", "\\ldots", "\\dots", "\\cdots"]) {
    if (text.startsWith(dots, at) && !isLetter(text.charAt(at + dots.length))) return dots.length;
  }
  return 0;
}

/**
 * The period that a decimal with dots behind it shows, or "": 0.333... and 0.33... repeat 3, 0.1212... repeats 12. A block
 * must stand there twice, a single digit three times unless there is nothing else.
 */
function repeatedTail(decimals: string): string {
  const { length } = decimals;
  for (let period = 1; period * 2 <= Math.min(length, 24); period++) {
    const block = decimals.slice(length - period);
    const count = period === 1 && length > 2 ? 3 : 2;
    if (decimals.endsWith(block.repeat(count))) return block;
  }
  return "";
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
