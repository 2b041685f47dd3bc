/**
 * Vectors and matrices by their other spellings: 2i + 3j with marked basis vectors, [[1, 2], [3, 4]], determinants.
 * Each function returns its argument itself, or null, where there is nothing to do.
 */

import { integer } from "../algebra/rational.ts";
import { namesIn, someNode } from "../algebra/walk.ts";
import { type Expression, minusOneNode, numberNode, productOf, sumOf } from "../parse/expression.ts";
import type { Work } from "../work.ts";

type Rows = readonly (readonly Expression[])[];

/** Largest matrix whose determinant is written out (it has n! terms). */
const largestDeterminant = 5;

/** The determinant as an expression of the entries, by the first row (Laplace); null for no or too large a square. */
export function determinantOf(rows: Rows, work: Work): Expression | null {
  const size = rows.length;
  if (size === 0 || size > largestDeterminant || rows.some((row) => row.length !== size)) return null;
  work.spend(size * size);
  const [first = [], ...rest] = rows;
  if (size === 1) return first[0] ?? null;
  const terms: Expression[] = [];
  for (const [column, entry] of first.entries()) {
    const minor = determinantOf(
      rest.map((row) => row.filter((_, index) => index !== column)),
      work,
    );
    if (!minor) return null;
    terms.push(productOf(column % 2 === 0 ? [entry, minor] : [minusOneNode, entry, minor]));
  }
  return sumOf(terms);
}

/** [[1, 2], [3, 4]] as a matrix, where the brackets are square or the rows have brackets of the same length; else null. */
export function nestedRows(x: Expression): Rows | null {
  if (x.kind !== "bracketed") return null;
  const rows = x.items.map((item) =>
    item.kind === "bracketed" ? item.items : item.kind === "list" ? null : [item],
  );
  const areNested = x.items.every((item) => item.kind === "bracketed" && item.open === x.open);
  return areNested && rows.every((row) => row !== null && row.length === rows[0]?.length)
    ? (rows as Rows)
    : null;
}

const basis = /^(?:vec|hat|bar) ([ijk])$/;

/** 2i - k with marked basis vectors as the tuple of its `size` (2 or 3) coordinates; null for anything else. */
export function coordinatesOf(x: Expression, size: number, work: Work): Expression | null {
  const isBasis = (node: Expression): boolean => node.kind === "symbol" && basis.test(node.name);
  if ((size !== 2 && size !== 3) || !someNode(x, work, isBasis)) return null;
  const coordinates: Expression[][] = Array.from({ length: size }, () => []);
  for (const term of x.kind === "sum" ? x.terms : [x]) {
    const factors = term.kind === "product" ? flat(term.factors) : [term];
    const index = factors.findIndex(isBasis);
    const vector = factors[index];
    const rest = factors.filter((_, place) => place !== index);
    const coefficient = rest.length === 0 ? numberNode(integer(1)) : productOf(rest);
    const axis = vector?.kind === "symbol" ? "ijk".indexOf(basis.exec(vector.name)?.[1] ?? "?") : -1;
    const hasMore = [...namesIn(coefficient, work)].some((name) => basis.test(name));
    if (axis < 0 || axis >= size || hasMore) return null;
    coordinates[axis]?.push(coefficient);
  }
  const items = coordinates.map((terms) => (terms.length === 0 ? numberNode(integer(0)) : sumOf(terms)));
  return { kind: "bracketed", open: "(", close: ")", items };
}

function flat(factors: readonly Expression[]): readonly Expression[] {
  return factors.flatMap((factor) => (factor.kind === "product" ? flat(factor.factors) : [factor]));
}
