/**
 * Hedges: answers that offer several values so that the right one is among them. "3 or 4 or 5", x > 2, all reals, a
 * list or a progression around the reference. A hedge is never equal; the reward treats it as a game.
 */
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { namedValue } from "./names.ts";
import { containsNumber, isInfiniteSet } from "./pieces.ts";
import { isMemberOf } from "./progressions.ts";
import { realSetOf } from "./real-sets.ts";
import { realValue } from "./scalars.ts";
import { compareExpressions } from "./structures.ts";
import { wordsOf } from "./text.ts";

/** Whether some reading of the answer offers several values, one of them the reference, which is a single value. */
export function isHedge(
  gold: readonly Expression[],
  answer: readonly Expression[],
  context: Context,
): boolean {
  return gold.some((g) => isSingle(g) && answer.some((a) => offersLetter(a, g) || offers(a, g, context)));
}

/** "A/B/C", "ABCD", "(A) (B)" for a reference that is one of these letters. */
function offersLetter(answer: Expression, gold: Expression): boolean {
  const letter = wordsOf(gold)?.replace(/[()]/g, "") ?? "";
  const letters = answer.kind === "text" ? answer.text : capitalsIn(answer);
  if (!/^[A-Z]$/.test(letter) || !/^[\s(]*[A-Z](?:[\s()/,.]*[A-Z])+[\s).]*$/.test(letters)) return false;
  const plain = letters.replace(/[^A-Z]/g, "");
  return plain.length < 8 && plain.includes(letter) && new Set(plain).size === plain.length;
}

/** The letters of a product or quotient of single capital letters, else "". */
function capitalsIn(x: Expression): string {
  if (x.kind === "symbol") return /^[A-Z]$/.test(x.name) ? x.name : "";
  if (x.kind === "power") return capitalsIn(x.base);
  if (x.kind !== "product") return "";
  const letters = x.factors.map(capitalsIn);
  return letters.includes("") ? "" : letters.join("");
}

function isSingle(x: Expression): boolean {
  return !["list", "set", "setOperation", "namedSet", "bracketed", "matrix", "relation"].includes(x.kind);
}

function offers(answer: Expression, gold: Expression, context: Context): boolean {
  if (isMemberOf(gold, answer, context)) return true;
  const value = namedValue(answer, context.work)?.value ?? answer;
  if (value.kind === "plusMinus" || value.kind === "sum") {
    return hasPlusMinus(value);
  }
  if (value.kind === "list" || value.kind === "set") {
    return value.items.some((item) => compareExpressions(gold, item, context).equal);
  }
  const isRegion = value.kind === "setOperation" || value.kind === "namedSet" || value.kind === "relation";
  if (!isRegion && value.kind !== "bracketed") return false;
  const set = realSetOf(value, context);
  const number = realValue(gold, context);
  if (!set) return value.kind === "namedSet" && value.name !== "empty";
  return number !== null && isInfiniteSet(set) && containsNumber(set, number);
}

function hasPlusMinus(x: Expression): boolean {
  return x.kind === "plusMinus" || (x.kind === "sum" && x.terms.some(hasPlusMinus));
}
