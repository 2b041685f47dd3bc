/**
 * The comparison of two trees: chooses by what they are, and takes lists, sets, tuples and matrices apart.
 *
 * Conventions, in the order in which they are tried:
 * - "x = v" answers v; two named answers must name the same thing; otherwise a relation is an answer by itself;
 * - words equal words; words with a meaning ("four", "no solution") are that meaning;
 * - plus-minus stands for its two values;
 * - intervals, unions and inequalities are sets of reals; (a, b) is an interval beside one of these, a tuple elsewhere;
 * - a list (1, 2, 3 without brackets) and a set have no order; a tuple has; a list beside a tuple is that tuple.
 */
import { printExpression } from "../algebra/print.ts";
import type { Bracketed, Expression } from "../parse/expression.ts";
import { limits, type Work } from "../work.ts";
import { type Context, equalBy, type Method, type Outcome, unequalBy } from "./context.ts";
import { areNamesCompatible, argumentNames, type NamedValue, namedValue, nameKey } from "./names.ts";
import { withoutParameters } from "./parameters.ts";
import { equalRealSets, isInfiniteSet } from "./pieces.ts";
import { compareScalars } from "./quantities.ts";
import { compareRatios, isRatio } from "./ratios.ts";
import { realSetOf } from "./real-sets.ts";
import { compareRelations } from "./relations.ts";
import { expandPlusMinus, reduceMatrices, renameSymbols } from "./rewrite.ts";
import { meaningOf, normalizeWords, wordsOf } from "./text.ts";
import { coordinatesOf, nestedRows } from "./vectors.ts";

/** Compares two parsed answers. Symmetric, except that the reasons speak of the reference and the answer. */
export function compareExpressions(gold: Expression, answer: Expression, context: Context): Outcome {
  context.work.spend(4);
  const family = withoutParameters(gold, answer, context.work);
  if (family) return compareExpressions(family[0], family[1], context);
  const region = compareRegions(gold, answer, context);
  if (region) return region;
  const [g, a] = [namedValue(gold, context.work), namedValue(answer, context.work)];
  if (gold.kind === "relation" || answer.kind === "relation") {
    return compareNamed(gold, g, answer, a, context);
  }
  return compareUnnamed(gold, answer, context);
}

/** At least one side is a relation. */
function compareNamed(
  gold: Expression,
  g: NamedValue | null,
  answer: Expression,
  a: NamedValue | null,
  context: Context,
): Outcome {
  const mayBeSame = g && a && (!g.name || !a.name || areNamesCompatible(g.name, a.name, context.work));
  if (mayBeSame && holds(g, a, context) && holds(a, g, context)) {
    const outcome = compareUnnamed(g.value, withArgumentsOf(g.name, a, context), context);
    if (outcome.equal) return outcome;
  }
  if (!holds(g, a, context) || !holds(a, g, context))
    return unequalBy("relation", "a chain that does not hold");
  if (gold.kind === "relation" && answer.kind === "relation") return compareRelations(gold, answer, context);
  if (!g || !a) return unequalBy("relation", "a relation and a value");
  return compareUnnamed(g.value, a.value, context);
}

/** 0.56 = 56% answers 0.56 only because both sides are; 1.56 = 56% answers nothing. */
function holds(chain: NamedValue | null, other: NamedValue | null, context: Context): boolean {
  if (!chain?.steps || !other) return true;
  return chain.steps.every((step) => compareUnnamed(step, other.value, context).equal);
}

/** f(n) = n beside f(x) = x: the answer's value with the reference's argument names. */
function withArgumentsOf(goldName: Expression | null, a: NamedValue, context: Context): Expression {
  const [to, from] = [argumentNames(goldName), argumentNames(a.name)];
  if (to.length === 0 || to.length !== from.length) return a.value;
  return renameSymbols(
    a.value,
    new Map(from.map((name, index) => [name, to[index] as string])),
    context.work,
  );
}

