/**
 * Names of answers: "x = 5" answers 5, "(p, q) = (3, 2)" answers (3, 2), "f(x) = 2x" answers 2x. A relation is split
 * into a name and a value where its one side only names the thing asked for; an equation such as 2x + z = 1 is not.
 */
import { printExpression } from "../algebra/print.ts";
import { namesIn } from "../algebra/walk.ts";
import type { Expression, Relation } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import type { Context } from "./context.ts";
import { mayBeSameThings } from "./things.ts";

export interface NamedValue {
  /** The naming side, or null where the value stands alone. */
  readonly name: Expression | null;
  readonly value: Expression;
  /** Where the value is the end of a chain: the other values in it, which must be the same. */
  readonly steps?: readonly Expression[];
  /** What the value is said to be nearly: 1.414 for the root of 2. */
  readonly approximations?: readonly Expression[];
}

/** The value of an answer and its name, if it has one; null for a relation that is itself the answer. */
export function namedValue(x: Expression, work: Work): NamedValue | null {
  if (x.kind !== "relation") return { name: null, value: x };
  const named = namedByRelation(x, work);
  const approximations = x.operands.slice(beforeApproximation(x).length);
  return named && approximations.length > 0 ? { ...named, approximations } : named;
}

function namedByRelation(x: Relation, work: Work): NamedValue | null {
  const split = atLastArrow(x);
  if (split) {
    const end = namedValue(split.end, work);
    const before = end && namedValue(split.before, work);
    // 2x = 10 leads to x = 5; x = 4 does not.
    if (!end || !before || namesIn(before.value, work).size > 0) return end;
    return { ...end, steps: [...(end.steps ?? []), ...(before.steps ?? []), before.value] };
  }
  const relation = x;
  const [first, second] = relation.operands as readonly [Expression, Expression];
  if (relation.operators.length === 1) {
    const operator = relation.operators[0];
    if (operator === "in" || operator === "congruent")
      return isName(first) ? { name: first, value: second } : null;
  }
  if (!relation.operators.every((operator) => operator === "=" || operator === "approximately")) return null;
  const values = beforeApproximation(relation);
  const last = values.at(-1) as Expression;
  if (isName(first) && mayName(first, last, work)) return inAlphabet(first, last);
  // m + n = 7: what is asked for; m + n = p is an equation.
  if (isSumOfNames(first) && namesIn(last, work).size === 0) return { name: first, value: last };
  if (values.length === 2 && isName(last) && mayName(last, first, work)) return { name: last, value: first };
  // 0.56 = 56%, 1 + 1 = 2: a chain of values; 1 = y = x = 0: the last value of a chain.
  const isClosed = namesIn(last, work).size === 0;
  const areClosed = values.every((value) => namesIn(value, work).size === 0);
  if (areClosed) return { name: null, value: last, steps: values.slice(0, -1) };
  return isClosed && values.length > 2 ? { name: null, value: last } : null;
}

/** (y, x) = (2, 1) as (x, y) = (1, 2): coordinates in the order of their letters. */
function inAlphabet(name: Expression, value: Expression): NamedValue {
  if (name.kind !== "bracketed" || value.kind !== "bracketed") return { name, value };
  const order = alphabeticalOrder(name.items);
  if (!order || value.items.length !== name.items.length) return { name, value };
  const sorted = <T>(items: readonly T[]): T[] => order.map((index) => items[index] as T);
  return { name: { ...name, items: sorted(name.items) }, value: { ...value, items: sorted(value.items) } };
}

/** The places of letters that follow each other in the alphabet (x, y, z; p, q), in its order; null for other names. */
export function alphabeticalOrder(names: readonly Expression[]): readonly number[] | null {
  const codes = names.map((name) =>
    name.kind === "symbol" && /^[a-z]$/i.test(name.name) ? name.name.charCodeAt(0) : Number.NaN,
  );
  const order = [...codes.keys()].sort((a, b) => (codes[a] as number) - (codes[b] as number));
  const start = codes[order[0] as number] as number;
  return order.every((place, index) => codes[place] === start + index) ? order : null;
}

/** m + n, a + b + c: the letters of coordinates (x + y = 5 is a line) are not among them. */
function isSumOfNames(x: Expression): boolean {
  return (
    x.kind === "sum" &&
    x.terms.length > 1 &&
    x.terms.every((term) => term.kind === "symbol" && /^[a-w]$/.test(term.name))
  );
}

/** What stands behind the last implication, and before it; null where there is none. */
function atLastArrow(x: Relation): { before: Expression; end: Expression } | null {
  const index = x.operators.lastIndexOf("arrow");
  if (index < 0) return null;
  const part = (from: number, to: number): Expression => {
    const operands = x.operands.slice(from, to + 1);
    const [only] = operands;
    return operands.length === 1 && only
      ? only
      : { kind: "relation", operands, operators: x.operators.slice(from, to) };
  };
  return { before: part(0, index), end: part(index + 1, x.operands.length - 1) };
}

/** The operands up to the first approximation, except that x ~ 11 alone is a value. */
function beforeApproximation(relation: Relation): readonly Expression[] {
  const index = relation.operators.indexOf("approximately");
  const isValue = index > 0 || (index === 0 && !isName(relation.operands[0] as Expression));
  return isValue ? relation.operands.slice(0, index + 1) : relation.operands;
}

