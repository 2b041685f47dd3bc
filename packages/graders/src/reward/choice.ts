/**
 * Multiple choice: which option a response takes, by its letter ("B", "(B)", "B.", "\text{(B)}", "The answer is B") or by its text.
 * A response that names several is a hedge and takes none. Linear scans; no text is evaluated.
 */
import { compareAnswers, type Verdict } from "../compare/compare-answers.ts";
import { cutText } from "../cut-text.ts";
import { isInFormula, withoutDeniedOptions } from "../extract/choice-letters.ts";
import { type Extraction, extractAnswer } from "../extract/extract-answer.ts";
import { limits } from "../work.ts";
import { type Grade, type GradeOptions, mathRewards } from "./grade-response.ts";
import type { Reference } from "./presets.ts";

const alphabet = "ABCDEFGHIJ";

/** Grades a response against a letter ("B", "(B)"), or the text of one of `reference.choices`. */
export function gradeChoice(text: string, reference: Reference, options: GradeOptions): Grade {
  const choices = reference.choices ?? [];
  const letters = options.choices ?? [...alphabet.slice(0, choices.length || 5)];
  const gold = typeof reference.gold === "string" ? reference.gold : reference.gold.join(", ");
  const wanted = readChoice(gold, letters, choices).letter;
  const { mode = "auto" } = options;
  const extraction = extractAnswer(text, { ...options, mode: mode === "choice" ? "auto" : mode });
  const none = { correct: false, reward: mathRewards.none, extracted: null, extraction, verdict: null };
  if (extraction.answer === null) return { ...none, reason: extraction.reason };
  if (wanted === null)
    return { ...none, reason: `the reference ${JSON.stringify(cutText(gold, 40))} is no choice` };
  const taken = takenChoice(text, extraction, letters, choices, options);
  if (taken.letter === null) return { ...none, extracted: extraction.answer, reason: taken.reason };
  const correct = taken.letter === wanted;
  const wrong = extraction.method === "box" ? mathRewards.wrongInBox : mathRewards.none;
  const reason = correct ? taken.reason : `${taken.letter}, and ${wanted} is right`;
  return {
    correct,
    reward: correct ? mathRewards.correct : wrong,
    extracted: taken.letter,
    extraction,
    verdict: verdictOf(correct, wanted, taken.letter, reason),
    reason,
  };
}

/**
 * What a response takes: by its box or by its words. A box with a formula that is none of the options is a step on the way, and
 * the sentence that names the answer counts.
 */
function takenChoice(
  text: string,
  { answer, method }: Extraction,
  letters: readonly string[],
  choices: readonly string[],
  options: GradeOptions,
): ReadChoice {
  const taken = readChoice(answer ?? "", letters, choices);
  if (method !== "box" || taken.letter !== null || taken.isHedge || (options.mode ?? "auto") !== "auto")
    return taken;
  const sentence = extractAnswer(text, { ...options, mode: "answer-is" }).answer;
  const said = sentence === null ? taken : readChoice(sentence, letters, choices);
  return said.letter === null ? taken : said;
}

interface ReadChoice {
  readonly letter: string | null;
  readonly reason: string;
  /** Several options were named. */
  readonly isHedge: boolean;
}

/** Which option a text takes, and why; null where it takes none or several. */
function readChoice(text: string, letters: readonly string[], choices: readonly string[]): ReadChoice {
  const bare = withoutDress(cutText(text, limits.expressionLength));
  const named = choicesByText(bare, letters, choices) ?? lettersIn(bare, letters);
  const [first] = named;
  if (first === undefined) return { letter: null, reason: "no letter of a choice", isHedge: false };
  if (named.length > 1)
    return { letter: null, reason: `several choices: ${named.join(", ")}`, isHedge: true };
  return { letter: first, reason: `the choice ${first}`, isHedge: false };
}

