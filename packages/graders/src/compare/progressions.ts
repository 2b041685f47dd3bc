/**
 * Answers that stand for all a + bk with a whole k: "5k + 2, k in Z", "x = 2 mod 5". Two are the same set where their steps
 * are, up to the sign, and their first members differ by a multiple of the step. A side that declares no parameter is one
 * beside a side that does, and only if it is linear in one letter that is used for whole numbers.
 */

import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { integer } from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import { type Expression, negative, numberNode, productOf, sumOf } from "../parse/expression.ts";
import { compareUnordered } from "./collections.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { areNamesCompatible, namedValue } from "./names.ts";
import { declaredFamily } from "./parameters.ts";
import { renameSymbols, substitute } from "./rewrite.ts";
import { compareValues, realValue } from "./scalars.ts";

interface Progression {
  readonly name: Expression | null;
  readonly first: Expression;
  readonly step: Expression;
  /** The member at a whole number. */
  readonly at: (index: number) => Expression;
}

/**
 * Compares two answers that are progressions, or lists of them: of angles, or where one of them says so. Null where this is
 * not the question.
 */
export function compareProgressions(gold: Expression, answer: Expression, context: Context): Outcome | null {
  const [goldItems, answerItems] = [membersOf(gold, context), membersOf(answer, context)];
  if (goldItems || answerItems) {
    const [g, a] = [goldItems ?? itemsOf(gold), answerItems ?? itemsOf(answer)];
    return g.length === a.length && g.length <= mostMembers ? compareUnordered(g, a, "set", context) : null;
  }
  const [declaredGold, declaredAnswer] = [declared(gold, context), declared(answer, context)];
  if (!declaredGold && !declaredAnswer) return compareAngles(gold, answer, context);
  const g = declaredGold ?? undeclared(gold, context);
  const a = declaredAnswer ?? undeclared(answer, context);
  if (!g || !a || !mayNameTheSame(g, a, context)) return null;
  const isSame = [a.step, negative(a.step)].some((step) => compareValues(g.step, step, context).equal);
  const isShifted = isSame && isMultiple(sumOf([g.first, negative(a.first)]), g.step, context);
  return isShifted && isLinear(g, context) && isLinear(a, context)
    ? equalBy("set", "the same progression")
    : unequalBy("set", "different progressions");
}

const mostMembers = 20;

/** Whether `x` declares itself to be all a + bk with a whole k, and `value` is one of them. */
export function isMemberOf(value: Expression, x: Expression, context: Context): boolean {
  const family = declared(x, context);
  return family !== null && isMultiple(sumOf([value, negative(family.first)]), family.step, context);
}

/** "x = 2k, x = 3k + 1, k in Z": each of the list with the declaration; null for anything else. */
function membersOf(x: Expression, { work }: Context): readonly Expression[] | null {
  const family = declaredFamily(x, work);
  if (family?.value.kind !== "list") return null;
  return family.value.items.map((item): Expression => {
    const own = family.declarations.filter((_, index) =>
      namesIn(item, work).has(family.parameters[index]?.name ?? ""),
    );
    return own.length === 0 ? item : { kind: "list", items: [item, ...own], joiner: "comma" };
  });
}

function itemsOf(x: Expression): readonly Expression[] {
  return x.kind === "list" ? x.items : [x];
}

/** pi/4 + k pi beside pi/4 + n pi: angles that differ in the letter alone. */
function compareAngles(gold: Expression, answer: Expression, context: Context): Outcome | null {
  const { work } = context;
  const [g, a] = [namedValue(gold, work), namedValue(answer, work)];
  const [goldLetter, answerLetter] = [g, a].map((side) => side && angleLetter(side.value, context));
  if (!g || !a || !goldLetter || !answerLetter || goldLetter === answerLetter) return null;
  if (!mayNameTheSame(g, a, context)) return null;
  return compareValues(g.value, renameSymbols(a.value, new Map([[answerLetter, goldLetter]]), work), context);
}