/** A side that names: x, a_1, f(x), \text{Area}, (x, y), AB, |AB|, A:B, NO/BO, angle ABC, sin A. */
function isName(x: Expression): boolean {
  switch (x.kind) {
    case "symbol":
    case "text":
    case "apply":
      return true;
    case "constant":
      return x.name === "e" || x.name === "i";
    case "bracketed":
    case "list":
    case "set":
      return x.items.every((item) => item.kind === "symbol");
    case "product":
      return (
        x.factors.every(isPointName) ||
        x.factors.every(isNameOrReciprocal) ||
        isAngleMeasure(x.factors) ||
        isDerivative(x.factors)
      );
    case "repeated":
      // What is asked for; a sum with bounds has a value of its own.
      return x.operator === "limit" || x.operator === "integral";
    case "ratio":
      return x.parts.every((part) => isName(part));
    case "call":
      return (
        x.args.length === 1 && isName(x.args[0] as Expression) && !isPlain(x.args[0] as Expression, x.name)
      );
    default:
      return false;
  }
}

/**
 * A quantity that is asked for by itself, so that its function is none of its names: |x| = 5 does not answer 5. But
 * tan of a Greek letter does, and the length of a vector.
 */
function isPlain(x: Expression, functionName: string): boolean {
  if (x.kind !== "symbol" || x.name < "a") return false;
  const isAngle = /^(?:sin|cos|tan|cot|sec|csc)$/.test(functionName) && /^[a-z]{2,}$/.test(x.name);
  return !isAngle && !(functionName === "abs" && x.name.startsWith("vec "));
}

/** m∠ABC. */
function isAngleMeasure([measure, angle, ...rest]: readonly Expression[]): boolean {
  const isMeasure = measure?.kind === "symbol" && measure.name === "m";
  return isMeasure && angle?.kind === "symbol" && angle.name.startsWith("angle ") && rest.length === 0;
}

/** dy/dx. */
function isDerivative([above, below, ...rest]: readonly Expression[]): boolean {
  if (below?.kind !== "power" || below.exponent.kind !== "number" || rest.length > 0) return false;
  const isMinusOne = below.exponent.value.numerator === -1n && below.exponent.value.denominator === 1n;
  return isMinusOne && [above, below.base].every(isDifferential);
}

function isDifferential(x: Expression | undefined): boolean {
  const [d, name, ...rest] = x?.kind === "product" ? x.factors : [];
  const isD = d?.kind === "symbol" && (d.name === "d" || d.name === "\\partial");
  return isD && name?.kind === "symbol" && rest.length === 0;
}

/** A capital letter, as points have: AB, ABC; also with an index, and "angle B" at the beginning. */
function isPointName(x: Expression): boolean {
  return x.kind === "symbol" && /^(?:angle |triangle |arc |bar |vec )?[A-Z]/.test(x.name);
}

function isNameOrReciprocal(x: Expression): boolean {
  const base =
    x.kind === "power" && x.exponent.kind === "number" && x.exponent.value.numerator === -1n ? x.base : x;
  return isPointName(base) || (base.kind === "product" && base.factors.every(isPointName));
}

/** A plain name does not name a value that holds it: x = x^2 is an equation. */
function mayName(name: Expression, value: Expression, work: Work): boolean {
  if (name.kind === "apply" || name.kind === "text" || name.kind === "repeated") return true;
  if (name.kind === "product" && isDerivative(name.factors)) return true;
  const inValue = namesIn(value, work);
  return ![...namesIn(name, work)].some((symbol) => inValue.has(symbol));
}

/** What two names must share to name the same thing: the symbol, or the letter of a function of a variable. */
export function nameKey(name: Expression, work: Work): string {
  const isOfVariables =
    name.kind === "apply" &&
    name.name !== "max" &&
    name.name !== "min" &&
    name.args.every((arg) => arg.kind === "symbol" && /^[a-z]/.test(arg.name));
  if (isOfVariables) return name.name;
  return printExpression(name, work);
}

/**
 * Whether two names may stand for the same thing. Two plain names (x and y, AB and CD), two functions, two limits must be the
 * same, and two names in words must not speak of different things (boys and girls); beside a name of another kind (f(x),
 * \text{Area}, a tuple of names) any name may stand.
 */
export function areNamesCompatible(a: Expression, b: Expression, work: Work): boolean {
  if (a.kind === "text" && b.kind === "text")
    return mayBeSameThings(withoutHeading(a.text), withoutHeading(b.text));
  if (a.kind === b.kind && (a.kind === "repeated" || a.kind === "ratio"))
    return printExpression(a, work) === printExpression(b, work);
  const arePlain = [a, b].every(
    (name) =>
      ["symbol", "product", "sum"].includes(name.kind) || (name.kind === "call" && name.name !== "abs"),
  );
  const areFunctions = a.kind === "apply" && b.kind === "apply";
  return !(arePlain || areFunctions) || nameKey(a, work) === nameKey(b, work);
}

/** "Total number of boys" as "boys", "the answer" as "": what a name in words is about. */
function withoutHeading(words: string): string {
  return words
    .replace(
      /\b(?:final|answer|solution|result|total|sum|amount|count|how many|required|desired|asked|so|thus|hence|therefore)\b/gi,
      "",
    )
    .trim();
}

/** Argument symbols of f(x) = ... and f(n) = ..., so that one can be renamed to the other. */
export function argumentNames(name: Expression | null): readonly string[] {
  if (name?.kind !== "apply") return [];
  return name.args.flatMap((arg) => (arg.kind === "symbol" ? [arg.name] : []));
}

/** The key of the name of an item, or null where it has none. */
export function nameOf(x: Expression, { work }: Context): string | null {
  const name = namedValue(x, work)?.name;
  return name ? nameKey(name, work) : null;
}

/** The value of an item without its name. */
export function unnamed(x: Expression, context: Context): Expression {
  return namedValue(x, context.work)?.value ?? x;
}
