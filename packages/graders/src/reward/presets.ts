/**
 * Presets: how the references of a data set are read and where a response's answer stands. Values, chosen by name on a
 * command line; a task of one's own passes its own object instead.
 */
import { gradeChoice } from "./choice.ts";
import { type Grade, type GradeOptions, gradeResponse } from "./grade-response.ts";
import { gradeOlympiad } from "./olympiad.ts";
import { referenceOf } from "./reference.ts";

/** A reference and what a data set says about it. Presets that do not need a field ignore it. */
export interface Reference {
  /** The answer, a worked solution with the answer in it, or several answers. */
  readonly gold: string | readonly string[];
  /** Unit of every answer, as text or LaTeX (OlympiadBench `unit`). An answer without it counts as one in it. */
  readonly unit?: string | null;
  /** Absolute error that is allowed, one or one per answer: 0.1, "1e-1", "1e-1,1e-2" (OlympiadBench `error`). */
  readonly error?: number | string | null;
  /** `gold` holds several answers, separated by commas (OlympiadBench `is_multiple_answer`). Defaults to whether it is a list. */
  readonly isSeveral?: boolean;
  /** Texts of the options A, B, C, ... of a multiple choice. */
  readonly choices?: readonly string[];
}

/** A way to grade one data set. */
export interface Preset {
  readonly name: PresetName;
  /** In a few words, for help texts. */
  readonly description: string;
  /** Grades a whole response; the caller's options come after the preset's own. */
  readonly grade: (text: string, reference: Reference, options: GradeOptions) => Grade;
}

export type PresetName = "auto" | "gsm8k" | "math" | "olympiad" | "choice";

const auto: Preset = {
  name: "auto",
  description: "a bare answer, or a solution with a box or ####",
  grade: (text, reference, options) => gradeResponse(text, referenceOf(joined(reference)), options),
};

const gsm8k: Preset = {
  name: "gsm8k",
  description: "GSM8K: a solution ending in #### number, or the number",
  // "A: 7" of a response that goes on with another question.
  grade: (text, reference, options) => auto.grade(text, reference, { lineMarks: ["A"], ...options }),
};

const math: Preset = {
  ...auto,
  name: "math",
  description: "MATH: a solution with its answer in the last box, or the answer",
};

const olympiad: Preset = {
  name: "olympiad",
  description: "OlympiadBench: final_answer with its unit, error and is_multiple_answer",
  grade: gradeOlympiad,
};

const choice: Preset = {
  name: "choice",
  description: "multiple choice: a letter, or the text of one of the choices",
  grade: gradeChoice,
};

export const presets: Readonly<Record<PresetName, Preset>> = { auto, gsm8k, math, olympiad, choice };

/** Every preset's name, for command lines. */
export const presetNames = Object.keys(presets) as readonly PresetName[];

/** Grades a response under a preset. Never throws on the content of the texts. */
export function gradeWithPreset(
  preset: Preset,
  text: string,
  gold: string | Reference,
  options: GradeOptions = {},
): Grade {
  return preset.grade(text, typeof gold === "string" ? { gold } : gold, options);
}

function joined({ gold }: Reference): string {
  return typeof gold === "string" ? gold : gold.join(", ");
}
