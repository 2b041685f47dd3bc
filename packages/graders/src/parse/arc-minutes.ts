/** 30° 15' 20'': minutes and seconds of arc behind degrees. */
import { isInteger, rational } from "../algebra/rational.ts";
import type { Cursor } from "./cursor.ts";
import { type Expression, numberNode, productOf, sumOf } from "./expression.ts";

/** Units of 5' and 5'': minutes and seconds of arc or of time, feet and inches. */
export const prime = "′";
export const doublePrime = "″";

type Quantity = Extract<Expression, { kind: "quantity" }>;

/** The degrees with the minutes and seconds that follow; the degrees themselves where none do. */
export function withArcMinutes(cursor: Cursor, degrees: Quantity): Quantity {
  const terms = [degrees.value];
  for (const primes of [1, 2]) {
    const number = cursor.peek();
    const length = number?.kind === "number" && primesBehind(cursor, primes);
    if (!length || number.value.numerator >= 60n * number.value.denominator) continue;
    if (primes === 1 && !isInteger(number.value)) break;
    for (let count = 1 + length; count > 0; count--) cursor.next();
    const part = rational(1n, 60n ** BigInt(primes));
    if (part) terms.push(productOf([numberNode(number.value), numberNode(part)]));
  }
  return terms.length === 1 ? degrees : { ...degrees, value: sumOf(terms) };
}

/** How many tokens behind the numeral are exactly `count` primes, written ' or ^\prime; 0 for anything else. */
function primesBehind(cursor: Cursor, count: number): number {
  const isRaised = cursor.at("^", 1);
  const isBraced = isRaised && cursor.at("{", 2);
  const start = isBraced ? 3 : isRaised ? 2 : 1;
  let end = start;
  while (cursor.at("'", end)) end++;
  if (end - start !== count || (isBraced && !cursor.at("}", end))) return 0;
  return end - (isBraced ? 0 : 1);
}
