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
  for (const token of tokens) {
    const isNumber = token.kind === "number";
    // "1 2" is not 12.
    const isApart = token.kind === "text" || token.kind === "unknown" || (isNumber && isAfterNumber);
    result += isApart && result !== "" ? ` ${token.text}` : token.text;
    isAfterNumber = isNumber;
    if (result.length > limits.expressionLength * 4) break;
  }
  return result.trim();
}
