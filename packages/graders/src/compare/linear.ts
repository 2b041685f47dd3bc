/** Expressions of one name that are linear in it, with exact coefficients. */
import { evaluate } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import {
  addRational,
  equalRational,
  integer,
  multiplyRational,
  negateRational,
  powerRational,
  type Rational,
} from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";

/** slope * name + constant, with a slope other than zero; `root` is where it is zero. */
export interface LinearForm {
  readonly name: string;
  readonly slope: Rational;
  readonly root: Rational;
}

/** The linear form of `x`, or null where it is none. Decided by its values at four points. */
export function linearForm(x: Expression, work: Work): LinearForm | null {
  const [name, ...others] = namesIn(x, work);
  if (name === undefined || others.length > 0) return null;
  // |x - 50| and the root of (x - 50)^2 are 50 - x at many points.
  const mayBend = (node: Expression): boolean =>
    (node.kind === "call" || node.kind === "power") && namesIn(node, work).size > 0;
  if (someNode(x, work, mayBend)) return null;
  const at = (value: number): Rational | null =>
    evaluate(x, exactField(work), (symbol) => (symbol === name ? integer(value) : null), work);
  const [zero, one, two, far] = [at(0), at(1), at(2), at(37)];
  if (!zero || !one || !two || !far) return null;
  const slope = addRational(one, negateRational(zero));
  const [atTwo, steps] = slope ? [addRational(one, slope), multiplyRational(slope, integer(37))] : [];
  const atFar = steps && addRational(zero, steps);
  if (!slope || slope.numerator === 0n || !atTwo || !atFar) return null;
  if (!equalRational(atTwo, two) || !equalRational(atFar, far)) return null;
  const inverse = powerRational(slope, -1n);
  const root = inverse && multiplyRational(negateRational(zero), inverse);
  return root && { name, slope, root };
}