function compareUnnamed(gold: Expression, answer: Expression, context: Context): Outcome {
  const words = compareWords(gold, answer, context);
  if (words) return words;
  const [goldLetters, answerLetters] = [capitalsOf(gold), capitalsOf(answer)];
  if (goldLetters && answerLetters && goldLetters !== answerLetters) {
    return unequalBy("text", "capital letters in another order");
  }
  const { work } = context;
  const [goldForms, answerForms] = [plusMinusForms(gold, context), plusMinusForms(answer, context)];
  if (goldForms || answerForms)
    return compareForms(goldForms ?? [[gold]], answerForms ?? [[answer]], context);
  const [g, a] = withVectors(
    reduceMatrices(withoutUnit(gold), work),
    reduceMatrices(withoutUnit(answer), work),
    work,
  );
  if (isCollection(g) || isCollection(a)) return compareCollections(g, a, context);
  if (g.kind === "matrix" || a.kind === "matrix") return compareMatrices(g, a, context);
  if (isRatio(g) || isRatio(a)) return compareRatios(g, a, context);
  if (g.kind === "setOperation" || a.kind === "setOperation") return compareOperations(g, a, context);
  if (g.kind === "namedSet" || a.kind === "namedSet") return comparePrinted(g, a, "set", context);
  // Without matrices in them, both are as they were.
  return compareScalars(hasUnit(gold) ? gold : g, hasUnit(answer) ? answer : a, context);
}

function hasUnit(x: Expression): boolean {
  return x.kind === "quantity";
}

/** Beside a matrix or a tuple, nested brackets are a matrix, and a sum of basis vectors is the tuple of its coordinates. */
function withVectors(g: Expression, a: Expression, work: Work): readonly [Expression, Expression] {
  const convert = (x: Expression, beside: Expression): Expression => {
    if (beside.kind === "matrix") {
      const rows = nestedRows(x);
      if (rows) return { kind: "matrix", rows };
      const isRow = beside.rows.length === 1;
      const isVector = isRow || beside.rows.every((row) => row.length === 1);
      return (
        (isVector && coordinatesOf(x, isRow ? (beside.rows[0]?.length ?? 0) : beside.rows.length, work)) || x
      );
    }
    return (beside.kind === "bracketed" && coordinatesOf(x, beside.items.length, work)) || x;
  };
  return [convert(g, a), convert(a, g)];
}

/** A unit behind brackets, as in (3, 4) feet, says nothing that the brackets do not. */
function withoutUnit(x: Expression): Expression {
  return x.kind === "quantity" && isCollection(x.value) ? x.value : x;
}

// --- words -----------------------------------------------------------------------------------------------------------

function compareWords(gold: Expression, answer: Expression, context: Context): Outcome | null {
  if (gold.kind !== "text" && answer.kind !== "text") return null;
  const [goldWords, answerWords] = [wordsOf(gold), wordsOf(answer)];
  if (goldWords !== null && answerWords !== null) {
    if (normalizeWords(goldWords) === normalizeWords(answerWords)) return equalBy("text", "the same words");
  }
  const [g, a] = [meaningful(gold), meaningful(answer)];
  if (g.kind === "text" || a.kind === "text") return unequalBy("text", "different words");
  return compareExpressions(g, a, context);
}

/** Three or more different capital letters side by side (an order, a polygon), which are hardly ever a product; else null. */
function capitalsOf(x: Expression): string | null {
  const letters = x.kind === "product" ? (wordsOf(x) ?? "") : "";
  return /^[A-Z]{3,}$/.test(letters) && new Set(letters).size === letters.length ? letters : null;
}

function meaningful(x: Expression): Expression {
  return (x.kind === "text" ? meaningOf(x.text) : null) ?? x;
}

// --- plus-minus ------------------------------------------------------------------------------------------------------

/** The lists of values that ± can stand for, or null without ±. A list spreads its items' values. */
function plusMinusForms(x: Expression, context: Context): readonly (readonly Expression[])[] | null {
  const items = x.kind === "list" || x.kind === "set" ? x.items : [x];
  const names = new Set(items.map((item) => nameOf(item, context)));
  const expanded = items.map((item) =>
    expandPlusMinus(names.size === 1 ? unnamed(item, context) : item, context.work),
  );
  if (expanded.every((forms) => forms.length === 1 && forms[0]?.length === 1)) return null;
  return [0, 1].map((form) => expanded.flatMap((forms) => forms[Math.min(form, forms.length - 1)] ?? []));
}

