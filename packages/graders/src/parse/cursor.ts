/**
 * A cursor over tokens, with what the grammar needs to know about where it is. Bounded: every move spends work and
 * every nested group counts towards the depth limit.
 */
import { cutText } from "../cut-text.ts";
import { limits, type Work } from "../work.ts";
import type { Expression } from "./expression.ts";
import type { CommaReading } from "./numerals.ts";
import type { Token } from "./tokens.ts";

/** How the ambiguous habits of writing are read; see `readings.ts`. */
export interface ReadingOptions {
  readonly commas: CommaReading;
  /** 1/2x is 1/(2x) instead of (1/2)x. */
  readonly isProductTight: boolean;
  /** \sqrt17 is the root of 17 instead of TeX's \sqrt{1}7. */
  readonly isRootGreedy: boolean;
  /** "5 m" is five metres instead of 5 times m. */
  readonly areLettersUnits: boolean;
  /** "5 x 10^3" is 5000 instead of a product with x. */
  readonly isLetterTimes: boolean;
  /** C(5, 2) is a number of combinations instead of a point C. */
  readonly areCombinations: boolean;
}

export const usualReading: ReadingOptions = {
  commas: "thousands",
  isProductTight: false,
  isRootGreedy: false,
  areLettersUnits: false,
  isLetterTimes: false,
  areCombinations: false,
};

/** Which ambiguous habits the text showed while it was parsed. */
interface ReadingFlags {
  product: boolean;
  root: boolean;
  unit: boolean;
  times: boolean;
  combination: boolean;
}

/** Thrown inside the parser only: the tokens are no sentence of the grammar. */
export class ParseFailure extends Error {
  override name = "ParseFailure";
}

export interface Cursor {
  readonly options: ReadingOptions;
  readonly flags: ReadingFlags;
  /** Open absolute-value bars in the innermost bracket: decides whether the next bar closes. */
  bars: number;
  /** Declarations that stood beside the answer: "(k in Z)", "where k is an integer". */
  readonly declarations: Expression[];
  /** Remarks after the answer that say when it holds, each as its tokens; see `remarks.ts`. */
  readonly conditions: (readonly Token[])[];
  /** Whether ":" separates (inside set braces) rather than making a ratio. */
  isColonSeparator: boolean;
  peek(offset?: number): Token | undefined;
  /** The token before the current one, or `count` before it. */
  previous(count?: number): Token | undefined;
  next(): Token;
  /** Whether the token at `offset` is the sign `text`. */
  at(text: string, offset?: number): boolean;
  /** Moves over the sign if it is next. */
  accept(text: string): boolean;
  expect(text: string): void;
  /** Puts `token` in the place of the current one (the rest of a numeral after \frac12 took a digit). */
  replace(token: Token): void;
  /** Runs `parse` one level deeper. Every recursion of the grammar goes through here. @throws {ParseFailure} too deep. */
  deeper<T>(parse: () => T): T;
  /** Runs `parse` inside of brackets: bars and colons start afresh. */
  nested<T>(parse: () => T): T;
  fail(message: string): never;
}

export function createCursor(tokens: readonly Token[], options: ReadingOptions, work: Work): Cursor {
  const sequence = [...tokens];
  let position = 0;
  let depth = 0;
  const cursor: Cursor = {
    options,
    flags: { product: false, root: false, unit: false, times: false, combination: false },
    bars: 0,
    declarations: [],
    conditions: [],
    isColonSeparator: false,
    peek: (offset = 0) => sequence[position + offset],
    previous: (count = 1) => sequence[position - count],
    next() {
      work.spend();
      const token = sequence[position];
      if (!token) return cursor.fail("unexpected end");
      position++;
      return token;
    },
    at(text, offset = 0) {
      const token = sequence[position + offset];
      return token?.kind === "sign" && token.text === text;
    },
    accept(text) {
      if (!cursor.at(text)) return false;
      cursor.next();
      return true;
    },
    expect(text) {
      if (!cursor.accept(text)) cursor.fail(`expected ${text}`);
    },
    replace(token) {
      sequence[position] = token;
    },
    deeper(parse) {
      work.spend(2);
      if (++depth > limits.depth) cursor.fail(`nested deeper than ${limits.depth}`);
      const result = parse();
      depth--;
      return result;
    },
    nested(parse) {
      const { bars, isColonSeparator } = cursor;
      cursor.bars = 0;
      cursor.isColonSeparator = false;
      const result = parse();
      cursor.bars = bars;
      cursor.isColonSeparator = isColonSeparator;
      return result;
    },
    fail(message) {
      const found = sequence[position]?.text ?? "the end";
      throw new ParseFailure(`${message}, at "${cutText(found, 20)}"`);
    },
  };
  return cursor;
}
