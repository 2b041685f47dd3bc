/**
 * Walks over the tree that need no arithmetic: the parts of a node, the names in an expression.
 */
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { printExpression } from "./print.ts";

/** Names with a free occurrence in `x`, in order of appearance; bound variables and constants are not among them. */
export function namesIn(x: Expression, work: Work): Set<string> {
  const names = new Set<string>();
  const visit = (node: Expression, bound: readonly string[]): void => {
    work.spend();
    if (node.kind === "symbol") {
      if (!bound.includes(node.name)) names.add(node.name);
    } else if (node.kind === "apply") names.add(printExpression(node, work));
    else if (node.kind === "builder") visit(node.condition, [...bound, node.variable]);
    else if (node.kind === "repeated") {
      for (const child of [node.from, node.to]) if (child) visit(child, bound);
      visit(node.body, [...bound, node.variable]);
    } else for (const child of childrenOf(node)) visit(child, bound);
  };
  visit(x, []);
  return names;
}

/** The direct parts of a node. */
export function childrenOf(x: Expression): readonly Expression[] {
  switch (x.kind) {
    case "sum":
      return x.terms;
    case "product":
      return x.factors;
    case "power":
      return [x.base, x.exponent];
    case "call":
    case "apply":
      return x.args;
    case "repeated":
      return [x.from, x.to, x.body].filter((part) => part !== null);
    case "builder":
      return [x.condition];
    case "plusMinus":
    case "quantity":
      return [x.value];
    case "list":
    case "set":
    case "bracketed":
      return x.items;
    case "setOperation":
    case "relation":
      return x.operands;
    case "matrix":
      return x.rows.flat();
    case "ratio":
      return x.parts;
    case "number":
    case "constant":
    case "symbol":
    case "namedSet":
    case "baseNumeral":
    case "text":
      return [];
    default:
      return x satisfies never;
  }
}

/** Whether any node of `x` satisfies `test`. */
export function someNode(x: Expression, work: Work, test: (node: Expression) => boolean): boolean {
  work.spend();
  return test(x) || childrenOf(x).some((child) => someNode(child, work, test));
}
