/**
 * Letters that stand for whole numbers where nothing says so: n in (-1)^n, in cos(n pi), in floor(n / 2).
 */
import { childrenOf, namesIn, someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";

/** Letters that are whole next to a rounding: floor((n + 1) / 2) is ceil(n / 2). */
export function isCounter(name: string): boolean {
  return /^[ijklmnKMN](?:_|'|$)/.test(name);
}

/**
 * The letters k, l, m, n, j, N that stand next to pi in the argument of a trigonometric function or in an exponent of e, or
 * alone in the exponent of a negative number or of i: sin(n pi) is 0 and cos(n pi) is (-1)^n to anyone who writes them.
 */
export function lettersOfTurns(x: Expression, work: Work): ReadonlySet<string> {
  const letters = new Set<string>();
  const add = (part: Expression): void => {
    for (const name of namesIn(part, work)) if (/^[jklmnN](?:_|'|$)/.test(name)) letters.add(name);
  };
  someNode(x, work, (node) => {
    if (node.kind === "call" && trigonometric.has(node.name))
      for (const arg of node.args) addTurns(arg, add, work);
    if (node.kind === "power" && node.base.kind === "constant" && node.base.name === "e")
      addTurns(node.exponent, add, work);
    if (node.kind === "power" && turns(node.base)) add(node.exponent);
    return false;
  });
  return letters;
}

const trigonometric: ReadonlySet<string> = new Set(["sin", "cos", "tan", "cot", "sec", "csc"]);

/** The products with pi in them, in an argument such as x + 2 pi n. */
function addTurns(argument: Expression, add: (part: Expression) => void, work: Work): void {
  const isPi = (node: Expression): boolean =>
    (node.kind === "constant" && node.name === "pi") || (node.kind === "quantity" && node.unit === "degree");
  if (argument.kind === "sum") for (const term of argument.terms) addTurns(term, add, work);
  else if (someNode(argument, work, isPi)) add(argument);
}

/** -1, -2, i: what goes around zero with its powers. */
function turns(base: Expression): boolean {
  if (base.kind === "constant") return base.name === "i";
  if (base.kind === "number") return base.value.numerator < 0n;
  return base.kind === "product" && base.factors.length === 2 && childrenOf(base).some(turns);
}
