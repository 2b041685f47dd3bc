/** "\sqrt2 \approx 1.414": whether a value may be written as another for short. "7 \sim 8" offers two values instead. */
import { isInteger, rationalToNumber } from "../algebra/rational.ts";
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { realValue } from "./scalars.ts";

/**
 * Whether the one is the other, rounded or cut to fewer digits; true where that is not known. Numerals of as many digits must be
 * equal.
 */
export function mayApproximate(value: Expression, written: Expression, context: Context): boolean {
  const [a, b] = [value, written].map((x) => realValue(x.kind === "quantity" ? x.value : x, context));
  if (a == null || b == null) return true;
  const [full, short] = [lastDigit(value), lastDigit(written)];
  if (!full || !short) return Math.abs(a - b) < Math.abs(a) / 10;
  if (full.digits === short.digits) return a === b;
  return Math.abs(a - b) < (full.digits < short.digits ? full : short).place;
}

/** The worth of a numeral's last digit and how many it has, the zeros at the end of a whole number aside; null for no numeral. */
function lastDigit(x: Expression): { readonly place: number; readonly digits: number } | null {
  if (x.kind === "quantity") return lastDigit(x.value);
  if (x.kind !== "number" || x.value.numerator === 0n) return null;
  if (x.significantDigits !== undefined) {
    const size = Math.abs(rationalToNumber(x.value));
    return {
      place: 10 ** (Math.floor(Math.log10(size)) - x.significantDigits + 1),
      digits: x.significantDigits,
    };
  }
  if (!isInteger(x.value)) return null;
  const written = x.value.numerator.toString().replace("-", "");
  const digits = written.replace(/0+$/, "").length;
  return { place: 10 ** (written.length - digits), digits };
}
