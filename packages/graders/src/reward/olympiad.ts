/**
 * OlympiadBench (He et al. 2024, arXiv:2402.14008): a reference may be several answers, have a unit, and an absolute error, one or
 * one per answer. Its own judge drops units; here a unit that is given must be right, and may be left out.
 */
import { compareAnswers } from "../compare/compare-answers.ts";
import { type Grade, type GradeOptions, gradeResponse, mathRewards } from "./grade-response.ts";
import type { Reference } from "./presets.ts";

/** The data set's own judge allows one percent more than an error, so that 4.3 is within 0.1 of 4.2 in doubles as well. */
const judgeSlack = 1.01;

/** Grades a response against `final_answer` with its `unit` and `error`. */
export function gradeOlympiad(text: string, reference: Reference, options: GradeOptions): Grade {
  const golds = answersOf(reference);
  const errors = errorsOf(reference);
  const unit = unitText(reference.unit, errors.length > 0);
  const gold = golds.map((answer) => answer + unit).join(", ");
  const within = (error: number | undefined): GradeOptions =>
    error === undefined ? options : { absoluteTolerance: error, ...options };
  const widest = gradeResponse(text, gold, within(errors.length > 0 ? Math.max(...errors) : undefined));
  const hasOneError = errors.every((error) => error === errors[0]);
  if (hasOneError || !widest.correct || widest.extracted === null) return widest;
  // Errors that differ belong to the answers one by one, in their order.
  const parts = splitAtCommas(widest.extracted);
  const isWithin =
    parts.length === golds.length &&
    golds.every((answer, index) => {
      const ownError = errors[index] ?? errors.at(-1);
      return compareAnswers(answer + unit, parts[index] as string, within(ownError)).equal;
    });
  if (isWithin) return widest;
  const reward = widest.extraction.method === "box" ? mathRewards.wrongInBox : mathRewards.none;
  return { ...widest, correct: false, reward, reason: "outside of the error of one answer" };
}

/** The answers of a reference, without the dollars around them. */
function answersOf({ gold, isSeveral = typeof gold !== "string" && gold.length > 1 }: Reference): string[] {
  const texts = typeof gold === "string" ? [gold] : gold;
  const bare = texts.map((text) => text.replaceAll("$", "").trim());
  return isSeveral ? bare.flatMap(splitAtCommas) : bare;
}

/** The absolute errors that are allowed; what is no positive number is none. */
function errorsOf({ error }: Reference): number[] {
  if (error === undefined || error === null) return [];
  const numbers = String(error).split(",").map(Number);
  const areErrors = numbers.every((number) => Number.isFinite(number) && number > 0);
  return areErrors ? numbers.map((number) => number * judgeSlack) : [];
}

/** Behind a number. With an error a percent sign is left out: the error is of the number as it is written. */
function unitText(unit: string | null | undefined, hasError: boolean): string {
  const bare = unit?.replaceAll("$", "").trim() ?? "";
  if (bare === "") return "";
  if (bare === "%" || bare === "\\%") return hasError ? "" : "\\%";
  // "km", "km/h" and "cm^2" as text; what has LaTeX of its own as it is written.
  return bare.includes("\\") ? bare : `\\text{ ${bare}}`;
}

/** Parts between commas outside of brackets: "(1,2), (3,4)" has two. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth <= 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
