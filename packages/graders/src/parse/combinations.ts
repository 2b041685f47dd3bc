/**
 * Numbers of combinations and permutations in the spellings of schools: ^nC_k, _nP_k, and, in the reading in which a C is no point,
 * C(n, k) and C_n^k.
 */
import { parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import { call, type Expression, minusOneNode, productOf, quotient, sumOf } from "./expression.ts";
import { parseArgument } from "./functions.ts";

/** ^nC_k and _nC_k, behind the sign; the letter P for the ordered ones. */
export function parseScriptsFirst(cursor: Cursor): Expression {
  const total = parseArgument(cursor, true);
  const letter = cursor.next();
  const isKnown = letter.kind === "letter" && (letter.text === "C" || letter.text === "P");
  if (!isKnown) return cursor.fail("a script before its letter");
  cursor.expect("_");
  const taken = parseArgument(cursor, true);
  if (letter.text === "C") return call("binomial", total, taken);
  const rest = sumOf([total, productOf([minusOneNode, taken])]);
  return quotient(call("factorial", total), call("factorial", rest));
}

/** C(5, 2), C_5^2 as a number, in that reading; null where nothing of the kind stands here. */
export function parseCombination(cursor: Cursor): Expression | null {
  const letter = cursor.peek();
  if (letter?.kind !== "letter" || letter.text !== "C") return null;
  const isPair = cursor.at("(", 1) && hasTwoParts(cursor);
  const isScripted = cursor.at("_", 1) && scriptsEnd(cursor);
  if (!isPair && !isScripted) return null;
  cursor.flags.combination = true;
  if (!cursor.options.areCombinations) return null;
  cursor.next();
  if (isScripted) {
    cursor.next();
    const total = parseArgument(cursor, true);
    cursor.expect("^");
    return call("binomial", total, parseArgument(cursor, true));
  }
  return cursor.nested(() => {
    cursor.expect("(");
    const total = parseSum(cursor);
    cursor.expect(",");
    const taken = parseSum(cursor);
    cursor.expect(")");
    return call("binomial", total, taken);
  });
}

/** Tokens that are looked ahead. */
const longest = 16;

/** Whether one comma stands between the brackets that open at offset 1, without brackets within. */
function hasTwoParts(cursor: Cursor): boolean {
  let commas = 0;
  for (let offset = 2; offset < longest; offset++) {
    if (cursor.at("(", offset)) return false;
    if (cursor.at(",", offset)) commas++;
    if (cursor.at(")", offset)) return commas === 1;
  }
  return false;
}

/** Whether an index behind C is followed by a power: C_5^2, C_{10}^{3}. */
function scriptsEnd(cursor: Cursor): boolean {
  const isBraced = cursor.at("{", 2);
  for (let offset = 3; offset < longest; offset++) {
    if (!isBraced) return cursor.at("^", 3);
    if (cursor.at("}", offset)) return cursor.at("^", offset + 1);
  }
  return false;
}
