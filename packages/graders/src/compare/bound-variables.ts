/**
 * The variable of a sum, product, integral or limit has any name: here it gets the same one in every answer. A sum without an end
 * begins at 0 and its differential names an integral's variable, so that such answers are compared by their form.
 */

import { integer, isInteger } from "../algebra/rational.ts";
import { someNode } from "../algebra/walk.ts";
import { type Expression, numberNode, productOf, type Repeated, sumOf } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { mapTree, substitute } from "./rewrite.ts";

/** The tree with plain names for bound variables; the argument itself where nothing is bound. */
export function withPlainBounds(x: Expression, work: Work): Expression {
  if (!someNode(x, work, (node) => node.kind === "repeated")) return x;
  return mapTree(x, work, (node) => (node.kind === "repeated" ? plain(node, work) : node));
}

/** From the inside out: the variable's name is the height of what it is bound in. */
function plain(node: Repeated, work: Work): Repeated {
  const { variable, body } = node.variable === "" ? withDifferential(node) : node;
  if (variable === "") return node;
  const name = `#${heightOf(body, work)}`;
  const named = { ...node, variable: name, body: replace(body, variable, { kind: "symbol", name }, work) };
  return isWithoutEnd(named) ? fromZero(named, name, work) : named;
}

function replace(body: Expression, variable: string, value: Expression, work: Work): Expression {
  // The i and e of a sum are read as constants.
  const asSymbol = mapTree(body, work, (node) =>
    node.kind === "constant" && node.name === variable ? { kind: "symbol", name: variable } : node,
  );
  return substitute(asSymbol, variable, value, work);
}

function heightOf(body: Expression, work: Work): number {
  let height = 0;
  someNode(body, work, (node) => {
    if (node.kind === "repeated") height = Math.max(height, Number(node.variable.slice(1)) + 1 || 0);
    return false;
  });
  return height;
}

/** \int x^2 dx: the letter behind the last d. */
function withDifferential(node: Repeated): { readonly variable: string; readonly body: Expression } {
  const factors = node.body.kind === "product" ? node.body.factors : [];
  const [d, variable] = factors.slice(-2);
  const isDifferential = d?.kind === "symbol" && d.name === "d" && variable?.kind === "symbol";
  if (node.operator !== "integral" || !isDifferential || factors.length < 3) return node;
  return { variable: variable.name, body: productOf(factors.slice(0, -2)) };
}

function isWithoutEnd({ operator, to }: Repeated): boolean {
  return operator === "sum" && to?.kind === "constant" && to.name === "infinity";
}

function fromZero(node: Repeated, name: string, work: Work): Repeated {
  const { from, body } = node;
  if (from?.kind !== "number" || !isInteger(from.value) || from.value.numerator === 0n) return node;
  const shifted = sumOf([{ kind: "symbol", name }, from]);
  return { ...node, from: numberNode(integer(0)), body: substitute(body, name, shifted, work) };
}
