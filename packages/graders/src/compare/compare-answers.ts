/**
 * The public comparison: two texts in, a verdict out. Never throws on the content of either text.
 *
 * A text is equal to itself; otherwise some reading of the one must equal some reading of the other. A reference that
 * cannot be read is compared as text and never equals anything else.
 */

import { printExpression } from "../algebra/print.ts";
import { cutText } from "../cut-text.ts";
import type { Expression } from "../parse/expression.ts";
import { type Readings, readAnswer } from "../parse/readings.ts";
import { createWork, limits, type Work, WorkExceeded } from "../work.ts";
import { compareConditioned } from "./conditioned.ts";
import {
  type CompareOptions,
  type Context,
  equalBy,
  type Method,
  type Outcome,
  unequalBy,
} from "./context.ts";
import { isHedge } from "./hedges.ts";
import { labelledParts, labelledValue } from "./labels.ts";
import { looksLikeProse, type ProseAnswer, readProse, valueBeforeClause } from "./prose.ts";
import { withoutStruckOut } from "./struck-out.ts";
import { compareExpressions } from "./structures.ts";
import { bareLetter, choiceLetter } from "./text.ts";

/** What was understood of one text. */
export interface ParsedAnswer {
  /** The text as it was given (cut at the length limit). */
  readonly source: string;
  /** What kind of mathematics the usual reading is ("number", "tuple", "text", ...), or null if it has none. */
  readonly kind: Expression["kind"] | null;
  /** The usual reading in one canonical spelling, or the text itself. */
  readonly canonical: string;
}

/** The result of a comparison. */
export interface Verdict {
  readonly equal: boolean;
  /** "unparseable": one of the two could not be read (or was refused for its size), so they were compared as text. */
  readonly status: "equal" | "unequal" | "unparseable";
  readonly method: Method;
  readonly gold: ParsedAnswer;
  readonly answer: ParsedAnswer;
  /** Why, in a few words for people. */
  readonly reason: string;
  /** The answer offers several values and the reference is among them. A game, or an unfinished answer; never equal. */
  readonly hedges: boolean;
  /** Steps taken; at most `limits.steps` by a small margin. */
  readonly steps: number;
}

/** Compares a reference and an answer, both as bare expressions (see `extractAnswer` for whole responses). */
export function compareAnswers(gold: string, answer: string, options: CompareOptions = {}): Verdict {
  const work = createWork();
  try {
    return compareWithin(gold, answer, { options, work });
  } catch (error) {
    if (!(error instanceof WorkExceeded)) throw error;
    const reason = `refused: the comparison takes ${error.message}`;
    return verdict("unparseable", unequalBy("limit", reason), bare(gold), bare(answer), false, work);
  }
}

function compareWithin(gold: string, written: string, context: Context): Verdict {
  const { work, options } = context;
  const answer = withoutStruckOut(written);
  const isLong = answer.length > limits.expressionLength;
  const isProse = options.prose && (isLong || looksLikeProse(answer));
  const prose = options.prose ? (isProse ? readProse(answer, work) : valueBeforeClause(answer)) : null;
  if (
    gold.length > limits.expressionLength ||
    (isLong && (prose?.value.length ?? Infinity) > limits.expressionLength)
  ) {
    const reason = `refused: longer than ${limits.expressionLength} characters`;
    return verdict("unparseable", unequalBy("limit", reason), bare(gold), bare(answer), false, work);
  }
  const goldReadings = readAnswer(gold, work);
  if (goldReadings.text === "") {
    const outcome = unequalBy("none", "the reference is empty");
    return verdict("unparseable", outcome, parsed(gold, goldReadings, work), bare(answer), false, work);
  }
  const whole = isLong ? null : judge(gold, goldReadings, answer, context);
  if (whole?.equal) return whole;
  // A text that is no expression is read as prose; one that looks like a sentence may be both ("a = 5 is the answer").
  const isUnread = whole?.answer.kind === null && options.prose;
  const span = prose ?? (isUnread ? readProse(answer, work) : null);
  if (span === null)
    return (
      whole ??
      verdict(
        "unparseable",
        unequalBy("none", "no answer in the prose"),
        bare(gold),
        bare(answer),
        false,
        work,
      )
    );
  const inner = judgeProse(gold, goldReadings, span, context);
  return { ...inner, reason: `${inner.reason}; read "${cutText(span.value, 60)}" in the prose` };
}

