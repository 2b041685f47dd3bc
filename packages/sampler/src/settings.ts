/**
 * Generation settings: the defaults of method.md section 3 and the check that every generation makes.
 */

import type { GenerationSettings } from "./contract.ts";
import { SamplerError } from "./errors.ts";

/**
 * Evaluation's settings (512 thought steps, greedy answers). Training sets `answerTemperature: 1` and its own
 * `maxThoughtSteps` (128 for GSM8K).
 */
export const defaultGenerationSettings: GenerationSettings = {
  maxThoughtSteps: 512,
  maxAnswerTokens: 32,
  stopString: "The final answer is: ",
  answerPrefix: "\\boxed{",
  answerTemperature: 0,
  recordTopK: 0,
};

/** @throws INVALID_SETTINGS */
export function checkGenerationSettings(settings: GenerationSettings): void {
  for (const key of ["maxThoughtSteps", "maxAnswerTokens", "recordTopK"] as const) {
    const value = settings[key];
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new SamplerError("INVALID_SETTINGS", `${key} must be a whole number of at least 0, got ${value}`);
    }
  }
  const { answerTemperature, stopString } = settings;
  if (!Number.isFinite(answerTemperature) || answerTemperature < 0) {
    throw new SamplerError(
      "INVALID_SETTINGS",
      `answerTemperature must be at least 0 (0 is greedy), got ${answerTemperature}`,
    );
  }
  if (stopString === "") {
    throw new SamplerError(
      "INVALID_SETTINGS",
      "stopString is empty, and every text contains the empty string",
    );
  }
}
