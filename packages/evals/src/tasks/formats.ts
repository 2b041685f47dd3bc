/**
 * Task formats as data: which field of a row holds what, and how a reference answer is written there.
 * A new data set is one more entry, or `fields` given by the caller; there is no code per data set.
 */

import { markedReference } from "@soft-tokens/graders";

/**
 * What a field holds. A final line `#### 72` and boxes are read wherever they are (`readReference` of @soft-tokens/graders);
 * the form says what is to be done with a text that has neither.
 */
export type AnswerForm =
  | "plain" // the answer: any text
  | "any" // an answer or a worked solution: a short text is the answer, a long one without a mark is refused
  | "solution" // the same, and a sentence is refused too
  | "final-line" // GSM8K's solution: the mark has to be there
  | "boxed"; // MATH's solution: the box has to be there

/** A field and the form of the answer in it. */
export interface AnswerField {
  readonly field: string;
  readonly form: AnswerForm;
}

export interface TaskFormat {
  readonly name: string;
  /** The first field present in the row is taken, in this order. */
  readonly questionFields: readonly string[];
  readonly answerFields: readonly AnswerField[];
  readonly idFields: readonly string[];
}

const ID_FIELDS = ["id", "unique_id", "idx", "problem_id", "question_id"];

/** openai/grade-school-math: `question`, and `answer` that ends with `#### 72`. */
export const GSM8K_FORMAT: TaskFormat = {
  name: "gsm8k",
  questionFields: ["question"],
  answerFields: [{ field: "answer", form: "final-line" }],
  idFields: ID_FIELDS,
};

/** hendrycks/math and its relatives: `problem`, and `answer` or the last boxes of `solution`. */
export const MATH_FORMAT: TaskFormat = {
  name: "math",
  questionFields: ["problem"],
  answerFields: [
    { field: "answer", form: "plain" },
    { field: "solution", form: "boxed" },
  ],
  idFields: ["unique_id", ...ID_FIELDS],
};

/** Any row with a question and an answer under one of the usual names. */
export const GENERIC_FORMAT: TaskFormat = {
  name: "jsonl",
  questionFields: ["question", "problem", "prompt", "input", "query"],
  answerFields: [
    { field: "answer", form: "any" },
    { field: "final_answer", form: "plain" },
    { field: "target", form: "any" },
    { field: "solution", form: "solution" },
  ],
  idFields: ID_FIELDS,
};

/** Task names that a person may write instead of describing the file. */
export const NAMED_FORMATS: Readonly<Record<string, TaskFormat>> = {
  gsm8k: GSM8K_FORMAT,
  math: MATH_FORMAT,
  math500: MATH_FORMAT,
  deepscaler: MATH_FORMAT,
  minerva: MATH_FORMAT,
  amc23: GENERIC_FORMAT,
  aime24: GENERIC_FORMAT,
  olympiad: GENERIC_FORMAT,
  jsonl: GENERIC_FORMAT,
};

/** The format whose fields the first rows have; generic when several fit or none does. */
export function detectFormat(rows: readonly Readonly<Record<string, unknown>>[]): TaskFormat {
  const first = rows.slice(0, 20);
  const every = (test: (row: Readonly<Record<string, unknown>>) => boolean) =>
    first.length > 0 && first.every(test);
  const marked = first.filter(({ answer }) => typeof answer === "string" && hasFinalLine(answer));
  // One row whose final line is lost must not make answers of all solutions.
  if (every(({ question, answer }) => question !== undefined && typeof answer === "string")) {
    if (2 * marked.length > first.length) return GSM8K_FORMAT;
  }
  if (every((row) => "problem" in row && !("question" in row) && ("answer" in row || "solution" in row))) {
    return MATH_FORMAT;
  }
  return GENERIC_FORMAT;
}

function hasFinalLine(answer: string): boolean {
  return markedReference(answer)?.form === "final-line";
}
