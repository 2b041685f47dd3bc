/** Names of tasks that a person may write, and what each says about the rows of its file. Nothing is looked up by name. */

import { LIKELIHOOD_FORMS, type LikelihoodForm } from "../likelihood/forms.ts";
import { NAMED_FORMATS, type TaskFormat } from "./formats.ts";

/** A task by name: answered by generating, or by choosing the likeliest continuation. */
export type NamedTask =
  | { readonly kind: "generation"; readonly name: string; readonly format: TaskFormat }
  | { readonly kind: "likelihood"; readonly name: string; readonly form: LikelihoodForm };

/** What others call them. */
const ALIASES: Readonly<Record<string, string>> = {
  olympiadbench: "olympiad",
  minervamath: "minerva",
  aime2024: "aime24",
  amc2023: "amc23",
};

/** All names, in the order in which a message lists them. */
export const TASK_NAMES: readonly string[] = [
  ...Object.keys(NAMED_FORMATS),
  ...Object.keys(LIKELIHOOD_FORMS),
];

/** Finds a task whatever its case, dashes and underscores (`MATH-500`, `arc-easy`); null for an unknown name. */
export function findNamedTask(text: string): NamedTask | null {
  const wanted = simple(text);
  const name = TASK_NAMES.find((known) => simple(known) === (ALIASES[wanted] ?? wanted));
  if (name === undefined) return null;
  const format = NAMED_FORMATS[name];
  if (format) return { kind: "generation", name, format };
  return { kind: "likelihood", name, form: LIKELIHOOD_FORMS[name] as LikelihoodForm };
}

function simple(text: string): string {
  return text.toLowerCase().replace(/[-_ ]/gu, "");
}