/** The value alone decides, unless the words around it contradict those of the reference: 5 km west, for 5 km east. */
function judgeProse(gold: string, goldReadings: Readings, prose: ProseAnswer, context: Context): Verdict {
  const value = judge(gold, goldReadings, prose.value, context);
  if (!value.equal || prose.inWords === prose.value || !goldReadings.expressions.some(hasWords)) return value;
  const inWords = judge(gold, goldReadings, prose.inWords, context);
  return inWords.method === "quantity" && !inWords.equal ? inWords : value;
}

function hasWords(x: Expression): boolean {
  return x.kind === "quantity";
}

/** The verdict on one bare answer. */
function judge(gold: string, goldReadings: Readings, answer: string, context: Context): Verdict {
  const { work, options } = context;
  const answerReadings = readAnswer(answer, work);
  const finish = (outcome: Outcome, hedges = false): Verdict => {
    const isRead = goldReadings.expressions.length > 0 && answerReadings.expressions.length > 0;
    const status = outcome.equal ? "equal" : isRead ? "unequal" : "unparseable";
    // The label of a reference need not be read, only its value.
    const value = goldReadings.expressions.length > 0 ? undefined : labelledValue(gold)?.rest;
    const g = parsed(gold, value === undefined ? goldReadings : readAnswer(value, work), work);
    const a = parsed(answer, answerReadings, work);
    return verdict(status, outcome, g, a, hedges, work);
  };
  if (answerReadings.text === "") return finish(unequalBy("none", "the answer is empty"));
  if (isEcho(goldReadings, answerReadings, options, work)) {
    return finish(unequalBy("text", "the answer only repeats the question"));
  }
  if (goldReadings.text === answerReadings.text) return finish(equalBy("text", "the same text"));
  const whole = compareReadings(goldReadings, answerReadings, gold, answer, context);
  const outcome = whole.equal
    ? whole
    : (compareLabelled(gold, goldReadings, answer, answerReadings, context) ?? whole);
  const hedges = !outcome.equal && isHedge(goldReadings.expressions, answerReadings.expressions, context);
  return finish(outcome, hedges);
}

/** The values after labels, where either text has labels and the other none or the same; null where they are not equal. */
function compareLabelled(
  gold: string,
  goldReadings: Readings,
  answer: string,
  answerReadings: Readings,
  context: Context,
): Outcome | null {
  const [g, a] = [labelledValue(gold), labelledValue(answer)];
  const isSameLetter = !g || !a || g.letter === a.letter;
  if ((g || a) && isSameLetter && bareLetter(gold) === null && bareLetter(answer) === null) {
    const [goldRest, answerRest] = [g?.rest ?? gold, a?.rest ?? answer];
    if (judge(goldRest, readAnswer(goldRest, context.work), answerRest, context).equal) {
      return equalBy("choice", `the value labelled ${(a ?? g)?.letter}`);
    }
  }
  const [goldParts, answerParts] = [
    partsOf(gold, goldReadings, context),
    partsOf(answer, answerReadings, context),
  ];
  const isLabelled = labelledParts(gold) !== null || labelledParts(answer) !== null;
  if (!isLabelled || goldParts.length < 2 || goldParts.length !== answerParts.length) return null;
  const areEqual = goldParts.every((part, index) =>
    part.some((one) => answerParts[index]?.some((other) => compareExpressions(one, other, context).equal)),
  );
  return areEqual ? equalBy("list", "every part is equal to the one with its label") : null;
}

