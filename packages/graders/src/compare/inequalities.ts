/**
 * Inequalities in one unknown as the sets that they describe: linear and quadratic ones with exact coefficients, and |a x + b| < c.
 */
import { namesIn } from "../algebra/walk.ts";
import {
  type Expression,
  negative,
  numberNode,
  type Relation,
  type RelationOperator,
  sumOf,
} from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { linearForm } from "./linear.ts";
import {
  complement,
  type End,
  everything,
  highest,
  intersection,
  lowest,
  nothing,
  orderOfEnds,
  pieceSet,
  type RealSet,
  union,
} from "./pieces.ts";
import { quadraticForm } from "./quadratic.ts";
import { endAt, pointSet, realSetOf, unionAll } from "./real-sets.ts";
import { expandPlusMinus } from "./rewrite.ts";

/** x < 1 or x > 3: or joins, and meets; a comma meets where that leaves something and joins where it does not. */
export function listOf(items: readonly Expression[], joiner: string, context: Context): RealSet | null {
  const sets = items.map((item) => (item.kind === "relation" ? solutionsOf(item, context) : null));
  if (joiner !== "or") {
    const common = sets.reduce((a, b) => a && b && intersection(a, b));
    if (common && (joiner === "and" || common.pieces.length > 0)) return common;
  }
  return unionAll(sets);
}

const mirrored: Partial<Record<RelationOperator, RelationOperator>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** The solutions of a chain of inequalities, of x in S, or of x != a, where one name (or |name|) is the unknown. */
export function solutionsOf(relation: Relation, context: Context): RealSet | null {
  let result: RealSet | null = everything;
  for (const [index, operator] of relation.operators.entries()) {
    const left = relation.operands[index] as Expression;
    const right = relation.operands[index + 1] as Expression;
    const set: RealSet | null = solveOne(left, operator, right, context);
    result = result && set && intersection(result, set);
  }
  return relation.operators.length === 0 ? null : result;
}

function solveOne(
  left: Expression,
  operator: RelationOperator,
  right: Expression,
  context: Context,
): RealSet | null {
  if (operator === "in" || operator === "not in") {
    if (!isUnknown(left)) return null;
    const set = realSetOf(right, context);
    return set && operator === "not in" ? complement(set) : set;
  }
  if (isUnknown(left) && operator === "!=" && right.kind === "plusMinus") {
    const values = expandPlusMinus(right, context.work)[0] ?? [];
    const set = unionAll(values.map((value) => pointSet(value, context)));
    return set && complement(set);
  }
  if (isUnknown(left) && namesIn(right, context.work).size === 0) return halfLine(operator, right, context);
  if (isUnknown(right) && namesIn(left, context.work).size === 0) {
    return halfLine(mirrored[operator] ?? operator, left, context);
  }
  const [inside, bound, direction] = absoluteForm(left, operator, right);
  if (inside && bound) {
    return isUnknown(inside)
      ? absoluteSolutions(direction, bound, context)
      : absoluteOfLinear(inside, direction, bound, context);
  }
  return solveLinear(left, operator, right, context);
}

function isUnknown(x: Expression): boolean {
  return x.kind === "symbol" || x.kind === "apply";
}

function halfLine(operator: RelationOperator, bound: Expression, context: Context): RealSet | null {
  const closed = endAt(bound, true, context);
  if (!closed) return null;
  // -oo < x says nothing, and x > oo holds for none.
  if (closed.value === null) return isOpenTowards(operator, closed.position) ? everything : null;
  const open = { ...closed, isClosed: false };
  switch (operator) {
    case "<":
      return pieceSet(lowest, open);
    case "<=":
      return pieceSet(lowest, closed);
    case ">":
      return pieceSet(open, highest);
    case ">=":
      return pieceSet(closed, highest);
    case "!=":
      return complement({ pieces: [{ low: closed, high: closed }] });
    default:
      return null;
  }
}

function isOpenTowards(operator: RelationOperator, end: number): boolean {
  return (end > 0 && operator === "<") || (end < 0 && operator === ">");
}

type AbsoluteForm = readonly [
  inside: Expression | null,
  bound: Expression | null,
  operator: RelationOperator,
];

function absoluteForm(left: Expression, operator: RelationOperator, right: Expression): AbsoluteForm {
  if (left.kind === "call" && left.name === "abs") {
    return [left.args[0] as Expression, right, operator];
  }
  if (right.kind === "call" && right.name === "abs") {
    return [right.args[0] as Expression, left, mirrored[operator] ?? operator];
  }
  return [null, null, operator];
}

/** |x| < b is -b < x < b, and |x| > b its complement's interior, for b >= 0. */
function absoluteSolutions(operator: RelationOperator, bound: Expression, context: Context): RealSet | null {
  const end = endAt(bound, true, context);
  if (!end || end.value === null || end.position < 0) return null;
  const low = endAt(negative(end.value), true, context);
  if (!low) return null;
  const inside = (isClosed: boolean): RealSet => pieceSet({ ...low, isClosed }, { ...end, isClosed });
  switch (operator) {
    case "<":
      return inside(false);
    case "<=":
      return inside(true);
    case ">":
      return complement(inside(true));
    case ">=":
      return complement(inside(false));
    default:
      return null;
  }
}

/** |a x + b| < c by its two sides, for a number c >= 0. */
function absoluteOfLinear(
  inside: Expression,
  operator: RelationOperator,
  bound: Expression,
  context: Context,
): RealSet | null {
  const end = endAt(bound, true, context);
  const other = mirrored[operator];
  if (!end || end.value === null || end.position < 0 || other === undefined) return null;
  const above = solveLinear(inside, operator, bound, context);
  const below = solveLinear(inside, other, negative(bound), context);
  if (!above || !below) return null;
  return operator.startsWith("<") ? intersection(above, below) : union(above, below);
}

/** a x + b < c x + d with exact coefficients and one unknown: the unknown alone; else a quadratic one by its roots. */
function solveLinear(
  left: Expression,
  operator: RelationOperator,
  right: Expression,
  context: Context,
): RealSet | null {
  const { work } = context;
  const difference = sumOf([left, negative(right)]);
  const form = linearForm(difference, work);
  if (!form) return solveQuadratic(difference, operator, context);
  const direction = form.slope.numerator > 0n ? operator : (mirrored[operator] ?? operator);
  return halfLine(direction, numberNode(form.root), context);
}

/** a x^2 + b x + c < 0: between the roots or outside of them; everything or nothing where there are none. */
function solveQuadratic(
  difference: Expression,
  operator: RelationOperator,
  context: Context,
): RealSet | null {
  const form = quadraticForm(difference, context.work);
  if (!form || mirrored[operator] === undefined) return null;
  const isBelow = operator.startsWith("<") === form.opensUpward;
  const isClosed = operator.endsWith("=");
  if (!form.roots) return isBelow ? nothing : everything;
  const [low, high] = form.roots.map((root) => endAt(root, isBelow === isClosed, context));
  if (!low?.value || !high?.value) return null;
  // Outside of the roots is what is left of the piece between them.
  const between = orderOfEnds(low, high) < 0 ? pieceSet(low, high) : pointPiece(low);
  return isBelow ? between : complement(between);
}

/** A double root: the point where it counts, else nothing. */
function pointPiece(end: End): RealSet {
  return end.isClosed ? { pieces: [{ low: end, high: end }] } : nothing;
}