function nameOf(x: Expression, { work }: Context): string | null {
  const name = namedValue(x, work)?.name;
  return name ? nameKey(name, work) : null;
}

function unnamed(x: Expression, context: Context): Expression {
  return namedValue(x, context.work)?.value ?? x;
}

function compareForms(
  goldForms: readonly (readonly Expression[])[],
  answerForms: readonly (readonly Expression[])[],
  context: Context,
): Outcome {
  for (const gold of goldForms) {
    for (const answer of answerForms) {
      const [g, a] = [spread(gold), spread(answer)];
      const outcome = compareUnordered(g, a, "list", context);
      if (outcome.equal) return outcome;
    }
  }
  return unequalBy("list", "different values of plus and minus");
}

function spread(items: readonly Expression[]): readonly Expression[] {
  return items.flatMap((item) => (item.kind === "list" || item.kind === "set" ? item.items : [item]));
}

// --- regions ---------------------------------------------------------------------------------------------------------

/** Sets of reals against each other; null where this is not the question. */
function compareRegions(gold: Expression, answer: Expression, context: Context): Outcome | null {
  if (!isRegion(gold) && !isRegion(answer)) return null;
  const [goldName, answerName] = [unknownOf(gold), unknownOf(answer)];
  if (goldName !== null && answerName !== null && goldName !== answerName) return null;
  const g = realSetOf(gold, context) ?? unionOfList(gold, context);
  if (!g) return null;
  const a = realSetOf(answer, context) ?? unionOfList(answer, context);
  if (!a) return null;
  if (equalRealSets(g, a, context)) return equalBy("region", "the same set of numbers");
  return isInfiniteSet(g) || isInfiniteSet(a) ? unequalBy("region", "different sets of numbers") : null;
}

/** Something that only makes sense as a set of reals. */
function isRegion(x: Expression): boolean {
  if (x.kind === "setOperation" || x.kind === "namedSet") return true;
  if (x.kind === "bracketed") return x.items.length === 2 && (x.open === "(") !== (x.close === ")");
  if (x.kind === "list") return x.items.length > 0 && x.items.every(isInequality);
  if (x.kind === "relation") return isInequality(x) || (x.operators[0] === "in" && x.operators.length === 1);
  return x.kind === "sum" && x.terms.some((term) => term.kind === "namedSet");
}

/** The plain symbol that an inequality or a membership is about, or null. */
function unknownOf(x: Expression): string | null {
  const symbol = x.kind === "relation" ? x.operands.find((operand) => operand.kind === "symbol") : undefined;
  return symbol?.kind === "symbol" ? symbol.name : null;
}

function isInequality(x: Expression): boolean {
  return x.kind === "relation" && x.operators.every((operator) => /^[<>]|^!=/.test(operator));
}

/** "(-oo, 1) and (2, oo)": a list of intervals for their union. */
function unionOfList(x: Expression, context: Context): ReturnType<typeof realSetOf> {
  if (x.kind !== "list" || !x.items.every((item) => item.kind === "bracketed")) return null;
  const [first, ...rest] = x.items as readonly Bracketed[];
  if (!first) return null;
  const union = rest.reduce<Expression>(
    (left, right) => ({ kind: "setOperation", operator: "union", operands: [left, right] }),
    first,
  );
  return realSetOf(union, context);
}

/** Unions and differences with names in them: the same operands in any order. */
function compareOperations(gold: Expression, answer: Expression, context: Context): Outcome {
  if (gold.kind !== "setOperation" || answer.kind !== "setOperation" || gold.operator !== answer.operator) {
    return unequalBy("set", "a set operation and something else");
  }
  if (gold.operator === "difference") return compareOrdered(gold.operands, answer.operands, "set", context);
  const flat = (x: Expression): readonly Expression[] =>
    x.kind === "setOperation" && x.operator === gold.operator ? x.operands.flatMap(flat) : [x];
  return compareUnordered(flat(gold), flat(answer), "set", context);
}

// --- collections -----------------------------------------------------------------------------------------------------

type Collection = Extract<Expression, { kind: "list" | "set" | "bracketed" }>;