function angleLetter(x: Expression, { work }: Context): string | null {
  const [letter = "", ...others] = namesIn(x, work);
  const isAngle = someNode(
    x,
    work,
    (node) =>
      (node.kind === "constant" && node.name === "pi") ||
      (node.kind === "quantity" && node.unit === "degree"),
  );
  const bends = (node: Expression): boolean => node.kind === "power" && namesIn(node, work).size > 0;
  const isPlain = !someNode(x, work, (node) => isCollectionLike(node) || bends(node));
  return isAngle && isPlain && others.length === 0 && /^[klmn]$/.test(letter) ? letter : null;
}

function mayNameTheSame(
  gold: { readonly name: Expression | null },
  answer: { readonly name: Expression | null },
  { work }: Context,
): boolean {
  return !gold.name || !answer.name || areNamesCompatible(gold.name, answer.name, work);
}

/** "x = 5k + 2, k in Z" or "x = 2 mod 5". */
function declared(x: Expression, context: Context): Progression | null {
  const family = declaredFamily(x, context.work);
  if (family) {
    const [parameter, ...others] = family.parameters;
    const isWhole = parameter?.set === "integers" && others.length === 0;
    return isWhole ? linearIn(parameter.name, family.value, context) : null;
  }
  const named = x.kind === "relation" ? namedValue(x, context.work) : null;
  const [first, step] = named?.value.kind === "call" && named.value.name === "mod" ? named.value.args : [];
  const isClosed = first && step && namesIn(named?.value as Expression, context.work).size === 0;
  if (!isClosed) return null;
  const at = (index: number): Expression => sumOf([first, productOf([numberNode(integer(index)), step])]);
  return { name: named?.name ?? null, first, step, at };
}

/** 5k + 2 with nothing said about k. */
function undeclared(x: Expression, context: Context): Progression | null {
  const value = namedValue(x, context.work)?.value;
  const [letter, ...others] = value ? namesIn(value, context.work) : [];
  const isWhole = letter !== undefined && others.length === 0 && /^[klmnt]$/.test(letter);
  return isWhole ? linearIn(letter, x, context) : null;
}

/** The progression that a value linear in `parameter` runs through; null for a value that is not, as far as doubles tell. */
function linearIn(parameter: string, x: Expression, context: Context): Progression | null {
  const { work } = context;
  const named = namedValue(x, work);
  if (!named || namesIn(named.value, work).size !== 1 || someNode(named.value, work, isCollectionLike))
    return null;
  const at = (index: number): Expression =>
    substitute(named.value, parameter, numberNode(integer(index)), work);
  const [first, second, seventh] = [0, 1, 7].map((index) => realValue(at(index), context));
  if (first == null || second == null || seventh == null || first === second) return null;
  const error = Math.abs(seventh - first - 7 * (second - first));
  if (error > 1e-9 * Math.max(1, Math.abs(seventh))) return null;
  return { name: named.name, first: at(0), step: sumOf([at(1), negative(at(0))]), at };
}

/** Whether the members are first + index * step, exactly. */
function isLinear({ first, step, at }: Progression, context: Context): boolean {
  return [2, 7, -30].every((index) => {
    const expected = sumOf([first, productOf([numberNode(integer(index)), step])]);
    return compareValues(at(index), expected, context).equal;
  });
}

function isCollectionLike(x: Expression): boolean {
  return ["list", "set", "bracketed", "matrix", "relation", "plusMinus", "setOperation", "text"].includes(
    x.kind,
  );
}

function isMultiple(x: Expression, step: Expression, context: Context): boolean {
  const [whole, part] = [x, step].map((side) =>
    evaluate(side, exactField(context.work), noNames, context.work),
  );
  if (whole && part && part.numerator !== 0n)
    return (whole.numerator * part.denominator) % (whole.denominator * part.numerator) === 0n;
  const [size, unit] = [realValue(x, context), realValue(step, context)];
  if (size === null || unit === null || unit === 0) return false;
  const count = Math.round(size / unit);
  if (!Number.isSafeInteger(count)) return false;
  return compareValues(x, productOf([numberNode(integer(count)), step]), context).equal;
}
