/**
 * Equations that a factor with a name in it separates: xy = 1 and y = 1/x.
 *
 * A = 0 and B = 0 have the same solutions where B = c A f1^e1 f2^e2 ... with factors f = x - a that stand in a
 * denominator of either, and on each line x = a neither has one: there it is not defined, or its value is a number other than
 * zero. x^2 = x has a solution on x = 0, so dividing by x loses it: that is not x = 1.
 */
import { evaluate, type Point } from "../algebra/evaluate.ts";
import { modularField } from "../algebra/modular-field.ts";
import { addRational, equalRational, integer, negateRational, type Rational } from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { linearForm } from "./linear.ts";
import { modularPoint } from "./points.ts";

/** The line name = root. */
interface Line {
  readonly name: string;
  readonly root: Rational;
}

const largestExponent = 3;
const mostLines = 3;
const pointIndexes = [0, 1, 2, 3];

/** Whether gold = 0 and answer = 0 are equivalent for this reason; false where that cannot be decided. */
export function haveSameSolutions(gold: Expression, answer: Expression, context: Context): boolean {
  const lines = [...linesIn(gold, context)];
  for (const line of linesIn(answer, context))
    if (!lines.some((other) => isSame(line, other))) lines.push(line);
  if (lines.length === 0 || lines.length > mostLines) return false;
  const ratios: bigint[] = [];
  for (const index of pointIndexes) {
    const [a, b] = [gold, answer].map((x) => evaluate(x, modularField, modularPoint(index), context.work));
    const inverse = a == null ? null : modularField.power(a, integer(-1));
    if (inverse == null || b == null || b === 0n) return false;
    ratios.push(modularField.multiply(b, inverse) as bigint);
  }
  const crossed = crossedLines(ratios, lines, context);
  return crossed?.every((line) => [gold, answer].every((x) => hasNoZeroOn(line, x, context))) ?? false;
}

/** The lines whose factors, to some powers, make up the ratios; null where none do. */
function crossedLines(ratios: readonly bigint[], lines: readonly Line[], { work }: Context): Line[] | null {
  const tables = lines.map((line) => powersOf(line));
  const search = (rest: readonly bigint[], at: number): number[] | null => {
    work.spend(4);
    if (at === lines.length) return rest.every((value) => value === rest[0]) ? [] : null;
    for (const [exponent, powers] of tables[at] ?? []) {
      const divided = rest.map(
        (value, index) => modularField.multiply(value, powers[index] as bigint) as bigint,
      );
      const found = search(divided, at + 1);
      if (found) return [exponent, ...found];
    }
    return null;
  };
  const exponents = search(ratios, 0);
  return exponents && lines.filter((_, index) => exponents[index] !== 0);
}

/** name - root to each exponent, at each point; none where it is zero at one of them. */
function powersOf({ name, root }: Line): ReadonlyMap<number, readonly bigint[]> {
  const table = new Map<number, readonly bigint[]>();
  for (let exponent = -largestExponent; exponent <= largestExponent; exponent++) {
    const powers = pointIndexes.map((index) => {
      const place = modularPoint(index)(name);
      const factor = place && addRational(place, negateRational(root));
      const value = factor && modularField.fromRational(factor);
      return value == null ? null : modularField.power(value, integer(exponent));
    });
    if (powers.every((power) => power !== null)) table.set(exponent, powers);
  }
  return table;
}

/** Whether `x` is not defined anywhere on the line, or the same number other than zero everywhere on it. */
function hasNoZeroOn(line: Line, x: Expression, { work }: Context): boolean {
  const values = pointIndexes.map((index) => {
    const elsewhere = modularPoint(index);
    const point: Point = (name) => (name === line.name ? line.root : elsewhere(name));
    return evaluate(x, modularField, point, work);
  });
  return values[0] !== 0n && values.every((value) => value === values[0]);
}

/** The lines on which a denominator in `x` is zero. */
function linesIn(x: Expression, { work }: Context): Line[] {
  const lines: Line[] = [];
  const addFactors = (factor: Expression): void => {
    if (factor.kind === "product") for (const part of factor.factors) addFactors(part);
    else if (factor.kind === "power") addFactors(factor.base);
    else {
      const line = linearForm(factor, work);
      if (line && !lines.some((other) => isSame(line, other))) lines.push(line);
    }
  };
  someNode(x, work, (node) => {
    const isDivisor =
      node.kind === "power" && node.exponent.kind === "number" && node.exponent.value.numerator < 0n;
    if (isDivisor && namesIn(node.base, work).size > 0) addFactors(node.base);
    return false;
  });
  return lines;
}

function isSame(a: Line, b: Line): boolean {
  return a.name === b.name && equalRational(a.root, b.root);
}
