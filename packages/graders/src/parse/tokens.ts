/** Tokens: what the tokenizer makes of characters and the parser reads. */
import type { Rational } from "../algebra/rational.ts";
import { limits } from "../work.ts";
import type { FunctionName } from "./expression.ts";

/** One token. `spaced`: white space stands before it. `text` is its canonical spelling. */
export type Token =
  | {
      readonly kind: "number";
      readonly text: string;
      readonly spaced: boolean;
      readonly value: Rational;
      /** Set where it was written with a decimal point. */
      readonly significantDigits?: number;
    }
  | { readonly kind: "letter" | "text" | "unknown"; readonly text: string; readonly spaced: boolean }
  | { readonly kind: "constant" | "namedSet"; readonly text: string; readonly spaced: boolean }
  | { readonly kind: "function"; readonly text: FunctionName; readonly spaced: boolean }
  /** Operators, brackets, separators, and LaTeX structure (frac, sqrt, begin:pmatrix, ...). */
  | { readonly kind: "sign"; readonly text: string; readonly spaced: boolean };

/** A token without what stands before it. */
export type BareToken = DistributiveOmit<Token, "spaced">;

type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

/** The tokens as one string, for comparison as text: spelling variants of LaTeX and white space are gone. */
export function printTokens(tokens: readonly Token[]): string {
  let result = "";
  let isAfterNumber = false;
  for (const [index, token] of tokens.entries()) {
    if (isNeedlessBrace(tokens, index)) continue;
    const isNumber = token.kind === "number";
    // "1 2" is not 12.
    const isApart = token.kind === "text" || token.kind === "unknown" || (isNumber && isAfterNumber);
    result += isApart && result !== "" ? ` ${token.text}` : token.text;
    isAfterNumber = isNumber;
    if (result.length > limits.expressionLength * 4) break;
  }
  return result.trim();
}

/** The braces of x^{2} and x_{n}, which say no more than x^2 and x_n. */
function isNeedlessBrace(tokens: readonly Token[], index: number): boolean {
  const open = tokens[index]?.text === "{" ? index : index - 2;
  const [before, , , close] = tokens.slice(Math.max(0, open - 1), open + 3);
  const isScript = before?.kind === "sign" && (before.text === "^" || before.text === "_");
  const isBrace =
    tokens[index]?.kind === "sign" && (tokens[index]?.text === "{" || tokens[index]?.text === "}");
  return (
    isBrace &&
    open > 0 &&
    isScript &&
    tokens[open]?.text === "{" &&
    close?.kind === "sign" &&
    close.text === "}"
  );
}
