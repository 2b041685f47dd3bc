/**
 * Task formats as data: which field of a row holds what, and how a reference answer is written there.
 * A new data set is one more entry, or `fields` given by the caller; there is no code per data set.
 */

/** How the reference stands in its field. */
export type AnswerForm =
  | "plain" // the field is the answer
  | "final-line" // after the last `####`, as GSM8K writes it
  | "boxed" // in the last box of a worked solution
  | "any"; // the first of final-line, boxed, plain that fits

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

/** hendrycks/math and its relatives: `problem`, and `answer` or the last box of `solution`. */
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
    { field: "solution", form: "any" },
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
  if (every((row) => "question" in row && typeof row.answer === "string" && row.answer.includes("####"))) {
    return GSM8K_FORMAT;
  }
  if (every((row) => "problem" in row && !("question" in row) && ("answer" in row || "solution" in row))) {
    return MATH_FORMAT;
  }
  return GENERIC_FORMAT;
}
