/**
 * Rewriting of trees before they are compared: ± into its values, arithmetic of matrices carried out, names replaced.
 * Each function returns its argument itself where there is nothing to do.
 */

import { someNode } from "../algebra/walk.ts";
import { type Expression, minusOneNode, productOf, type Repeated, sumOf } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { determinantOf } from "./vectors.ts";

/**
 * The values that an expression with ± stands for: two where the signs go together (∓ against ±), and all combinations
 * as a second list where there is more than one sign. Without ±, one list with the expression itself.
 */
export function expandPlusMinus(x: Expression, work: Work): readonly (readonly Expression[])[] {
  const signs = countPlusMinus(x, work);
  if (signs === 0) return [[x]];
  const together = [1, -1].map((sign) => chooseSigns(x, () => sign, work));
  if (signs === 1 || signs > 4) return [together];
  const every: Expression[] = [];
  for (let mask = 0; mask < 2 ** signs; mask++) {
    let index = 0;
    every.push(chooseSigns(x, () => ((mask >> index++) & 1 ? -1 : 1), work));
  }
  return [together, every];
}

function countPlusMinus(x: Expression, work: Work): number {
  let count = 0;
  someNode(x, work, (node) => {
    if (node.kind === "plusMinus") count++;
    return false;
  });
  return count;
}

function chooseSigns(x: Expression, choose: () => number, work: Work): Expression {
  return mapTree(x, work, (node) => {
    if (node.kind !== "plusMinus") return node;
    return choose() * node.sign === 1 ? node.value : productOf([minusOneNode, node.value]);
  });
}

/** The tree with symbols renamed. */
export function renameSymbols(x: Expression, names: ReadonlyMap<string, string>, work: Work): Expression {
  return mapTree(x, work, (node) => {
    if (node.kind !== "symbol") return node;
    const name = names.get(node.name);
    return name === undefined ? node : { kind: "symbol", name };
  });
}

/** Rebuilds a tree from its leaves up. */
function mapTree(x: Expression, work: Work, change: (node: Expression) => Expression): Expression {
  work.spend();
  const map = (child: Expression): Expression => mapTree(child, work, change);
  switch (x.kind) {
    case "sum":
      return change({ ...x, terms: x.terms.map(map) });
    case "product":
      return change({ ...x, factors: x.factors.map(map) });
    case "power":
      return change({ ...x, base: map(x.base), exponent: map(x.exponent) });
    case "call":
    case "apply":
      return change({ ...x, args: x.args.map(map) });
    case "repeated": {
      const node: Repeated = {
        ...x,
        from: x.from && map(x.from),
        to: x.to && map(x.to),
        body: map(x.body),
      };
      return change(node);
    }
    case "plusMinus":
    case "quantity":
      return change({ ...x, value: map(x.value) });
    case "list":
    case "set":
    case "bracketed":
      return change({ ...x, items: x.items.map(map) });
    case "setOperation":
    case "relation":
      return change({ ...x, operands: x.operands.map(map) });
    case "matrix":
      return change({ ...x, rows: x.rows.map((row) => row.map(map)) });
    case "ratio":
      return change({ ...x, parts: x.parts.map(map) });
    default:
      return change(x);
  }
}

type Rows = readonly (readonly Expression[])[];

/** Sums, products and multiples of matrices as one matrix, determinants written out; anything else unchanged. */
export function reduceMatrices(x: Expression, work: Work): Expression {
  if (!someNode(x, work, (node) => node.kind === "matrix" || isTransposed(node))) return x;
  const rows = matrixOf(x, work);
  if (rows) return { kind: "matrix", rows };
  return mapTree(x, work, (node) => {
    const [inner] = node.kind === "call" && node.name === "determinant" ? node.args : [];
    const entries = inner && matrixOf(inner, work);
    return (entries && determinantOf(entries, work)) || node;
  });
}

function matrixOf(x: Expression, work: Work): Rows | null {
  work.spend();
  if (x.kind === "matrix") return x.rows;
  if (x.kind === "power" && isTransposed(x)) {
    const rows = x.base.kind === "bracketed" ? [x.base.items] : matrixOf(x.base, work);
    return rows && (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as Expression));
  }
  if (x.kind === "sum") {
    const matrices = x.terms.map((term) => matrixOf(term, work));
    return matrices.reduce((a, b) => a && b && addMatrices(a, b));
  }
  if (x.kind !== "product") return null;
  let result: Rows | null = null;
  const scalars: Expression[] = [];
  for (const factor of x.factors) {
    const matrix = matrixOf(factor, work);
    if (!matrix) scalars.push(factor);
    else result = result ? multiplyMatrices(result, matrix, work) : matrix;
    if (matrix && !result) return null;
  }
  if (!result || scalars.length === 0) return result;
  const scalar = productOf(scalars);
  return result.map((row) => row.map((cell) => productOf([scalar, cell])));
}

/** A^T, A^{\top}: of a matrix, or of a tuple as a row. */
function isTransposed(x: Expression): boolean {
  if (x.kind !== "power" || x.exponent.kind !== "symbol") return false;
  const isMark = ["T", "\\top", "\\intercal"].includes(x.exponent.name);
  return isMark && (x.base.kind === "matrix" || x.base.kind === "bracketed");
}

function addMatrices(a: Rows, b: Rows): Rows | null {
  if (a.length !== b.length || a[0]?.length !== b[0]?.length) return null;
  return a.map((row, i) => row.map((cell, j) => sumOf([cell, b[i]?.[j] as Expression])));
}

function multiplyMatrices(a: Rows, b: Rows, work: Work): Rows | null {
  if (a[0]?.length !== b.length) return null;
  work.spend(a.length * b.length * (b[0]?.length ?? 0));
  return a.map((row) =>
    (b[0] as readonly Expression[]).map((_, j) =>
      sumOf(row.map((cell, k) => productOf([cell, b[k]?.[j] as Expression]))),
    ),
  );
}
