/**
 * Rows of the likelihood tasks -> what a model is given, in lm-evaluation-harness's prompt forms without examples
 * (lm_eval/tasks/{arc,hellaswag,mmlu} at commit 4e7e0d47f33bc71070c1d38394bafbb52b117163). A choice carries the space that
 * the harness puts between context and choice.
 */

import { cutText } from "@soft-tokens/graders";
import { questionText } from "../tasks/contamination.ts";
import type { ChoiceQuestion } from "./contract.ts";
import { capitalize, codePoints, strip, stripEnd, titleCase } from "./python-text.ts";
import {
  type ChoiceRow,
  goldField,
  idField,
  invalid,
  keyField,
  textField,
  textsField,
} from "./row-fields.ts";

/** How the rows of a task are read. */
export interface LikelihoodForm {
  readonly name: "hellaswag" | "arc" | "mmlu";
  /** @throws EvaluationError TASK_ROW_INVALID naming file, line and field. */
  read(row: ChoiceRow): ChoiceQuestion;
}

/** `Question: ...\nAnswer:`, and each option's whole text. */
export const ARC_FORM: LikelihoodForm = {
  name: "arc",
  read(at) {
    // allenai/ai2_arc: choices {text, label}; the files of AI2: question {stem, choices: [{text, label}]}; else a list and an index.
    const stem = isRecord(at.row.question) ? at.row.question : null;
    const question = stem ? textField({ ...at, row: stem }, "stem") : textField(at, "question");
    const given = stem ? stem.choices : at.row.choices;
    const options =
      Array.isArray(given) && given.every(isRecord)
        ? { text: pluck(given, "text"), label: pluck(given, "label") }
        : given;
    const isLabelled = isRecord(options);
    const texts = textsField(at, "choices", isLabelled ? options.text : options);
    const labels = isLabelled ? labelsOf(at, options.label, texts.length) : letters(texts.length);
    const isKey = "answerKey" in at.row || !("answer" in at.row);
    return {
      id: idField(at, ["id"]),
      context: `Question: ${question}\nAnswer:`,
      choices: texts.map((text) => ` ${text}`),
      gold: isKey ? keyField(at, "answerKey", labels) : goldField(at, "answer", texts.length, labels),
      text: question,
    };
  },
};

/** Labels as texts, one for each choice and each another; letters where the row has none. */
function labelsOf(at: ChoiceRow, given: unknown, count: number): string[] {
  if (given === undefined || given === null) return letters(count);
  const labels = Array.isArray(given) ? given.map((label) => String(label ?? "").trim()) : [];
  if (labels.length === count && labels.every((label) => label !== "") && new Set(labels).size === count)
    return labels;
  throw invalid(
    at,
    "choices",
    `wanted ${count} labels, each another, got ${cutText(JSON.stringify(given) ?? "undefined", 60)}`,
  );
}

/** `activity: context`, and each ending. */
export const HELLASWAG_FORM: LikelihoodForm = {
  name: "hellaswag",
  read(at) {
    const { row } = at;
    const field = "endings" in row || !("choices" in row) ? "endings" : "choices";
    const endings = textsField(at, field).map(cleanHellaswag);
    const goldName = "label" in row || !("gold" in row) ? "label" : "gold";
    const context = hellaswagContext(at);
    return {
      id: idField(at, ["ind", "index", "id"]),
      context,
      choices: endings.map((ending) => ` ${ending}`),
      gold: goldField(at, goldName, endings.length),
      text: questionText(row) ?? context,
    };
  },
};

/** The question with lettered options; what is scored is the letter. */
export const MMLU_FORM: LikelihoodForm = {
  name: "mmlu",
  read(at) {
    const subject = textField(at, "subject");
    const question = strip(textField(at, "question"));
    const options = textsField(at, "choices");
    if (options.length > LETTERS.length)
      throw invalid(at, "choices", `${options.length} choices, more than letters`);
    const listed = options.map((option, index) => `${LETTERS[index]}. ${option}`).join("\n");
    const about = subject.replaceAll("_", " ");
    return {
      id: "index" in at.row ? `${subject}/${idField(at, ["index"])}` : idField(at, ["id"]),
      context: `The following are multiple choice questions (with answers) about ${about}.\n\n${question}\n${listed}\nAnswer:`,
      choices: letters(options.length).map((letter) => ` ${letter}`),
      gold: goldField(at, "answer", options.length, letters(options.length)),
      text: question,
      group: subject,
    };
  },
};

/** By the names that a person may write. */
export const LIKELIHOOD_FORMS: Readonly<Record<string, LikelihoodForm>> = {
  hellaswag: HELLASWAG_FORM,
  arc: ARC_FORM,
  arc_easy: ARC_FORM,
  arc_challenge: ARC_FORM,
  mmlu: MMLU_FORM,
};

/** The form whose fields a row has; null where it is no multiple-choice row. */
export function detectLikelihoodForm(row: Readonly<Record<string, unknown>>): LikelihoodForm | null {
  if ("endings" in row || ("query" in row && "choices" in row)) return HELLASWAG_FORM;
  if (isRecord(row.question) && "choices" in row.question) return ARC_FORM;
  if (!("choices" in row)) return null;
  return "subject" in row ? MMLU_FORM : ARC_FORM;
}

/**
 * What a tokenizer is given: white space at the end of a context belongs to the choice, because words begin with their space
 * (`_encode_pair` in lm_eval/api/model.py). The choice's tokens are those of both together after the context's own number.
 */
export function moveTrailingSpace(context: string, choice: string): { context: string; choice: string } {
  const stripped = stripEnd(context);
  return { context: stripped, choice: context.slice(stripped.length) + choice };
}

/**
 * Length of a choice by which `acc_norm` divides: its characters without the space before it.
 * (`completion_len` in lm_eval/api/task.py; not tokens, not bytes.)
 */
export function choiceLength(choice: string): number {
  return codePoints(choice.startsWith(" ") ? choice.slice(1) : choice);
}

/**
 * `activity_label: ctx_a Ctx_b`, cleaned. Rows that come with the finished text (`query`) keep it. Rows that have the context
 * in one piece (`ctx`, as llama.cpp distributes the set) begin its open last clause with a capital, which is what `ctx_b` is.
 */
function hellaswagContext(at: ChoiceRow): string {
  const { row } = at;
  if ("query" in row) return stripEnd(textField(at, "query"));
  const activity = textField(at, "activity_label");
  if ("ctx_a" in row) {
    const open = typeof row.ctx_b === "string" ? row.ctx_b : "";
    return cleanHellaswag(`${activity}: ${textField(at, "ctx_a")} ${capitalize(open)}`);
  }
  const context = textField(at, "ctx");
  const clause = context.lastIndexOf(". ") + 2;
  const isOpen = clause > 1 && !/[.?!]\s*$/u.test(context);
  const text = isOpen ? context.slice(0, clause) + upperFirst(context.slice(clause)) : context;
  return cleanHellaswag(`${activity}: ${text}`);
}

/** `preprocess` of lm_eval/tasks/hellaswag/utils.py: brackets are left over from the WikiHow part. */
function cleanHellaswag(text: string): string {
  return strip(text)
    .replaceAll(" [title]", ". ")
    .replace(/\[[^\n]*?\]/gu, "")
    .replaceAll("  ", " ");
}

function upperFirst(text: string): string {
  const [first = ""] = text;
  return titleCase(first) + text.slice(first.length);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

function letters(count: number): string[] {
  return [...LETTERS.slice(0, count)];
}

function pluck(records: readonly Readonly<Record<string, unknown>>[], field: string): unknown[] {
  return records.map((record) => record[field]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
