/** Expressions of one name that are quadratic in it, with exact coefficients, and their real roots. */
import { evaluate } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import {
  addRational,
  compareRational,
  equalRational,
  integer,
  multiplyRational,
  negateRational,
  type Rational,
  rational,
  zero,
} from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import { type Expression, numberNode, productOf, quotient, rootOf, sumOf } from "../parse/expression.ts";
import type { Work } from "../work.ts";

export interface QuadraticForm {
  readonly opensUpward: boolean;
  /** The lower and the higher root, the same twice where it is a double one; null without real roots. */
  readonly roots: readonly [low: Expression, high: Expression] | null;
}

/** The quadratic form of `x`, or null where it is none. Decided by its values at seven points. */
export function quadraticForm(x: Expression, work: Work): QuadraticForm | null {
  const [name, ...others] = namesIn(x, work);
  if (name === undefined || others.length > 0 || someNode(x, work, (node) => isNoPolynomial(node, work)))
    return null;
  const at = (value: number): Rational | null =>
    evaluate(x, exactField(work), (symbol) => (symbol === name ? integer(value) : null), work);
  const [c, right, left] = [at(0), at(1), at(-1)];
  if (!c || !right || !left) return null;
  const a = half(plus(plus(right, left), times(integer(-2), c)));
  const b = half(plus(right, negateRational(left)));
  if (!a || !b || equalRational(a, zero)) return null;
  const isSame = [2, 37, -41, 1009].every((value) => {
    const [actual, point] = [at(value), integer(value)];
    const expected = plus(plus(times(times(a, point), point), times(b, point)), c);
    return actual !== null && expected !== null && equalRational(actual, expected);
  });
  const discriminant = plus(times(b, b), times(integer(-4), times(a, c)));
  if (!isSame || !discriminant) return null;
  const opensUpward = compareRational(a, zero) > 0;
  if (compareRational(discriminant, zero) < 0) return { opensUpward, roots: null };
  const root = (sign: 1 | -1): Expression =>
    quotient(
      sumOf([
        numberNode(negateRational(b)),
        productOf([numberNode(integer(sign)), rootOf(numberNode(discriminant))]),
      ]),
      numberNode(times(integer(2), a) ?? a),
    );
  return { opensUpward, roots: opensUpward ? [root(-1), root(1)] : [root(1), root(-1)] };
}

/** Whether a node with names in it is something else than sums, products and squares. */
function isNoPolynomial(node: Expression, work: Work): boolean {
  if (node.kind !== "power" || namesIn(node.base, work).size === 0) {
    return (
      node.kind === "call" ||
      node.kind === "repeated" ||
      (node.kind === "power" && namesIn(node, work).size > 0)
    );
  }
  const { exponent } = node;
  return (
    exponent.kind !== "number" ||
    !["1", "2"].includes(`${exponent.value.numerator}`) ||
    exponent.value.denominator !== 1n
  );
}

function plus(x: Rational | null, y: Rational | null): Rational | null {
  return x && y && addRational(x, y);
}

function times(x: Rational | null, y: Rational | null): Rational | null {
  return x && y && multiplyRational(x, y);
}

function half(x: Rational | null): Rational | null {
  return times(x, rational(1n, 2n));
}