function isCollection(x: Expression): x is Collection {
  return x.kind === "list" || x.kind === "set" || x.kind === "bracketed";
}

function compareCollections(gold: Expression, answer: Expression, context: Context): Outcome {
  if (gold.kind === "matrix" || answer.kind === "matrix") return compareVectors(gold, answer, context);
  if (!isCollection(gold) || !isCollection(answer)) return compareSingleton(gold, answer, context);
  if (gold.kind === "bracketed" && answer.kind === "bracketed") return compareTuples(gold, answer, context);
  if (gold.kind === "bracketed" || answer.kind === "bracketed") {
    const [tuple, other] = gold.kind === "bracketed" ? [gold, answer] : [answer as Bracketed, gold];
    const isInterval = tuple.open === "[" || tuple.close === "]";
    const [only] = other.items;
    if (other.items.length === 1 && only?.kind === "bracketed") return compareTuples(tuple, only, context);
    if (other.kind === "set" || isInterval) return unequalBy("tuple", "an ordered tuple and something else");
    return compareOrdered(gold.items, answer.items, "tuple", context);
  }
  if (gold.kind === "list" && answer.kind === "list") {
    return areOpposite(gold, answer, context)
      ? unequalBy("list", "one says and, the other or, about different names")
      : compareLists(gold.items, answer.items, context);
  }
  return compareUnordered(distinct(gold, context), distinct(answer, context), "set", context);
}

/** {5} (or {5, 5}) for 5, and nothing else of this kind: one value is not a list. */
function compareSingleton(gold: Expression, answer: Expression, context: Context): Outcome {
  const [collection, other] = isCollection(gold) ? [gold, answer] : [answer, gold];
  if (isCollection(collection) && collection.kind === "set") {
    const [only, ...others] = distinct(collection, context);
    if (only && others.length === 0) return compareExpressions(only, other, context);
  }
  return unequalBy("list", "one value and several");
}

/** "x = 2 and y = 3" beside "x = 2 or y = 3". Of one name's values, both words make the same list. */
function areOpposite(gold: Expression, answer: Expression, context: Context): boolean {
  if (gold.kind !== "list" || answer.kind !== "list") return false;
  const joiners = new Set([gold.joiner, answer.joiner]);
  const names = new Set(gold.items.map((item) => nameOf(item, context)));
  return joiners.has("and") && joiners.has("or") && names.size > 1;
}

/** Items of a set once each; the items of a list as they are. */
function distinct(x: Collection, { work }: Context): readonly Expression[] {
  const seen = new Map(x.items.map((item) => [printExpression(item, work), item]));
  return [...seen.values()];
}

function compareTuples(gold: Bracketed, answer: Bracketed, context: Context): Outcome {
  const brackets = (x: Bracketed): string => (x.open === "<" ? "()" : `${x.open}${x.close}`);
  const isMixed = [gold, answer].some((x) => (x.open === "[") !== (x.close === "]"));
  // [1, 2, 3] and (1, 2, 3) are the same vector; [1, 2] and (1, 2) are not the same interval.
  if ((gold.items.length === 2 || isMixed) && brackets(gold) !== brackets(answer)) {
    return unequalBy("tuple", "different brackets");
  }
  return compareOrdered(gold.items, answer.items, "tuple", context);
}

/** Items with names are matched by name; without names the order does not matter, except for words. */
function compareLists(gold: readonly Expression[], answer: readonly Expression[], context: Context): Outcome {
  const { work } = context;
  const keysOf = (items: readonly Expression[]): readonly string[] | null => {
    const keys = items.map((item) => {
      const named = item.kind === "relation" ? namedValue(item, work) : null;
      return named?.name ? nameKey(named.name, work) : null;
    });
    const distinctKeys = new Set(keys);
    return keys.includes(null) || distinctKeys.size < keys.length ? null : (keys as string[]);
  };
  const [goldKeys, answerKeys] = [keysOf(gold), keysOf(answer)];
  const areWords = [...gold, ...answer].every((item) => item.kind === "text" && item.text.length > 1);
  if ((goldKeys === null) !== (answerKeys === null) && !sharesNames(gold, answer, context)) {
    // Distinct names on one side only: x = 1, y = 2 is met by 1, 2 and not by 2, 1.
    return compareOrdered(gold, answer, "list", context);
  }
  if (areWords) return compareOrdered(gold, answer, "list", context);
  return compareUnordered(gold, withoutRepeats(gold, answer, context), "list", context);
}

