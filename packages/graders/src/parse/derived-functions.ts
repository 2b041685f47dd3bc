/** Functions that are written out by others, so that the fields of numbers need not know them. */
import { integer, rational } from "../algebra/rational.ts";
import {
  call,
  type Expression,
  minusOneNode,
  negative,
  numberNode,
  powerOf,
  productOf,
  quotient,
  rootOf,
  sumOf,
  twoNode,
} from "./expression.ts";

export type DerivedFunction = "cis" | "coth" | "sech" | "csch" | "arsinh" | "arcosh" | "artanh";

const oneNode = numberNode(integer(1));
const halfNode = numberNode(rational(1n, 2n) ?? integer(0));

/** The function's value at an argument. */
export function derivedFunction(name: DerivedFunction, x: Expression): Expression {
  switch (name) {
    case "cis": // cos x + i sin x
      return powerOf({ kind: "constant", name: "e" }, productOf([{ kind: "constant", name: "i" }, x]));
    case "coth":
      return powerOf(call("tanh", x), minusOneNode);
    case "sech":
      return powerOf(call("cosh", x), minusOneNode);
    case "csch":
      return powerOf(call("sinh", x), minusOneNode);
    case "arsinh":
      return call("ln", sumOf([x, rootOf(sumOf([powerOf(x, twoNode), oneNode]))]));
    case "arcosh":
      return call("ln", sumOf([x, rootOf(sumOf([powerOf(x, twoNode), minusOneNode]))]));
    case "artanh":
      return productOf([halfNode, call("ln", quotient(sumOf([oneNode, x]), sumOf([oneNode, negative(x)])))]);
    default:
      return name satisfies never;
  }
}
