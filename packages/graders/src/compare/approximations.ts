/** "\sqrt2 \approx 1.414": whether a value may be written as another for short. "7 \sim 8" offers two values instead. */
import { isInteger, rationalToNumber } from "../algebra/rational.ts";
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { realValue } from "./scalars.ts";

/** Whether the one is the other, rounded or cut at the last place that is written of either; true where that is not known. */
export function mayApproximate(value: Expression, written: Expression, context: Context): boolean {
  const [a, b] = [value, written].map((x) => realValue(x.kind === "quantity" ? x.value : x, context));
  if (a == null || b == null) return true;
  const place = Math.max(lastPlace(value), lastPlace(written));
  return Math.abs(a - b) < (place > 0 ? place : Math.abs(a) / 100);
}

/** The worth of the last digit that is written, the zeros at the end of a whole number aside; 0 where no numeral is. */
function lastPlace(x: Expression): number {
  if (x.kind === "quantity") return lastPlace(x.value);
  if (x.kind === "product" && x.factors.length === 2) return lastPlace(x.factors[1] as Expression);
  if (x.kind !== "number" || x.value.numerator === 0n) return 0;
  const size = Math.abs(rationalToNumber(x.value));
  if (x.significantDigits !== undefined)
    return 10 ** (Math.floor(Math.log10(size)) - x.significantDigits + 1);
  if (!isInteger(x.value)) return 0;
  const digits = x.value.numerator.toString();
  return 10 ** (digits.length - digits.replace(/0+$/, "").length);
}