/** LaTeX's and Markdown's dress around a letter: text commands, dollars, stars, braces. */
function withoutDress(text: string): string {
  // Full-width and bold letters and signs are letters and signs.
  return text
    .normalize("NFKC")
    .replaceAll("。", ".")
    .replace(/\\(text|textbf|textrm|mathrm|mathbf|textit|boxed)\b/g, "")
    .replace(/[$*_{}`"'“”‘’]|\\[()[\],;! ]/g, (mark) => (mark === "\\(" || mark === "\\[" ? " " : ""))
    .replace(/\s+/g, " ")
    .trim();
}

/**
 * The options whose text this is, in words or as mathematics, and the letter that labels it: two where they contradict each other.
 * Null where it is the text of none, or of several alike. A letter alone is a letter, whatever the options' texts are.
 */
function choicesByText(
  text: string,
  letters: readonly string[],
  choices: readonly string[],
): string[] | null {
  if (letters.includes(text.toUpperCase())) return null;
  const whole = choiceInWords(text, letters, choices);
  if (whole !== null) return [whole];
  const [, written = "", labelled = ""] = /^\(?([A-Za-z])[).:]\s*(\S.*)$/.exec(text) ?? [];
  const label = letters.find((letter) => letter === written.toUpperCase());
  if (label !== undefined) {
    const choice = choiceInWords(labelled, letters, choices);
    return choice === null ? null : [...new Set([label, choice])];
  }
  if (lettersIn(text, letters).length > 0) return null;
  const byValue = letters.filter(
    (_, index) => choices[index] !== undefined && compareAnswers(choices[index], text).equal,
  );
  return byValue.length === 1 ? byValue : null;
}

/** The one option with these words: as they are written, or else whatever their case is. */
function choiceInWords(text: string, letters: readonly string[], choices: readonly string[]): string | null {
  for (const form of [plain, (words: string) => plain(words).toLowerCase()]) {
    const words = form(text);
    const same = letters.filter(
      (_, index) => words !== "" && form(withoutDress(choices[index] ?? "")) === words,
    );
    if (same.length === 1) return same[0] as string;
  }
  return null;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s.]+/g, " ")
    .trim();
}

/**
 * The letters that a text names, each once: the one at its beginning, as "B", "(B)", "b)" or "B.", and others after "or", "and",
 * a comma or a slash. Where none is at the beginning, those in parentheses, else those that stand alone.
 */
function lettersIn(written: string, letters: readonly string[]): string[] {
  const text = withoutDeniedOptions(written).trim();
  const isLetter = (letter: string | undefined): letter is string =>
    letters.includes(letter?.toUpperCase() ?? "");
  const unique = (found: readonly (string | undefined)[]): string[] => [
    ...new Set(found.filter(isLetter).map((letter) => letter.toUpperCase())),
  ];
  const start =
    /^(?:(?:option|choice|answer)\s+)?(?:\(([A-Za-z])\)|([A-Za-z])(?=$|[).:,;/&]|\s+(?:or|and|is)\b)|([A-Z])(?=\s))/i.exec(
      text,
    );
  const first = start?.[1] ?? start?.[2] ?? start?.[3];
  const at = (start?.[0] ?? "").lastIndexOf(first ?? " ");
  if (start && isLetter(first) && !isArticle(first, text.slice(start[0].length)) && !isInFormula(text, at)) {
    const others = text
      .slice(start[0].length)
      .matchAll(/(?:\bor\b|\band\b|[,/&;])\s*(?:option\s+)?\(?([A-Za-z])(?![A-Za-z])/g);
    const named = [...others].filter((match) => {
      const offset = start[0].length + match.index + match[0].lastIndexOf(match[1] as string);
      return !isInFormula(text, offset);
    });
    return unique([first, ...named.map((match) => match[1])]);
  }
  const inParentheses = unique(
    [...text.matchAll(/\(([A-Za-z])\)/g)]
      .filter(({ index }) => !isInFormula(text, index + 1))
      .map((match) => match[1]),
  );
  if (inParentheses.length > 0) return inParentheses;
  return unique(
    [...text.matchAll(/(?<![A-Za-z])([A-Z])(?![A-Za-z])/g)]
      .filter((match) => !isArticle(match[1] as string, text.slice(match.index + 1)))
      .filter((match) => !isInFormula(text, match.index))
      .map((match) => match[1]),
  );
}

/** "A cat": an article, not an option. */
function isArticle(letter: string, rest: string): boolean {
  return /^[Aa]$/.test(letter) && /^\s+(?!or\b|and\b|is\b)[a-z]/.test(rest);
}

function verdictOf(equal: boolean, gold: string, answer: string, reason: string): Verdict {
  const side = (source: string) => ({ source, kind: "text" as const, canonical: source });
  const status = equal ? "equal" : "unequal";
  return {
    equal,
    status,
    method: "choice",
    gold: side(gold),
    answer: side(answer),
    reason,
    hedges: false,
    steps: 0,
  };
}