/** The readings of each labelled part, or of each item of a list. */
function partsOf(text: string, readings: Readings, { work }: Context): readonly (readonly Expression[])[] {
  const labelled = labelledParts(text);
  if (labelled) return labelled.map((part) => readAnswer(part, work).expressions);
  const list = readings.expressions.find(({ kind }) => kind === "list");
  return list?.kind === "list" ? list.items.map((item) => [item]) : [];
}

function compareReadings(
  gold: Readings,
  answer: Readings,
  goldSource: string,
  answerSource: string,
  context: Context,
): Outcome {
  let first: Outcome | null = null;
  for (const [goldIndex, g] of gold.expressions.entries()) {
    for (const [answerIndex, a] of answer.expressions.entries()) {
      const outcome = compareConditioned(
        { value: g, conditions: gold.conditions[goldIndex] ?? [] },
        { value: a, conditions: answer.conditions[answerIndex] ?? [] },
        context,
      );
      if (outcome.equal) return outcome;
      first ??= outcome;
    }
  }
  const letter = sameLetter(goldSource, answerSource);
  if (letter !== null) return equalBy("choice", `the letter ${letter}`);
  if (first) return first;
  const [who, why] =
    gold.expressions.length === 0 ? ["the reference", gold.reason] : ["the answer", answer.reason];
  return unequalBy("none", `${who} cannot be read (${why}) and the texts differ`);
}

/** The letter of a choice that one text is, and that the other is or begins with; null for another or none. */
function sameLetter(gold: string, answer: string): string | null {
  const [g, a] = [bareLetter(gold), bareLetter(answer)];
  const letterOf = (text: string): string | null => choiceLetter(text) ?? labelledValue(text)?.letter ?? null;
  const isSame = (g !== null && (g === a || g === letterOf(answer))) || (a !== null && a === letterOf(gold));
  return isSame ? (g ?? a) : null;
}

/** An expression (not a bare number or name) that stands word for word in the question and not in the reference. */
function isEcho(gold: Readings, answer: Readings, { question }: CompareOptions, work: Work): boolean {
  if (question === undefined || gold.text === answer.text) return false;
  const [only] = answer.expressions;
  const isAtom =
    only && ["number", "symbol", "constant", "text", "namedSet", "baseNumeral"].includes(only.kind);
  if (isAtom || answer.text.length < 3) return false;
  if (isLowestFraction(answer.text)) return false;
  const asked = readAnswer(cutText(question, limits.expressionLength), work).text;
  return squeeze(asked).includes(squeeze(answer.text));
}

/** 2/3 is as simple as it gets: an answer, also where the question offers it. */
function isLowestFraction(text: string): boolean {
  const [, above, below] =
    /^-?(\d{1,15})\/(\d{1,15})$/.exec(text) ?? /^-?\\[dt]?frac\{(\d{1,15})\}\{(\d{1,15})\}$/.exec(text) ?? [];
  if (above === undefined || below === undefined) return false;
  let [x, y] = [Number(above), Number(below)];
  while (y > 0) [x, y] = [y, x % y];
  return x === 1;
}

function squeeze(text: string): string {
  return text.replace(/[\s{}]+/g, "");
}

function parsed(source: string, readings: Readings, work: Work): ParsedAnswer {
  const [usual] = readings.expressions;
  return {
    source,
    kind: usual?.kind ?? null,
    canonical: usual ? printExpression(usual, work) : readings.text,
  };
}

function bare(source: string): ParsedAnswer {
  const cut = cutText(source, limits.expressionLength);
  return { source: cut, kind: null, canonical: cut };
}

function verdict(
  status: Verdict["status"],
  outcome: Outcome,
  gold: ParsedAnswer,
  answer: ParsedAnswer,
  hedges: boolean,
  work: Work,
): Verdict {
  const { equal, method, reason } = outcome;
  return { equal, status, method, gold, answer, reason, hedges, steps: work.spent };
}
