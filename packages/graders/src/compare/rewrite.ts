/**
 * Rewriting of trees before they are compared: ± into its values, names replaced.
 * Each function returns its argument itself where there is nothing to do.
 */

import { someNode } from "../algebra/walk.ts";
import { type Expression, minusOneNode, productOf, type Repeated } from "../parse/expression.ts";
import type { Work } from "../work.ts";

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

/** The tree with a value in the place of a symbol. */
export function substitute(x: Expression, name: string, value: Expression, work: Work): Expression {
  return mapTree(x, work, (node) => (node.kind === "symbol" && node.name === name ? value : node));
}

/** Rebuilds a tree from its leaves up. */
export function mapTree(x: Expression, work: Work, change: (node: Expression) => Expression): Expression {
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
    case "builder":
      return change({ ...x, condition: map(x.condition) });
    case "matrix":
      return change({ ...x, rows: x.rows.map((row) => row.map(map)) });
    case "ratio":
      return change({ ...x, parts: x.parts.map(map) });
    default:
      return change(x);
  }
}
