/**
 * Equations and inequalities as answers: equal up to rearrangement, that is, when the differences of their sides are
 * constant multiples of each other (a positive one for an inequality, or a negative one with the sign turned), or for an
 * equation the multiple by a factor that loses and adds no solution (`equations.ts`).
 */
import { complexField, isReal } from "../algebra/complex-field.ts";
import { evaluate, type Point } from "../algebra/evaluate.ts";
import { modularField } from "../algebra/modular-field.ts";
import type { PreciseNumber } from "../algebra/precise-number.ts";
import { printExpression } from "../algebra/print.ts";
import { equalRational, isInteger, one } from "../algebra/rational.ts";
import { namesIn } from "../algebra/walk.ts";
import {
  type Expression,
  negative,
  type Relation,
  type RelationOperator,
  sumOf,
} from "../parse/expression.ts";
import { compareUnordered } from "./collections.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { criticalPoints, farPoints } from "./critical-points.ts";
import { haveSameSolutions } from "./equations.ts";
import { type Decision, decideZero } from "./numeric.ts";
import { modularPoint, pointCount, realPoint } from "./points.ts";
import { compareValues } from "./scalars.ts";

const mirrored: Partial<Record<RelationOperator, RelationOperator>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** Compares two relations that are answers by themselves. */
export function compareRelations(gold: Relation, answer: Relation, context: Context): Outcome {
  if (gold.operators.length === 1 && answer.operators.length === 1)
    return compareSingle(gold, answer, context);
  const areEquations = [...gold.operators, ...answer.operators].every((operator) => operator === "=");
  if (areEquations) return compareUnordered(gold.operands, answer.operands, "relation", context);
  const forward = compareChains(gold, answer, context);
  return forward.equal ? forward : compareChains(gold, turned(answer), context);
}

/** Chains side by side: the same signs between equal expressions. */
function compareChains(gold: Relation, answer: Relation, context: Context): Outcome {
  const isSame =
    gold.operators.length === answer.operators.length &&
    gold.operators.every((operator, index) => operator === answer.operators[index]) &&
    gold.operands.every(
      (operand, index) => compareValues(operand, answer.operands[index] as Expression, context).equal,
    );
  return isSame ? equalBy("relation", "the same chain") : unequalBy("relation", "different relations");
}

function turned(relation: Relation): Relation {
  return {
    kind: "relation",
    operands: relation.operands.toReversed(),
    operators: relation.operators.toReversed().map((operator) => mirrored[operator] ?? operator),
  };
}

function compareSingle(gold: Relation, answer: Relation, context: Context): Outcome {
  const [goldSign, answerSign] = [
    gold.operators[0] as RelationOperator,
    answer.operators[0] as RelationOperator,
  ];
  const isKnown = (sign: RelationOperator): boolean => sign === "=" || sign === "!=" || sign in mirrored;
  if (!isKnown(goldSign) || !isKnown(answerSign)) {
    const isSame = goldSign === answerSign && printRelation(gold, context) === printRelation(answer, context);
    return isSame ? equalBy("relation", "the same relation") : unequalBy("relation", "different relations");
  }
  const [goldSide, answerSide] = [difference(gold), difference(answer)];
  const factor = constantFactor(goldSide, answerSide, context);
  if (factor === 0) {
    if (goldSign === "=" && answerSign === "=" && isSameIdentity(gold, answer, context))
      return equalBy("relation", "the same identity");
    const isSame = goldSign === "=" && answerSign === "=" && haveSameNames(goldSide, answerSide, context);
    return isSame && haveSameSolutions(goldSide, answerSide, context)
      ? equalBy("relation", "the same equation up to a factor that is nowhere zero on it")
      : unequalBy("relation", "different relations");
  }
  const expected = factor < 0 ? (mirrored[goldSign] ?? goldSign) : goldSign;
  return expected === answerSign
    ? equalBy("relation", "the same relation up to rearrangement")
    : unequalBy("relation", `the sign is ${answerSign} where ${expected} is meant`);
}

/**
 * (p - q)^2 = p^2 - 2pq + q^2 holds for all names, so that it says nothing but its own sides: they must be the same as written,
 * up to the order and the form of their terms. One that reads the same on both sides says nothing at all.
 */
function isSameIdentity(gold: Relation, answer: Relation, context: Context): boolean {
  const [left, right] = gold.operands as readonly [Expression, Expression];
  const [first, second] = answer.operands as readonly [Expression, Expression];
  if (haveSameTerms(first, second, context) || !compareValues(left, right, context).equal) return false;
  return (
    (haveSameTerms(left, first, context) && haveSameTerms(right, second, context)) ||
    (haveSameTerms(left, second, context) && haveSameTerms(right, first, context))
  );
}

/** The same terms of a sum or factors of a product, in any order and each of the same value. */
function haveSameTerms(a: Expression, b: Expression, context: Context): boolean {
  const isSum = a.kind === "sum" || b.kind === "sum";
  const partsOf = (x: Expression): readonly Expression[] => (isSum ? termsOf(x) : factorsOf(x));
  return compareUnordered(partsOf(a), partsOf(b), "set", context).equal;
}

