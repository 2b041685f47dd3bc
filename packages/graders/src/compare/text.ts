/**
 * Answers in words: names, days, "even", letters of a choice, and the words that mean something mathematical.
 */
import { integer, rational } from "../algebra/rational.ts";
import { type Expression, negative, numberNode } from "../parse/expression.ts";
import { partNames, scaleWords, smallNumbers, tens } from "../parse/number-words.ts";

const emptyWords = new Set([
  ...[
    "no solution",
    "no solutions",
    "no real solution",
    "no real solutions",
    "no real roots",
    "none",
    "empty set",
  ],
  ...[
    "no such",
    "no roots",
    "no root",
    "there is no solution",
    "there are no solutions",
    "no integer solutions",
  ],
]);
const everythingWords = new Set([
  ...[
    "all real numbers",
    "all reals",
    "real numbers",
    "all real x",
    "any real number",
    "all x",
    "every real number",
  ],
]);
const infinityWords = new Set([
  ...["infinity", "infinite", "infinitely many", "infinitely many solutions", "infinite solutions"],
  ...["infinite number of solutions", "there are infinitely many solutions"],
]);
const undefinedWords = new Map([
  ["dne", "does not exist"],
  ["undefined", "does not exist"],
  ["not defined", "does not exist"],
  ["does not exist", "does not exist"],
  ["divergent", "diverges"],
  ["convergent", "converges"],
]);

const articles: ReadonlySet<string> = new Set(["the", "a", "an"]);

