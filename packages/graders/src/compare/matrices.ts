/**
 * Arithmetic of matrices and vectors carried out: sums, products, multiples, whole powers, inverses and transposes become one
 * matrix, determinants are written out. `reduceMatrices` returns its argument itself where there is nothing to do.
 */
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { integer, isInteger } from "../algebra/rational.ts";
import { someNode } from "../algebra/walk.ts";
import {
  type Bracketed,
  type Expression,
  minusOneNode,
  numberNode,
  productOf,
  quotient,
  sumOf,
} from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { mapTree } from "./rewrite.ts";
import { determinantOf } from "./vectors.ts";

type Rows = readonly (readonly Expression[])[];

/** Largest power that is carried out; of a matrix with names in it, whose entries grow with each step, a smaller one. */
const largestPower = 64n;
const largestNamedPower = 3n;

/** Sums, products, powers and multiples of matrices (or of tuples) as one matrix; anything else unchanged. */
export function reduceMatrices(x: Expression, work: Work): Expression {
  if (!someNode(x, work, (node) => node.kind === "matrix" || isTransposed(node)))
    return reduceTuples(x, work);
  const rows = matrixOf(x, work);
  if (rows) return { kind: "matrix", rows };
  return mapTree(x, work, (node) => {
    const [inner] = node.kind === "call" && node.name === "determinant" ? node.args : [];
    const entries = inner && matrixOf(inner, work);
    return (entries && determinantOf(entries, work)) || node;
  });
}

/** (1, 2) + t(3, 4) is (1 + 3t, 2 + 4t). */
function reduceTuples(x: Expression, work: Work): Expression {
  if (x.kind !== "sum" && x.kind !== "product") return x;
  const parts = x.kind === "sum" ? x.terms : x.factors;
  if (!parts.some((part) => isTuple(part) || (part.kind === "product" && part.factors.some(isTuple))))
    return x;
  const rows = matrixOf(x, work, isTuple);
  const [items, ...others] = rows ?? [];
  return items && others.length === 0 ? { kind: "bracketed", open: "(", close: ")", items } : x;
}

function isTuple(x: Expression): x is Bracketed {
  if (x.kind !== "bracketed" || x.items.length < 2) return false;
  const isRound = (x.open === "(" && x.close === ")") || x.open === "<";
  return isRound && !x.items.some((item) => item.kind === "bracketed");
}

/** The rows of what is a matrix when carried out, else null; `isRow` says which tuples are matrices of one row. */
function matrixOf(x: Expression, work: Work, isRow?: (x: Expression) => x is Bracketed): Rows | null {
  work.spend();
  if (x.kind === "matrix") return x.rows;
  if (isRow?.(x)) return [x.items];
  if (x.kind === "power") return isTransposed(x) ? transposeOf(x.base, work) : powerOfMatrix(x, work);
  if (x.kind === "sum") {
    const matrices = x.terms.map((term) => matrixOf(term, work, isRow));
    return matrices.reduce((a, b) => a && b && addMatrices(a, b));
  }
  if (x.kind !== "product") return null;
  let result: Rows | null = null;
  const scalars: Expression[] = [];
  for (const factor of x.factors) {
    const matrix = matrixOf(factor, work, isRow);
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

function transposeOf(x: Expression, work: Work): Rows | null {
  const rows = x.kind === "bracketed" ? [x.items] : matrixOf(x, work);
  return rows && (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as Expression));
}

/** A^n for a whole n, negative ones by the inverse. */
function powerOfMatrix(x: Extract<Expression, { kind: "power" }>, work: Work): Rows | null {
  const base = matrixOf(x.base, work);
  const exponent = evaluate(x.exponent, exactField(work), noNames, work);
  if (!base || base.length !== base[0]?.length || !exponent || !isInteger(exponent)) return null;
  const count = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const areNumbers = base.flat().every((cell) => simplified(cell, work).kind === "number");
  if (count === 0n || count > (areNumbers ? largestPower : largestNamedPower)) return null;
  const factor = exponent.numerator < 0n ? inverseOf(base, work) : base;
  let result = factor;
  for (let index = 1n; index < count; index++) {
    result = result && factor && multiplyMatrices(result, factor, work);
    result = result?.map((row) => row.map((cell) => simplified(cell, work))) ?? null;
  }
  return result;
}

/** The inverse by cofactors; null where the determinant is zero or the matrix too large. */
function inverseOf(rows: Rows, work: Work): Rows | null {
  const determinant = determinantOf(rows, work);
  if (!determinant) return null;
  const value = simplified(determinant, work);
  if (value.kind === "number" && value.value.numerator === 0n) return null;
  const result: Expression[][] = [];
  for (const row of rows.keys()) {
    const cells = rows.map((_, column) => cofactorOf(rows, column, row, work));
    if (cells.includes(null)) return null;
    result.push(cells.map((cell) => simplified(quotient(cell as Expression, value), work)));
  }
  return result;
}

function cofactorOf(rows: Rows, row: number, column: number, work: Work): Expression | null {
  if (rows.length === 1) return numberNode(integer(1));
  const others = rows.filter((_, index) => index !== row);
  const minor = determinantOf(
    others.map((cells) => cells.filter((_, index) => index !== column)),
    work,
  );
  return minor && (row + column) % 2 === 1 ? productOf([minusOneNode, minor]) : minor;
}

/** The exact number that a cell is, or the cell itself. */
function simplified(cell: Expression, work: Work): Expression {
  const value = evaluate(cell, exactField(work), noNames, work);
  return value ? numberNode(value) : cell;
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
