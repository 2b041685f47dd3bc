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
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { mayApproximate } from "./approximations.ts";
import { withPlainBounds } from "./bound-variables.ts";
import { compareCollections, compareMatrices, isCollection } from "./collections.ts";
import { type Context, equalBy, type Method, type Outcome, unequalBy } from "./context.ts";
import { reduceMatrices } from "./matrices.ts";
import { areNamesCompatible, argumentNames, type NamedValue, namedValue } from "./names.ts";
import { withoutParameters } from "./parameters.ts";
import { compareForms, plusMinusForms } from "./plus-minus.ts";
import { compareProgressions } from "./progressions.ts";
import { compareScalars, isResidue } from "./quantities.ts";
import { compareRatios, isRatio } from "./ratios.ts";
import { compareOperations, compareRegions } from "./regions.ts";
import { compareRelations } from "./relations.ts";
import { renameSymbols } from "./rewrite.ts";
import { workedOut } from "./set-builders.ts";
import { isSameKind, meaningOf, normalizeWords, partsOfWords, wordsOf } from "./text.ts";
import { coordinatesOf, nestedRows } from "./vectors.ts";

/** Compares two parsed answers. Symmetric, except that the reasons speak of the reference and the answer. */
export function compareExpressions(gold: Expression, answer: Expression, context: Context): Outcome {
  context.work.spend(4);
  if (gold.kind === "builder" || answer.kind === "builder") return compareBuilders(gold, answer, context);
  const progressions = compareProgressions(gold, answer, context);
  if (progressions?.equal) return progressions;
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

/** A set that is given by a condition, as what it holds; two that nobody can work out by their conditions. */
function compareBuilders(gold: Expression, answer: Expression, context: Context): Outcome {
  const [g, a] = [workedOut(gold, context), workedOut(answer, context)];
  const isLeft = [gold, answer].some((x, index) => x.kind === "builder" && x.condition === [g, a][index]);
  if (!isLeft) return compareExpressions(g, a, context);
  if (gold.kind !== "builder" || answer.kind !== "builder" || gold.domain !== answer.domain)
    return unequalBy("set", "a set whose members are not known");
  const names = new Map([[answer.variable, gold.variable]]);
  return compareExpressions(gold.condition, renameSymbols(answer.condition, names, context.work), context);
}

/** At least one side is a relation. */
function compareNamed(
  gold: Expression,
  g: NamedValue | null,
  answer: Expression,
  a: NamedValue | null,
  context: Context,
): Outcome {
  if (g?.name && a?.name && isResidue(g.value) !== isResidue(a.value))
    return unequalBy("relation", "a congruence and an equation");
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

/** 0.56 = 56% answers 0.56 only because both sides are; 1.56 = 56% answers nothing, and neither does 7 \sim 8, which offers both. */
function holds(chain: NamedValue | null, other: NamedValue | null, context: Context): boolean {
  if (!chain) return true;
  const isNumeral = chain.name === null && chain.value.kind === "number";
  if (isNumeral && chain.approximations?.some((written) => !mayApproximate(chain.value, written, context)))
    return false;
  if (!chain.steps || !other) return true;
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
  if (sameChoices(gold, answer) || sameChoices(answer, gold))
    return equalBy("choice", "the same letters, apart and together");
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
    reduceMatrices(withPlainBounds(withoutUnit(asFiniteSet(gold, context)), work), work),
    reduceMatrices(withPlainBounds(withoutUnit(asFiniteSet(answer, context)), work), work),
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

/** {1} \cup {2} as {1, 2}, and the other operations on finite sets; anything else as it is. */
function asFiniteSet(x: Expression, context: Context): Expression {
  if (x.kind === "builder") return workedOut(x, context);
  if (x.kind !== "setOperation") return x;
  const [left, right] = x.operands.map((operand) => asFiniteSet(operand, context));
  if (left?.kind !== "set" || right?.kind !== "set") return x;
  if (x.operator === "union") return { kind: "set", items: [...left.items, ...right.items] };
  const isInRight = (item: Expression): boolean =>
    right.items.some((other) => compareExpressions(item, other, context).equal);
  const isKept = x.operator === "intersection";
  const items = left.items.filter((item) => isInRight(item) === isKept);
  return items.length === 0 ? { kind: "namedSet", name: "empty" } : { kind: "set", items };
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
    if (isSameKind(goldWords, answerWords)) return equalBy("text", "the same words, and of what kind");
    const [g, a] = [partsOfWords(goldWords), partsOfWords(answerWords)];
    if (g.length > 1 && g.join() === a.join()) return equalBy("text", "the same words around and");
  }
  const [g, a] = [meaningful(gold), meaningful(answer)];
  if (g.kind === "text" || a.kind === "text") return unequalBy("text", "different words");
  return compareExpressions(g, a, context);
}

/** ACD beside A, C, D: the letters of several choices in their order, which is that of the alphabet. */
function sameChoices(together: Expression, apart: Expression): boolean {
  const letters = wordsOf(together) ?? "";
  const sorted = [...new Set(letters)].sort().join("");
  // ①③ are two of the numbered statements; the order of their numbers says nothing.
  const areChoices = /^[A-J]{2,}$/.test(letters) ? sorted === letters : /^[①-⑳]{2,}$/.test(letters);
  if (!areChoices || apart.kind !== "list" || apart.items.length !== letters.length) return false;
  const items = apart.items.map((item) => wordsOf(item) ?? "");
  return items.every((item) => item.length === 1) && items.sort().join("") === sorted;
}

/** Three or more different capital letters side by side (an order, a polygon), which are hardly ever a product; else null. */
function capitalsOf(x: Expression): string | null {
  const letters = x.kind === "product" ? (wordsOf(x) ?? "") : "";
  return /^[A-Z]{3,}$/.test(letters) && new Set(letters).size === letters.length ? letters : null;
}

function meaningful(x: Expression): Expression {
  return (x.kind === "text" ? meaningOf(x.text) : null) ?? x;
}

function comparePrinted(gold: Expression, answer: Expression, method: Method, { work }: Context): Outcome {
  return printExpression(gold, work) === printExpression(answer, work)
    ? equalBy(method, "the same")
    : unequalBy(method, "different");
}
