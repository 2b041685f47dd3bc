/**
 * The public comparison: two texts in, a verdict out. Never throws on the content of either text.
 *
 * A text is equal to itself; otherwise some reading of the one must equal some reading of the other. A reference that
 * cannot be read is compared as text and never equals anything else.
 */
import { printExpression } from "../algebra/print.ts";
import type { Expression } from "../parse/expression.ts";
import { type Readings, readAnswer } from "../parse/readings.ts";
import { createWork, limits, type Work, WorkExceeded } from "../work.ts";
import {
  type CompareOptions,
  type Context,
  equalBy,
  type Method,
  type Outcome,
  unequalBy,
} from "./context.ts";
import { isHedge } from "./hedges.ts";
import { looksLikeProse, readProse } from "./prose.ts";
import { compareExpressions } from "./structures.ts";
import { choiceLetter } from "./text.ts";

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

function compareWithin(gold: string, answer: string, context: Context): Verdict {
  const { work, options } = context;
  if (answer.length > limits.expressionLength || gold.length > limits.expressionLength) {
    const reason = `refused: longer than ${limits.expressionLength} characters`;
    return verdict("unparseable", unequalBy("limit", reason), bare(gold), bare(answer), false, work);
  }
  const goldReadings = readAnswer(gold, work);
  const answerReadings = readAnswer(answer, work);
  const finish = (outcome: Outcome, hedges = false, prose: Readings = answerReadings): Verdict => {
    const isRead = goldReadings.expressions.length > 0 && prose.expressions.length > 0;
    const status = outcome.equal ? "equal" : isRead ? "unequal" : "unparseable";
    return verdict(
      status,
      outcome,
      parsed(gold, goldReadings, work),
      parsed(answer, prose, work),
      hedges,
      work,
    );
  };
  if (goldReadings.text === "") return finish(unequalBy("none", "the reference is empty"));
  if (answerReadings.text === "") return finish(unequalBy("none", "the answer is empty"));
  if (isEcho(goldReadings, answerReadings, options, work)) {
    return finish(unequalBy("text", "the answer only repeats the question"));
  }
  if (goldReadings.text === answerReadings.text) return finish(equalBy("text", "the same text"));
  const outcome = compareReadings(goldReadings, answerReadings, gold, answer, context);
  const isProse = options.prose && (answerReadings.expressions.length === 0 || looksLikeProse(answer));
  const prose = isProse && !outcome.equal ? readProse(answer, work) : null;
  if (prose === null) {
    const hedges = !outcome.equal && isHedge(goldReadings.expressions, answerReadings.expressions, context);
    return finish(outcome, hedges);
  }
  const proseReadings = readAnswer(prose, work);
  if (isEcho(goldReadings, proseReadings, options, work)) return finish(outcome);
  const proseOutcome = compareReadings(goldReadings, proseReadings, gold, prose, context);
  const reason = `${proseOutcome.reason}; read "${prose.slice(0, 60)}" in the prose`;
  const hedges = !proseOutcome.equal && isHedge(goldReadings.expressions, proseReadings.expressions, context);
  return finish({ ...proseOutcome, reason }, hedges, proseReadings);
}

function compareReadings(
  gold: Readings,
  answer: Readings,
  goldSource: string,
  answerSource: string,
  context: Context,
): Outcome {
  let first: Outcome | null = null;
  for (const g of gold.expressions) {
    for (const a of answer.expressions) {
      const outcome = compareExpressions(g, a, context);
      if (outcome.equal) return outcome;
      first ??= outcome;
    }
  }
  const letter = /^\W*([A-Z])\W*$/.exec(goldSource.replace(/\\text\w*|\\mathrm|\\textbf/g, ""))?.[1];
  if (letter !== undefined && choiceLetter(answerSource) === letter) {
    return equalBy("choice", `the letter ${letter}`);
  }
  if (first) return first;
  const [who, why] =
    gold.expressions.length === 0 ? ["the reference", gold.reason] : ["the answer", answer.reason];
  return unequalBy("none", `${who} cannot be read (${why}) and the texts differ`);
}

/** An expression (not a bare number or name) that stands word for word in the question and not in the reference. */
function isEcho(gold: Readings, answer: Readings, { question }: CompareOptions, work: Work): boolean {
  if (question === undefined || gold.text === answer.text) return false;
  const [only] = answer.expressions;
  const isAtom =
    only && ["number", "symbol", "constant", "text", "namedSet", "baseNumeral"].includes(only.kind);
  if (isAtom || answer.text.length < 3) return false;
  const asked = readAnswer(question.slice(0, limits.expressionLength), work).text;
  return squeeze(asked).includes(squeeze(answer.text));
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
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
  const cut = source.slice(0, limits.expressionLength);
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
