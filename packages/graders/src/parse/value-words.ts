/**
 * Words around a value that make it another value, or leave it open: operations, further numbers, bounds, guesses. English
 * has few of them, so they can be listed; a word of none of these lists is a unit, a thing or a description, which leaves the
 * value as it is. There is no end of those.
 */
import { numberOfWord, partsNamed } from "./number-words.ts";

const operations: ReadonlySet<string> = new Set(
  (
    "plus minus multiplied divided squared cubed doubled tripled quadrupled halved factorial power root choose mod modulo " +
    "twice thrice half pi repeating recurring inverse reciprocal"
  ).split(" "),
);

const guesses =
  /\b(?:maybe|perhaps|possibly|probably|presumably|or so|give or take|an? error of|not sure|unsure|i guess|a guess)\b/;

const bounds =
  /\b(?:at (?:the )?(?:very )?(?:most|least)|(?:or|and) (?:more|less|fewer|greater|higher|lower|larger|smaller|above|below|under|up|upwards?|onwards?)|up to|no (?:more|less|fewer))\b|\bthan(?: [a-z])?$/;

/** "9 up to 12", "9 through 12", "5 below": words that begin a range or a comparison. */
const openings = /^(?:to \d|through|thru|until|till|or|per \d|times itself)\b/;

/** Ordinals that count what a sequence or an operation gives: the 9th prime is not 9. */
const ordinalOf = /^(?:st|nd|rd|th) (?:power|root|prime|square|cube|multiple|number|element)s?\b/;

/** Whether words only guess at a value: "maybe it is", "it could be". */
export function isGuess(words: string): boolean {
  const text = words.toLowerCase();
  return guesses.test(text) || /\b(?:might|may|could) be\b/.test(text);
}

/** "if we ignored the fee", "if we ignore the sign", "if it were free": words for a case that is not the one asked about. */
export function isCounterfactual(words: string): boolean {
  return /^(?:\(|only )?(?:if|when|had|were) (?:(?:we|you|one|i|they|he|she|it|there) )?(?:ignor(?:e|es|ed|ing)|neglect(?:s|ed|ing)?|disregard(?:s|ed|ing)?|forg[eo]t(?:s|ting)?|omit(?:s|ted|ting)?|overlook(?:s|ed|ing)?|were|did ?n[o'’]t|had(?: not|n['’]t)?)\b/i.test(
    words,
  );
}

/** Why the words after a value do not leave it as it is, or null where they do. */
export function changeBy(phrase: string): string | null {
  const words = phrase
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.replace(/^[("'“]+|[)"'”.,:;!]+$/g, ""));
  const text = words.join(" ");
  if (guesses.test(text) || /\?/.test(phrase)) return "words that make a guess of the value";
  if (bounds.test(text) || openings.test(text)) return "words that make a bound of the value";
  const isOperation = (word: string, index: number): boolean =>
    operations.has(word) && !(index > 0 && (word === "squared" || word === "cubed"));
  // In brackets, "the other root is extraneous" is a remark.
  const first = phrase.startsWith("(") ? words.slice(0, 2) : words;
  if (
    first.some(isOperation) ||
    /^[ex]\d+$/.test(first[0] ?? "") ||
    /^(?:k|bn|mn|mln|[eixyz])$/.test(phrase) ||
    ordinalOf.test(text) ||
    isSignOnly(phrase)
  )
    return "words that compute with the value";
  return first.some(isNumber) ? "another number in the words after the value" : null;
}

/** "one" and "ones" are things. */
function isNumber(word: string): boolean {
  return (
    /^[-+]?\d[\d.,]*%?$/.test(word) ||
    (word !== "one" && numberOfWord(word) !== null) ||
    (word !== "quarters" && partsNamed(word.slice(word.lastIndexOf("-") + 1)) !== null)
  );
}

function isSignOnly(phrase: string): boolean {
  return /^[-+*/^<>=±×÷\s]+$/.test(phrase);
}

/** Nouns for what is computed: half of 10 is not 10, and a multiple of 9 is not 9. */
const computed =
  /\b(?:half|halves|third|quarter|fraction|part|percent|percentage|multiples?|factors?|divisors?|square|cube|root|power|reciprocal|inverse|negative|opposite|sum|product|difference|quotient|double|triple|twice|logarithm|log|factorial|derivative|complement|out|minimum|maximum|most|least|range|average|mean|median|all|one|none|any|some|each|either|neither|number|function|list|set|union|pair|triple)s?(?: \w+)? of$/i;

/** Changes that are said with "by". */
const changes =
  /\b(?:increas|decreas|ris|rose|fell|fall|drop|gain|los|gr[eo]w|shr[aiu]nk|reduc|chang|declin|w[io]n|beat)\w* by$/i;

/** Directions, which are also said before the value. */
const direction =
  /^(?:(?:anti|counter)?-?clockwise|up(?:wards?|stream)?|down(?:wards?|stream)?|left|right|forwards?|backwards?|(?:due )?(?:north|south|east|west))$/i;

/** "a profit of", "increased by": words that say what the value after them is, and leave it as it is. */
export function describes(words: string): boolean {
  if (direction.test(words)) return true;
  if (changes.test(words)) return changeBy(words.slice(0, -3)) === null;
  return (
    /^[a-z][a-z'’ -]* of$/i.test(words) && !computed.test(words) && changeBy(words.slice(0, -3)) === null
  );
}

/** What a value is called right before it: "the numbers 3 and 5", "the point (1, 2)". */
const apposition =
  /^the (?:ordered |two |three |only )?(?:numbers?|values?|integers?|pairs?|points?|solutions?|answers?|line|function|vector|interval|equation|roots?)$/i;

/** Words before a value that leave it as it is. */
export function isApproximately(words: string): boolean {
  if (apposition.test(words)) return true;
  return /^(?:about|approximately|approx|around|roughly|nearly|exactly|precisely|both|either|only|just|simply|namely|positive)$/i.test(
    words,
  );
}
