/**
 * Operators in words, as tokens: "9 squared", "9 times 2", "9 tenths", "9 out of 10", "2 and a half", "negative 9", "half of 10".
 * One pass between the tokenizer and the parser. Words that compute with a value and are not read here make the parser
 * refuse it (`value-words.ts`), so that "9 to the fourth" is never a 9 with a unit.
 */
import { addRational, integer, isInteger, type Rational, rational } from "../algebra/rational.ts";
import { numberOfWord, partNames, partsNamed } from "./number-words.ts";
import { scanNumber } from "./numerals.ts";
import type { BareToken, Token } from "./tokens.ts";
import { isUnitWord } from "./units.ts";

/** The tokens with operators for the words that are operators; the same array where none are. */
export function spellOperators(tokens: readonly Token[]): readonly Token[] {
  const result: Token[] = [];
  // "a 20% increase"
  const [article, number] = tokens;
  let hasChanged =
    article?.kind === "letter" && article.text === "a" && number?.kind === "number" && number.spaced;
  for (let index = hasChanged ? 1 : 0; index < tokens.length; ) {
    const token = tokens[index] as Token;
    const half = mixedNumber(result.at(-1), tokens, index);
    if (half) {
      result.splice(-1, 1, ...half.tokens);
      index = half.end;
      hasChanged = true;
    } else if (token.kind === "text") {
      let end = index + 1;
      while (tokens[end]?.kind === "text") end++;
      const phrase = tokens.slice(index, end).map(({ text }) => text);
      const spelled = spellPhrase(phrase.join(" ").split(/\s+/), result.at(-1), tokens[end]);
      result.push(...(spelled ?? tokens.slice(index, end)));
      hasChanged ||= spelled !== null;
      index = end;
    } else {
      const isFactorial =
        token.kind === "function" &&
        token.text === "factorial" &&
        endsValue(result.at(-1)) &&
        !startsValue(tokens[index + 1]);
      result.push(isFactorial ? signToken("!") : token);
      hasChanged ||= isFactorial;
      index++;
    }
  }
  return hasChanged ? result : tokens;
}

/** The tokens of a phrase between two others, or null where no word of it is an operator here. */
function spellPhrase(
  words: readonly string[],
  before: Token | undefined,
  behind: Token | undefined,
): Token[] | null {
  const spelled: Token[] = [];
  let rest = words;
  while (rest.length > 0 && endsValue(spelled.at(-1) ?? before)) {
    const operator = operatorAfter(rest, spelled.at(-1) ?? before, behind);
    if (!operator) break;
    spelled.push(...operator.tokens);
    rest = rest.slice(operator.length);
  }
  const isAfterValue = endsValue(spelled.at(-1) ?? before) && spelled.length === 0;
  const sign = isAfterValue ? null : operatorBefore(rest, behind);
  if (sign) {
    if (sign.start > 0) spelled.push(textToken(rest.slice(0, sign.start)));
    spelled.push(...sign.tokens);
    rest = rest.slice(sign.end);
  }
  if (spelled.length === 0) return null;
  return rest.length > 0 ? [...spelled, textToken(rest)] : spelled;
}

interface Operator {
  readonly tokens: readonly Token[];
  /** Words that it takes. */
  readonly length: number;
}

const infixes: ReadonlyArray<readonly [words: string, sign: string]> = [
  ["as well as", "and"],
  ["along with", "and"],
  ["together with", "and"],
  ["plus or minus", "±"],
  ["multiplied by", "*"],
  ["times", "*"],
  ["plus", "+"],
  ["minus", "-"],
  ["divided by", "/"],
  ["over", "/"],
  ["out of the", "/"],
  ["out of", "/"],
  ["raised to the power of", "^"],
  ["to the power of", "^"],
  ["to the power", "^"],
];

/** An operator after a value: "squared", "tenths", or one with a value after it: "times 2". */
function operatorAfter(
  words: readonly string[],
  before: Token | undefined,
  behind: Token | undefined,
): Operator | null {
  const [first = "", second = ""] = words.map(plainWord);
  const power = ["squared", "cubed"].indexOf(first);
  if (power >= 0 && !isUnitWord(second))
    return { tokens: [signToken("^"), numberToken(integer(power + 2))], length: 1 };
  if (first === "pi") return { tokens: [{ kind: "constant", text: "pi", spaced: true }], length: 1 };
  if (first === "factorial") return { tokens: [signToken("!")], length: 1 };
  const [, written] =
    /^to the (\d+(?:st|nd|rd|th)|[a-z]+)(?: power\b|[.,]?$)/.exec(words.join(" ").toLowerCase()) ?? [];
  const exponent = written === undefined ? null : ordinal(written);
  if (exponent !== null)
    return { tokens: [signToken("^"), numberToken(integer(exponent))], length: Math.min(4, words.length) };
  if (before?.kind === "number" && isInteger(before.value)) {
    const isOne = before.value.numerator === 1n;
    const parts =
      isOne && first !== "second" ? (partNames.get(first) ?? partsNamed(first)) : partsNamed(first);
    if (parts !== null && first !== "quarters" && first !== "quarter")
      return { tokens: [signToken("/"), numberToken(integer(parts))], length: 1 };
  }
  for (const [name, sign] of infixes) {
    const length = name.split(" ").length;
    if (words.slice(0, length).map(plainWord).join(" ") !== name) continue;
    const operand = numeralIn(words[length]);
    if (operand) return { tokens: [signToken(sign), operand], length: length + 1 };
    if (words.length === length && startsValue(behind)) return { tokens: [signToken(sign)], length };
    return null;
  }
  return null;
}

