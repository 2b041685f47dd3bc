/**
 * Presets: how the references of a data set are read and where a response's answer stands. Values, chosen by name on a
 * command line; a task of one's own passes its own object instead.
 */
import { extractAnswer } from "../extract/extract-answer.ts";
import { type Grade, type GradeOptions, gradeResponse, referenceOf } from "./grade-response.ts";

/** A way to grade one data set. */
export interface Preset {
  readonly name: PresetName;
  /** The bare reference of a row's gold text. */
  readonly reference: (gold: string) => string;
  /** Options that the data set asks for; the caller's own come after them. */
  readonly options: GradeOptions;
}

export type PresetName = "auto" | "gsm8k" | "math";

/** GSM8K: the gold text is a worked solution that ends in "#### number", or the number. */
const gsm8k: Preset = {
  name: "gsm8k",
  reference: (gold) => extractAnswer(gold, { mode: "gsm8k", reasoningEnds: [] }).answer ?? gold,
  options: {},
};

/** MATH: the gold text is a worked solution with its answer in the last box, or the answer. */
const math: Preset = { name: "math", reference: referenceOf, options: {} };

/** Either of them, by what the gold text holds. */
const auto: Preset = { name: "auto", reference: referenceOf, options: {} };

export const presets: Readonly<Record<PresetName, Preset>> = { auto, gsm8k, math };

/** Grades a response under a preset. */
export function gradeWithPreset(
  preset: Preset,
  text: string,
  gold: string,
  options: GradeOptions = {},
): Grade {
  return gradeResponse(text, preset.reference(gold), { ...preset.options, ...options });
}
