/**
 * Letters outside of LaTeX's text commands: is a run of them a word of prose, a unit, or a product of variables?
 */
import { isDigit, isLetter } from "./characters.ts";
import { isUnitWord } from "./units.ts";
import { isGuess } from "./value-words.ts";

/** Words that join two answers. */
export const joinerWords: ReadonlySet<string> = new Set(["and", "or"]);

/** Words before the condition of a case. */
export const conditionWords: ReadonlySet<string> = new Set(["if", "for", "when"]);

/** 1st, 2nd, 3rd, 4th: endings that say nothing about the value. */
export const ordinalEndings: ReadonlySet<string> = new Set(["st", "nd", "rd", "th"]);

/** Whether a run of two or more letters is a word rather than a product of variables. */
export function isWord(run: string, isAfterNumber: boolean, spaced: boolean): boolean {
  if (isUnitWord(run) && (isAfterNumber || run.length > 3)) return true;
  const isLower = run.slice(1) === run.slice(1).toLowerCase();
  if (!isLower) return run.length > 4;
  if (run.length >= 4 || shortWords.has(run.toLowerCase())) return true;
  return run.length === 3 && isAfterNumber && spaced;
}

/** Words of two and three letters that are words also where a product of letters could stand. */
const shortWords = new Set(
  (
    "per no is of to at if by so we it he be as an my the are for not but was has its our you all one two six ten yes odd " +
    "let can may day men boy who how why get got say see use now new old any out off end red box car dog cat egg sum its"
  ).split(" "),
);

export function isShortWord(run: string): boolean {
  return shortWords.has(run.toLowerCase());
}

const months = "january february march april may june july august september october november december".split(
  " ",
);

/** A numeral and what it counts ("64 dollars"), but no date. */
export function isCount(phrase: string): boolean {
  if (!/^-?\d[\d.]*(?:st|nd|rd|th)?(?: [a-zA-Z.]+)*$/.test(phrase)) return false;
  return !phrase.split(" ").some((word) => months.includes(word.toLowerCase()));
}

/** A few plain words and numerals that are a name together: "June 20", "Room 5". */
export function isPhrase(text: string): boolean {
  const words = text.trim().split(/\s+/);
  const hasWord = words.some((word) => /^[A-Za-z]/.test(word));
  return (
    hasWord &&
    words.length <= 4 &&
    words.every((word) => /^(?:[A-Za-z]{3,}|\d{1,4}(?:st|nd|rd|th)?)[.,]?$/.test(word))
  );
}

/** "July 4, 2020": the comma belongs to the date. */
export function isDate(content: string): boolean {
  const [, month = ""] = /^([A-Za-z]+) \d{1,2}(?:st|nd|rd|th)?, \d{4}$/.exec(content) ?? [];
  return months.includes(month.toLowerCase());
}

/** Text that is a time of day, or mathematics without a letter: a numeral, a tuple. */
export function startsAsNumber(content: string): boolean {
  if (/^\d{1,2}:\d\d(?::\d\d)?\s*(?:[apAP]\.?[mM]\.?)?$/.test(content)) return true;
  let index = 0;
  while (index < content.length && !isLetter(content.charAt(index))) index++;
  let digit = 0;
  while (digit < index && !isDigit(content.charAt(digit))) digit++;
  return index === content.length && digit < index;
}

/** "mod 5", "(mod 5)": the words behind a congruence. */
export function isModulus(content: string): boolean {
  return /^\(?mod(?:ulo)?\b/.test(content);
}

const negations =
  /\b(?:not|never|neither|nor|no way|untrue|unlikely|(?<!\b(?:no|a|any|beyond|without) )doubt(?:s|ed)?|den(?:y|ies|ied)|wrong|incorrect|false|except|unless|otherwise|else|cannot|isn['’]?t|[a-z]+n['’]t)\b/i;

/** Whether words say that what stands beside them is not so, or only sometimes. */
export function negates(words: string): boolean {
  return negations.test(words);
}

/** "The answer is", "the value of x equals": words that only lead to the value behind them. */
export function isLeadIn(words: string): boolean {
  return /(?:(?:^|\s)(?:is|are|equals|equal to|be)|\w:)$/i.test(words) && !negates(words) && !isGuess(words);
}

const kinds =
  /^(?:(?:the|an?)\s+)?(?:(?:solution|answer|finite|ordered|open|closed|half-open|column|row|position)\s+)?(?:set|interval|pair|point|vector|tuple|triple|matrix|number|integer|value|fraction|angle|ratio)$/i;

/** "the set", "an ordered pair": words before a value that say what kind of thing it is. */
export function namesItsKind(words: string): boolean {
  return kinds.test(words);
}

/** "The answer is 50": the numeral behind the lead-in, or null for other words. */
export function valueBehindLeadIn(phrase: string): string | null {
  const at = phrase.lastIndexOf(" ");
  const value = phrase.slice(at + 1);
  return at > 0 && /^-?\d[\d./]*%?$/.test(value) && isLeadIn(phrase.slice(0, at)) ? value : null;
}

const bases = new Map([
  ...["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"].map(
    (word, index): [string, number] => [word, index + 2],
  ),
  ["sixteen", 16],
  ["binary", 2],
  ["octal", 8],
  ["hex", 16],
]);

/** The base that words name ("two", "base 5", "in base five"), or null. */
export function baseOf(words: string): number | null {
  const name = words.toLowerCase().replace(/^\(?(?:in )?base[ -]?|\)$/g, "");
  return bases.get(name) ?? (/^\d{1,2}$/.test(name) ? Number(name) : null);
}

export function stripFullStop(words: string): string {
  const isAbbreviation = words.endsWith(".m.");
  return words.endsWith(".") && !isAbbreviation ? words.slice(0, -1) : words;
}
