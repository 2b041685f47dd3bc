/**
 * The tree of an answer as written: what the parser makes and everything else reads.
 * Plain data, no methods; nothing is simplified here except that a - b is a + (-1)b and a/b is a b^-1.
 */
import { integer, minusOne, type Rational } from "../algebra/rational.ts";

/** One node of an answer. */
export type Expression =
  /** A numeral. `significantDigits` is set where it was written with a decimal point. */
  | { readonly kind: "number"; readonly value: Rational; readonly significantDigits?: number }
  | { readonly kind: "constant"; readonly name: ConstantName }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "sum"; readonly terms: readonly Expression[] }
  | { readonly kind: "product"; readonly factors: readonly Expression[] }
  | { readonly kind: "power"; readonly base: Expression; readonly exponent: Expression }
  | { readonly kind: "call"; readonly name: FunctionName; readonly args: readonly Expression[] }
  /** An unknown function or a name with arguments: f(x). */
  | { readonly kind: "apply"; readonly name: string; readonly args: readonly Expression[] }
  | Repeated
  /** +-value or, with sign -1, -+value. */
  | { readonly kind: "plusMinus"; readonly sign: 1 | -1; readonly value: Expression }
  | { readonly kind: "list"; readonly items: readonly Expression[]; readonly joiner: Joiner }
  | Bracketed
  | { readonly kind: "set"; readonly items: readonly Expression[] }
  | {
      readonly kind: "setOperation";
      readonly operator: SetOperator;
      readonly operands: readonly Expression[];
    }
  | { readonly kind: "namedSet"; readonly name: NamedSet }
  /** {variable in domain | condition}, for an equation or bounds of whole numbers; other builders are their conditions. */
  | {
      readonly kind: "builder";
      readonly variable: string;
      readonly domain: NamedSet | null;
      readonly condition: Expression;
    }
  | { readonly kind: "matrix"; readonly rows: readonly (readonly Expression[])[] }
  /** operands[0] operators[0] operands[1] ...: a chain such as 1 < x <= 3. */
  | Relation
  /** a:b:c. `isTime` where it can only be a time of day: 1:03. */
  | { readonly kind: "ratio"; readonly parts: readonly Expression[]; readonly isTime?: boolean }
  /** A value with a unit, a percent sign, a degree sign or a currency. */
  | { readonly kind: "quantity"; readonly value: Expression; readonly unit: string }
  /** 204_5: the digits as written and their value. */
  | { readonly kind: "baseNumeral"; readonly digits: string; readonly base: number; readonly value: Rational }
  | { readonly kind: "text"; readonly text: string };

export type ConstantName = "pi" | "e" | "i" | "infinity";
export type Joiner = "comma" | "semicolon" | "and" | "or";
export type SetOperator = "union" | "intersection" | "difference";
export type NamedSet =
  | "positiveIntegers"
  | "empty"
  | "naturals"
  | "integers"
  | "rationals"
  | "reals"
  | "complexes";
export type RelationOperator =
  | "="
  | "approximately"
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "not in"
  | "subset"
  | "congruent"
  | "arrow"
  | "divides";

export interface Relation {
  readonly kind: "relation";
  readonly operands: readonly Expression[];
  readonly operators: readonly RelationOperator[];
}

/** (a, b), [a, b), <a, b>: a tuple, a vector or an interval; which one is decided where it is compared. */
export interface Bracketed {
  readonly kind: "bracketed";
  readonly open: "(" | "[" | "<";
  readonly close: ")" | "]" | ">";
  readonly items: readonly Expression[];
}

/** A sum, product, integral or limit with its bounds; `variable` is bound in `body`. */
export interface Repeated {
  readonly kind: "repeated";
  readonly operator: "sum" | "product" | "integral" | "limit";
  readonly variable: string;
  readonly from: Expression | null;
  readonly to: Expression | null;
  readonly body: Expression;
}

/** Functions with a meaning. `log` has no base; `logBase` has the base first. */
export type FunctionName =
  | "sin"
  | "cos"
  | "tan"
  | "cot"
  | "sec"
  | "csc"
  | "arcsin"
  | "arccos"
  | "arctan"
  | "arccot"
  | "arcsec"
  | "arccsc"
  | "sinh"
  | "cosh"
  | "tanh"
  | "exp"
  | "ln"
  | "log"
  | "logBase"
  | "abs"
  | "floor"
  | "ceil"
  | "sign"
  | "factorial"
  | "doubleFactorial"
  | "binomial"
  | "gcd"
  | "lcm"
  | "max"
  | "min"
  | "mod"
  | "determinant"
  | "conjugate";

export function numberNode(value: Rational): Expression {
  return { kind: "number", value };
}

export const minusOneNode: Expression = numberNode(minusOne);
export const twoNode: Expression = numberNode(integer(2));

export function sumOf(terms: readonly Expression[]): Expression {
  return terms.length === 1 && terms[0] ? terms[0] : { kind: "sum", terms };
}

export function productOf(factors: readonly Expression[]): Expression {
  return factors.length === 1 && factors[0] ? factors[0] : { kind: "product", factors };
}

export function powerOf(base: Expression, exponent: Expression): Expression {
  return { kind: "power", base, exponent };
}

export function negative(x: Expression): Expression {
  if (x.kind === "number") {
    return { ...x, value: { numerator: -x.value.numerator, denominator: x.value.denominator } };
  }
  return { kind: "product", factors: [minusOneNode, x] };
}

export function quotient(numerator: Expression, denominator: Expression): Expression {
  return { kind: "product", factors: [numerator, powerOf(denominator, minusOneNode)] };
}

export function call(name: FunctionName, ...args: Expression[]): Expression {
  return { kind: "call", name, args };
}

/** Degree-th root; the exponent 1/degree is an exact fraction. */
export function rootOf(radicand: Expression, degree: Expression = twoNode): Expression {
  return powerOf(radicand, powerOf(degree, minusOneNode));
}