/** Words that make another value of the one after them, the longest first. */
function prefixTokens(words: string): readonly Token[] | null {
  if (words === "negative" || words === "minus") return [signToken("-")];
  if (words === "plus or minus") return [signToken("±")];
  if (words === "positive" || words === "plus") return [];
  if (words === "twice" || words === "double") return [numberToken(integer(2)), signToken("*")];
  if (words === "thrice" || words === "triple") return [numberToken(integer(3)), signToken("*")];
  if (/^(?:the )?square root of$/.test(words)) return [signToken("surd")];
  if (/^(?:the )?cube root of$/.test(words)) return [signToken("cuberoot")];
  if (/^(?:(?:an?|one) )?half(?: of)?$/.test(words)) return shareOf(1, 2);
  const [, count = "", name = ""] = /^([a-z]+) ([a-z]+) of$/.exec(words) ?? [];
  const number = /^an?$/.test(count) ? 1 : numberOfWord(count);
  const parts = number === 1 ? partNames.get(name) : partsNamed(name);
  return number !== null && number > 0 && parts != null ? shareOf(number, parts) : null;
}

function shareOf(number: number, parts: number): readonly Token[] {
  const share = rational(BigInt(number), BigInt(parts)) as Rational;
  return [numberToken(share), signToken("*")];
}

const longestPrefix = 4;

/** An operator before a value: at the end of a phrase before a token, or before a numeral in the phrase. */
function operatorBefore(
  words: readonly string[],
  behind: Token | undefined,
): { readonly start: number; readonly end: number; readonly tokens: readonly Token[] } | null {
  const numeralAt = words.findIndex((word) => /^\d/.test(word) && numeralIn(word) !== null);
  const operand = numeralAt < 0 ? null : numeralIn(words[numeralAt]);
  const end = numeralAt < 0 ? words.length : numeralAt;
  if (!operand && !startsValue(behind)) return null;
  for (let start = Math.max(0, end - longestPrefix); start < end; start++) {
    const tokens = prefixTokens(words.slice(start, end).map(plainWord).join(" "));
    if (tokens)
      return { start, end: operand ? end + 1 : end, tokens: operand ? [...tokens, operand] : tokens };
  }
  return null;
}

/** "2 and a half": the number with its part, and the place after both; null for anything else. */
function mixedNumber(
  whole: Token | undefined,
  tokens: readonly Token[],
  index: number,
): { readonly tokens: readonly Token[]; readonly end: number } | null {
  const joiner = tokens[index];
  const isJoined = joiner?.kind === "sign" && joiner.text === "and";
  if (!isJoined || whole?.kind !== "number" || !isInteger(whole.value)) return null;
  const isArticle = tokens[index + 1]?.kind === "letter" && tokens[index + 1]?.text === "a";
  const at = isArticle ? index + 2 : index + 1;
  const words = tokens[at]?.kind === "text" ? (tokens[at] as Token).text.toLowerCase().split(" ") : [];
  const [first = "", second = ""] = words;
  const isCounted = !isArticle && (/^an?$/.test(first) || numberOfWord(first) !== null);
  const count = isCounted ? (numberOfWord(first) ?? 1) : 1;
  const name = isCounted ? second : first;
  const parts = count === 1 ? partNames.get(name) : partsNamed(name);
  const share =
    parts == null || (!isCounted && !isArticle && name !== "half")
      ? null
      : rational(BigInt(count), BigInt(parts));
  const value = share && share.numerator < share.denominator ? addRational(whole.value, share) : null;
  if (!value) return null;
  const rest = words.slice(isCounted ? 2 : 1);
  const token = numberToken(value, `${value.numerator}/${value.denominator}`);
  return { tokens: rest.length === 0 ? [token] : [token, textToken(rest)], end: at + 1 };
}

/** "4th", "third": the number of a place, or null. */
function ordinal(word: string): number | null {
  if (/^\d/.test(word)) return Number.parseInt(word, 10);
  return word === "second" ? 2 : word === "half" || word === "quarter" ? null : (partNames.get(word) ?? null);
}

function plainWord(word: string): string {
  return word.toLowerCase().replace(/[.,;:]+$/, "");
}

/** The numeral or number word that a word is, as a token; null for another word. */
function numeralIn(word: string | undefined): Token | null {
  if (word === undefined) return null;
  const written = word.replace(/[.,;:]+$/, "");
  if (/^\d[\d.,]*$/.test(written)) {
    const { value, end, text, significantDigits } = scanNumber(written, 0, "thousands", false);
    if (value === null || end !== written.length) return null;
    return significantDigits === null
      ? numberToken(value, text)
      : { ...numberToken(value, text), significantDigits };
  }
  const number = numberOfWord(written.toLowerCase());
  return number === null ? null : numberToken(integer(number));
}

function endsValue(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind !== "sign") return ["number", "letter", "constant"].includes(token.kind);
  return [")", "}", "]", "|", "°", "!"].includes(token.text);
}

const openingSigns = new Set([
  "(",
  "{",
  "[",
  "\\{",
  "|",
  "-",
  "frac",
  "sqrt",
  "surd",
  "cuberoot",
  "binom",
  "\\$",
]);

/** Whether a value can begin with this token. */
export function startsValue(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === "sign") return openingSigns.has(token.text);
  return ["number", "letter", "constant", "function"].includes(token.kind);
}

function signToken(text: string): Token {
  return spaced({ kind: "sign", text });
}

function textToken(words: readonly string[]): Token {
  return spaced({ kind: "text", text: words.join(" ") });
}

function numberToken(value: Rational, text = value.numerator.toString()): Extract<Token, { kind: "number" }> {
  return { kind: "number", text, value, spaced: true };
}

function spaced(token: BareToken): Token {
  return { ...token, spaced: true } as Token;
}