/**
 * A point given twice is still that point: repeats are dropped, unless the reference itself repeats. Repeated numbers
 * stay: they may count the multiplicity of a root.
 */
function withoutRepeats(
  gold: readonly Expression[],
  answer: readonly Expression[],
  context: Context,
): readonly Expression[] {
  const list = (items: readonly Expression[]): Collection => ({ kind: "list", items, joiner: "comma" });
  if (!answer.every((item) => item.kind === "bracketed")) return answer;
  return distinct(list(gold), context).length < gold.length ? answer : distinct(list(answer), context);
}

/** Whether both lists name at least one item: then names decide, not places. */
function sharesNames(gold: readonly Expression[], answer: readonly Expression[], context: Context): boolean {
  const hasName = (items: readonly Expression[]): boolean =>
    items.some((item) => item.kind === "relation" && namedValue(item, context.work)?.name);
  return hasName(gold) && hasName(answer);
}

function compareOrdered(
  gold: readonly Expression[],
  answer: readonly Expression[],
  method: Method,
  context: Context,
): Outcome {
  if (gold.length !== answer.length) return unequalBy(method, countReason(gold, answer));
  for (const [index, item] of gold.entries()) {
    const outcome = compareExpressions(item, answer[index] as Expression, context);
    if (!outcome.equal) return unequalBy(method, `item ${index + 1}: ${outcome.reason}`);
  }
  return equalBy(method, "equal item by item");
}

function compareUnordered(
  gold: readonly Expression[],
  answer: readonly Expression[],
  method: Method,
  context: Context,
): Outcome {
  if (gold.length !== answer.length) return unequalBy(method, countReason(gold, answer));
  if (gold.length > limits.items) return unequalBy("limit", `more than ${limits.items} items`);
  const rest = [...answer];
  for (const item of gold) {
    const index = rest.findIndex((candidate) => compareExpressions(item, candidate, context).equal);
    if (index < 0) return unequalBy(method, `no counterpart for ${printExpression(item, context.work)}`);
    rest.splice(index, 1);
  }
  return equalBy(method, "the same items");
}

function countReason(gold: readonly unknown[], answer: readonly unknown[]): string {
  return `${answer.length} items where ${gold.length} are meant`;
}

// --- matrices -------------------------------------------------------------------------------------------------------

function compareMatrices(gold: Expression, answer: Expression, context: Context): Outcome {
  if (gold.kind !== "matrix" || answer.kind !== "matrix") return unequalBy("matrix", "a matrix and a value");
  if (gold.rows.length !== answer.rows.length) return unequalBy("matrix", "different numbers of rows");
  for (const [index, row] of gold.rows.entries()) {
    const outcome = compareOrdered(row, answer.rows[index] as readonly Expression[], "matrix", context);
    if (!outcome.equal) return outcome;
  }
  return equalBy("matrix", "equal entry by entry");
}

/** A column or row of a matrix beside a tuple: the same vector. */
function compareVectors(gold: Expression, answer: Expression, context: Context): Outcome {
  const [matrix, tuple] = gold.kind === "matrix" ? [gold, answer] : [answer, gold];
  if (matrix.kind !== "matrix" || tuple.kind !== "bracketed")
    return unequalBy("matrix", "a matrix and a list");
  const isVector = matrix.rows.length === 1 || matrix.rows.every((row) => row.length === 1);
  if (!isVector) return unequalBy("matrix", "a matrix and a tuple");
  const cells = matrix.rows.flat();
  return gold === matrix
    ? compareOrdered(cells, tuple.items, "matrix", context)
    : compareOrdered(tuple.items, cells, "matrix", context);
}

function comparePrinted(gold: Expression, answer: Expression, method: Method, { work }: Context): Outcome {
  return printExpression(gold, work) === printExpression(answer, work)
    ? equalBy(method, "the same")
    : unequalBy(method, "different");
}
