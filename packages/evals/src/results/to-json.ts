/**
 * JSON of results. `JSON.stringify` makes null of NaN and infinity without a word: a file that its own reader refuses, or a number
 * that is taken for absent. So a number that is none is refused before anything is written, with its place.
 */

import { EvaluationError } from "../errors.ts";

/** `what` names the file or the output in the message. @throws EvaluationError RESULT_NOT_FINITE with `field` */
export function toJson(value: unknown, what: string, indent?: number): string {
  return JSON.stringify(
    value,
    (_, part: unknown) => {
      if (typeof part !== "number" || Number.isFinite(part)) return part;
      const field = placeOf(value) ?? "";
      throw new EvaluationError(
        "RESULT_NOT_FINITE",
        `${what}: field "${field}" would be ${part}, which is no result and which JSON cannot hold`,
        { file: what, field },
      );
    },
    indent,
  );
}

/** Path of the first number that is not finite. */
function placeOf(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? null : "";
  if (typeof value !== "object" || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const place = placeOf(part);
    if (place !== null) return place === "" ? key : `${key}.${place}`;
  }
  return null;
}
