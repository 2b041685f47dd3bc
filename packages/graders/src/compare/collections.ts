/**
 * Lists, sets, tuples and matrices, item by item. A list (1, 2, 3 without brackets) and a set have no order; a tuple has; a list
 * beside a tuple is that tuple.
 */
import { printExpression } from "../algebra/print.ts";
import type { Bracketed, Expression } from "../parse/expression.ts";
import { limits } from "../work.ts";
import { type Context, equalBy, type Method, type Outcome, unequalBy } from "./context.ts";
import { alphabeticalOrder, namedValue, nameKey, nameOf, unnamed } from "./names.ts";
import { compareExpressions } from "./structures.ts";

type Collection = Extract<Expression, { kind: "list" | "set" | "bracketed" }>;

export function isCollection(x: Expression): x is Collection {
  return x.kind === "list" || x.kind === "set" || x.kind === "bracketed";
}

export function compareCollections(gold: Expression, answer: Expression, context: Context): Outcome {
  if (gold.kind === "matrix" || answer.kind === "matrix") return compareVectors(gold, answer, context);
  if (!isCollection(gold) || !isCollection(answer)) return compareSingleton(gold, answer, context);
  if (gold.kind === "bracketed" && answer.kind === "bracketed") return compareTuples(gold, answer, context);
  if (gold.kind === "bracketed" || answer.kind === "bracketed") {
    const [tuple, other] = gold.kind === "bracketed" ? [gold, answer] : [answer as Bracketed, gold];
    const isInterval = tuple.open === "[" || tuple.close === "]";
    const [only] = other.items;
    if (other.items.length === 1 && only?.kind === "bracketed") return compareTuples(tuple, only, context);
    if (other.kind === "set" || isInterval) return unequalBy("tuple", "an ordered tuple and something else");
    return compareOrdered(
      inNameOrder(gold.items, context),
      inNameOrder(answer.items, context),
      "tuple",
      context,
    );
  }
  if (gold.kind === "list" && answer.kind === "list") {
    return areOpposite(gold, answer, context)
      ? unequalBy("list", "one says and, the other or, about different names")
      : compareLists(gold.items, answer.items, context);
  }
  const [goldDepth, answerDepth] = [gold, answer].map((x) => x.items.some((item) => item.kind === "set"));
  if (goldDepth !== answerDepth) return unequalBy("set", "a set of sets and a set of values");
  return compareUnordered(distinct(gold, context), distinct(answer, context), "set", context);
}

/** {5} (or {5, 5}) for 5, and nothing else of this kind: one value is not a list. */
function compareSingleton(gold: Expression, answer: Expression, context: Context): Outcome {
  const [collection, other] = isCollection(gold) ? [gold, answer] : [answer, gold];
  if (isCollection(collection) && collection.kind === "set") {
    const [only, ...others] = distinct(collection, context);
    // {5} is 5 to most who write it, but no set is the set that holds it.
    const isSet = only && ["set", "namedSet", "setOperation"].includes(only.kind);
    if (only && !isSet && others.length === 0) return compareExpressions(only, other, context);
  }
  const same = sameValue(collection, context);
  if (same) return compareExpressions(same, other, context);
  return unequalBy("list", "one value and several");
}

/** "5/2 or 2.5": the value that is written in several ways; null for anything else. */
function sameValue(x: Expression, context: Context): Expression | null {
  if (x.kind !== "list" || x.joiner !== "or" || x.items.length > limits.items) return null;
  const [first, ...others] = x.items;
  const areSame = first && others.every((item) => compareExpressions(first, item, context).equal);
  return areSame ? first : null;
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
  if (areRootsOfOneUnknown(gold, answer, context)) {
    const values = (items: readonly Expression[]) => items.map((item) => unnamed(item, context));
    return compareUnordered(values(gold), values(answer), "list", context);
  }
  const areWords = [...gold, ...answer].every((item) => item.kind === "text" && item.text.length > 1);
  if ((goldKeys === null) !== (answerKeys === null) && !sharesNames(gold, answer, context)) {
    // Distinct names on one side only: x = 1, y = 2 is met by 1, 2 and not by 2, 1.
    return compareOrdered(inNameOrder(gold, context), inNameOrder(answer, context), "list", context);
  }
  if (areWords) return compareOrdered(gold, answer, "list", context);
  return compareUnordered(gold, withoutRepeats(gold, answer, context), "list", context);
}

/** y = 2, x = 1 as x = 1, y = 2, where the names are letters in a row of the alphabet; other items as they are. */
function inNameOrder(items: readonly Expression[], { work }: Context): readonly Expression[] {
  const names = items.map((item) => (item.kind === "relation" ? namedValue(item, work)?.name : null));
  if (!names.every((name) => name != null)) return items;
  const order = alphabeticalOrder(names);
  return order ? order.map((index) => items[index] as Expression) : items;
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

/** x_1 = 3, x_2 = 4 beside x = 3, 4: an index on one side only counts solutions, it does not tell unknowns apart. */
function areRootsOfOneUnknown(
  gold: readonly Expression[],
  answer: readonly Expression[],
  context: Context,
): boolean {
  const [goldNames, answerNames] = [gold, answer].map((items) => {
    const names = items.map((item) => nameOf(item, context)).filter((name) => name !== null);
    return names.length === 0
      ? null
      : { letters: new Set(names.map(withoutIndex)), isIndexed: names.every(hasIndex) };
  });
  if (!goldNames || !answerNames || goldNames.isIndexed === answerNames.isIndexed) return false;
  return new Set([...goldNames.letters, ...answerNames.letters]).size === 1;
}

function hasIndex(name: string): boolean {
  return /_\{\d\}$/.test(name);
}

function withoutIndex(name: string): string {
  return name.replace(/_\{\d\}$/, "");
}

/** Whether both lists name at least one item: then names decide, not places. */
function sharesNames(gold: readonly Expression[], answer: readonly Expression[], context: Context): boolean {
  const hasName = (items: readonly Expression[]): boolean =>
    items.some((item) => item.kind === "relation" && namedValue(item, context.work)?.name);
  return hasName(gold) && hasName(answer);
}

export function compareOrdered(
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

export function compareUnordered(
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

export function compareMatrices(gold: Expression, answer: Expression, context: Context): Outcome {
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