function termsOf(x: Expression): readonly Expression[] {
  return x.kind === "sum" ? x.terms : [x];
}

/** Factors, those of small powers one by one, without ones. */
function factorsOf(x: Expression): readonly Expression[] {
  if (x.kind === "product") return x.factors.flatMap(factorsOf);
  if (x.kind === "number") return equalRational(x.value, one) ? [] : [x];
  const exponent = x.kind === "power" && x.exponent.kind === "number" ? x.exponent.value : null;
  const isSmall = exponent && isInteger(exponent) && exponent.numerator > 0n && exponent.numerator <= 8n;
  if (x.kind !== "power" || !isSmall) return [x];
  return Array.from({ length: Number(exponent.numerator) }, () => x.base);
}

function printRelation(relation: Relation, { work }: Context): string {
  return printExpression(relation, work);
}

function difference(relation: Relation): Expression {
  const [left, right] = relation.operands as readonly [Expression, Expression];
  return sumOf([left, negative(right)]);
}

function haveSameNames(gold: Expression, answer: Expression, { work }: Context): boolean {
  const [names, others] = [namesIn(gold, work), namesIn(answer, work)];
  return names.size > 0 && names.size === others.size && [...names].every((name) => others.has(name));
}

/**
 * The sign of the constant c with answer = c * gold, or 0 where there is none. Sides that doubles cannot tell from a constant
 * (x - 54!, 0 * x - 3) are multiples of each other only if arithmetic modulo a prime says so.
 */
function constantFactor(gold: Expression, answer: Expression, context: Context): number {
  const { work } = context;
  if (!haveSameNames(gold, answer, context)) return 0;
  const isMultiple = isModularMultiple(gold, answer, context);
  if (isMultiple === false) return 0;
  const proof = isMultiple === null ? createProof(gold, answer, context) : null;
  let factor: number | null = null;
  let first: number | null = null;
  let varies = isMultiple === true;
  let agreements = 0;
  for (let index = 0; index < pointCount; index++) {
    const field = complexField("e");
    const point: Point = realPoint(index);
    const a = evaluate(gold, field, point, work);
    const b = evaluate(answer, field, point, work);
    if (!a || !b || !isReal(a) || !isReal(b)) continue;
    if (Math.abs(a.re) < 1e-9 * Math.max(1, field.scale())) {
      if (Math.abs(b.re) > 1e-9 * Math.max(1, field.scale())) return 0;
      continue;
    }
    const ratio = b.re / a.re;
    if (
      factor !== null &&
      Math.abs(ratio - factor) > (1e-11 + (1e-14 * field.scale()) / Math.abs(a.re)) * Math.abs(factor)
    )
      return 0;
    if (proof?.isRefutedAt(point)) return 0;
    factor ??= ratio;
    first ??= a.re;
    varies ||= Math.abs(a.re - first) > 1e-9 * Math.abs(first);
    agreements++;
  }
  if (agreements < 4 || !varies || factor === null) return 0;
  return proof?.isRefutedSomewhere() ? 0 : Math.sign(factor);
}

/** What doubles take for a constant multiple is one with high precision at a few points, and where functions may part. */
interface Proof {
  /** The first point is what the others are compared with. */
  isRefutedAt(point: Point): boolean;
  isRefutedSomewhere(): boolean;
}

const neededProofs = 2;

function createProof(gold: Expression, answer: Expression, { work }: Context): Proof {
  const setting = { base: "e", isRealOnly: true } as const;
  let first: Point | null = null;
  let proofs = 0;
  /** gold(first) * answer(point) = gold(point) * answer(first). */
  const decide = (point: Point): Decision =>
    decideZero(
      (field) => {
        const product = (x: Expression, at: Point, y: Expression): PreciseNumber | null => {
          const a = evaluate(x, field, at, work);
          const b = a && evaluate(y, field, at === point ? (first as Point) : point, work);
          return a && b && field.multiply(a, b);
        };
        const [left, right] = [product(gold, first as Point, answer), product(gold, point, answer)];
        return left && right && field.subtract(left, right);
      },
      setting,
      work,
    );
  const isWhole = (): boolean => false;
  return {
    isRefutedAt(point) {
      if (first === null) first = point;
      else if (proofs < neededProofs) {
        proofs++;
        return decide(point) !== "equal";
      }
      return false;
    },
    isRefutedSomewhere() {
      const far = farPoints([gold, answer], isWhole, work).flat();
      return [...far, ...criticalPoints([gold, answer], isWhole, work)].some(
        (point) => decide(point) === "different",
      );
    },
  };
}

/** Whether b / a is the same at two points modulo a prime; null where the sides are not rational expressions. */
function isModularMultiple(gold: Expression, answer: Expression, { work }: Context): boolean | null {
  const values: bigint[] = [];
  for (const index of [0, 1]) {
    const point = modularPoint(index);
    const a = evaluate(gold, modularField, point, work);
    const b = evaluate(answer, modularField, point, work);
    if (a === null || b === null || a === 0n || b === 0n) return null;
    values.push(a, b);
  }
  const [a0, b0, a1, b1] = values as [bigint, bigint, bigint, bigint];
  return modularField.multiply(a0, b1) === modularField.multiply(a1, b0);
}