/** The words without case, quotes, outer brackets and articles. */
export function normalizeWords(text: string): string {
  const words = text
    .toLowerCase()
    .replace(/["'`]/g, "")
    .replace(/\b(\d{1,2})(?:st|nd|rd|th)\b/g, "$1")
    .split(/\s+/)
    .filter((word) => word !== "");
  // An article stands before something: the A of "player A" is none.
  const named = words.filter((word, index) => index === words.length - 1 || !articles.has(word));
  const joined = named.join(" ").replace(/[.:;,!]+$/, "");
  const isBracketed = joined.startsWith("(") && joined.endsWith(")") && !joined.slice(1, -1).includes("(");
  const plain = isBracketed ? joined.slice(1, -1).trim() : joined;
  return undefinedWords.get(plain) ?? (plain === "" ? text.toLowerCase().trim() : plain);
}

/** "Alice and Bob", "red, blue and green": what is joined by "and", in one order for all; any other text alone. */
export function partsOfWords(text: string): readonly string[] {
  const words = normalizeWords(text);
  return / and /.test(words) ? words.split(/,? and |, /).sort() : [words];
}

/** What an adjective of mathematics is said of: "isosceles" is an isosceles triangle. */
const kinds: ReadonlySet<string> = new Set(
  (
    "triangle quadrilateral polygon figure shape angle line curve conic graph function number integer sequence series matrix set " +
    "event variable distribution equation system solid prism day color colour numbers integers triangles lines angles functions " +
    "events variables sets"
  ).split(" "),
);

/** Whether the one text is the other and the kind of thing that it is said of: "isosceles", "an isosceles triangle". */
export function isSameKind(gold: string, answer: string): boolean {
  const [short = [], long = []] = [gold, answer]
    .map((text) =>
      normalizeWords(text)
        .replace(/^(?:it|they) (?:is|are) /, "")
        .split(" "),
    )
    .sort((a, b) => a.length - b.length);
  const isOneMore = long.length === short.length + 1 && kinds.has(long.at(-1) as string);
  return (
    isOneMore && short.every((word, index) => word === long[index]) && !kinds.has(short.at(-1) as string)
  );
}

/** The mathematical meaning of a text, where it has one: "four", "no solution", "all real numbers". */
export function meaningOf(text: string): Expression | null {
  const words = normalizeWords(text);
  if (emptyWords.has(words)) return { kind: "namedSet", name: "empty" };
  if (everythingWords.has(words)) return { kind: "namedSet", name: "reals" };
  if (infinityWords.has(words)) return { kind: "constant", name: "infinity" };
  const half =
    /^(?:(?:all|any|every) )?(non-?negative|positive|negative|non-?positive) (?:real )?(?:number|real)s?$/.exec(
      words,
    );
  if (half) return halfLine(half[1] as string);
  if (/^(?:all|any|every) integers?$/.test(words)) return { kind: "namedSet", name: "integers" };
  if (/^(?:all|any|every) (?:positive integer|natural number)s?$/.test(words)) {
    return { kind: "namedSet", name: "positiveIntegers" };
  }
  return valueOfWords(words);
}

/** The positive or negative real numbers, with or without zero. */
function halfLine(sign: string): Expression {
  const zero = numberNode(integer(0));
  const infinity: Expression = { kind: "constant", name: "infinity" };
  const isClosed = sign.startsWith("non");
  return sign === "positive" || /^non-?negative$/.test(sign)
    ? { kind: "bracketed", open: isClosed ? "[" : "(", close: ")", items: [zero, infinity] }
    : { kind: "bracketed", open: "(", close: isClosed ? "]" : ")", items: [negative(infinity), zero] };
}

/** "four", "minus five", "two thirds", "half", "two and a half". */
function valueOfWords(words: string): Expression | null {
  const [, wholes, part] =
    /^(.+) and ((?:one |three |two )?(?:half|quarter|quarters|thirds?))$/.exec(words) ?? [];
  if (wholes !== undefined && part !== undefined) {
    const [whole, share] = [valueOfWords(wholes), valueOfWords(part === "third" ? "one third" : part)];
    return whole && share ? { kind: "sum", terms: [whole, share] } : null;
  }
  const [, sign, rest = ""] = /^(minus |negative )?(.*)$/.exec(words) ?? [];
  const parts = rest.split(/[\s-]+/);
  const last = parts.at(-1) ?? "";
  const above = rest === "half" || rest === "quarter" ? 1 : numberFromWords(parts.slice(0, -1).join(" "));
  // Two thirds are a number; "third" and "twenty-fifth" are places.
  const below = partNames.get(above === 1 ? last : singularOf(last));
  const whole = numberFromWords(rest);
  const value =
    whole !== null ? integer(whole) : below && above ? rational(BigInt(above), BigInt(below)) : null;
  if (!value) return null;
  return sign === undefined ? numberNode(value) : negative(numberNode(value));
}

/** The word without the s of its plural; "" for a word without one. */
function singularOf(word: string): string {
  return word === "halves" ? "half" : word.endsWith("s") ? word.slice(0, -1) : "";
}

/** Whole numbers in English words, "two thousand five hundred and one"; null for any other text. Linear. */
function numberFromWords(words: string): number | null {
  const parts = words.split(/[\s-]+/).filter((part) => part !== "");
  if (parts.length === 0 || parts.length > 16) return null;
  let [total, group, ceiling, hasDigit] = [0, 0, 100, false];
  for (const [index, part] of parts.entries()) {
    const small = smallNumbers.indexOf(part);
    const ten = tens.indexOf(part);
    const scale = part === "dozen" || part === "hundred" ? undefined : scaleWords.get(part);
    if (part === "and" && index > 0 && index < parts.length - 1) continue;
    if (small >= 0 && small < ceiling && (small > 0 || parts.length === 1)) {
      group += small;
      ceiling = 0;
    } else if (ten >= 0 && ceiling > 20) {
      group += (ten + 2) * 10;
      ceiling = 10;
    } else if (part === "hundred" && group > 0 && group < 10) {
      group *= 100;
      ceiling = 100;
    } else if (scale !== undefined && group > 0 && (total === 0 || total % (scale * 1000) === 0)) {
      total += group * scale;
      [group, ceiling] = [0, 100];
    } else return null;
    hasDigit = true;
  }
  return hasDigit ? total + group : null;
}

/** The text of an expression that is nothing but words or letters: \text{odd}, odd, E, (C); else null. */
export function wordsOf(x: Expression): string | null {
  switch (x.kind) {
    case "text":
      return x.text;
    case "symbol":
      return x.name;
    case "constant":
      return x.name === "e" || x.name === "i" ? x.name : null;
    case "product": {
      const letters = x.factors.map(wordsOf);
      return letters.every((letter) => letter?.length === 1) ? letters.join("") : null;
    }
    case "quantity": {
      const value = wordsOf(x.value);
      return value === null ? null : `${value} ${x.unit}`;
    }
    default:
      return null;
  }
}

/** The capital letter that a text is, without its dress (\textbf{(A)}, (A), A.), or null. */
export function bareLetter(text: string): string | null {
  const bare = text.replace(/\\(?:text\w*|math(?:bf|rm|sf|it)|bf|rm)\b/g, "");
  return /^[\s(){}$"*.:]*([A-Z])[\s(){}$"*.:]*$/.exec(bare)?.[1] ?? null;
}

/**
 * The letter of a choice at the beginning of a longer answer: "(C) 12", "C. because", "C: 12", or behind its kind:
 * "Option C"; null for anything else, and where another letter is offered behind it ("A. B.", "(A) or (B)").
 */
export function choiceLetter(text: string): string | null {
  const match =
    /^[\s"'$*]{0,9}(?:\\text\w{0,6}\{\s{0,3})?\(?([A-Z])(?:[).:]\s{0,3}\}?|\s{0,3}\}[).:])(?:[\s~$]|\\[ q,;]|$)/.exec(
      text,
    ) ??
    /^[\s"'$*]{0,9}(?:\\text\w{0,6}\{\s{0,3})?(?:[Oo]ption|[Cc]hoice):?\s{1,3}\(?([A-Z])\)?[.}"'$*\s]{0,9}$/.exec(
      text,
    );
  return match && !offersLetter(text.slice(match[0].length)) ? (match[1] as string) : null;
}

/** Whether a text is one more letter, labels something with one ("B. 6", "(B)"), or joins one to what stands before it. */
export function offersLetter(rest: string): boolean {
  const words = rest.replace(/\\text\w{0,6}|[{}$]/g, " ");
  return /^\W*[A-J]\W*$|(?:^|[\s(])[A-J][).:]|(?:\bor\b|\band\b|[,;/&|])\s*[A-J]\b/.test(words);
}
