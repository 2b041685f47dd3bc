/** What a reader of the table has to know about samples that got no verdict: they count as not correct. */

import type { EvaluationResults } from "@soft-tokens/evals";

/** One line for each mode that has such samples. */
export function outcomeNotes({ results }: Pick<EvaluationResults, "results">): string[] {
  return results.flatMap(({ mode, outcomes: { samples, graderTimeout, errors } }) => {
    if (graderTimeout + errors === 0) return [];
    const parts = [
      ...(graderTimeout > 0 ? [`the grader gave up on ${graderTimeout}`] : []),
      ...(errors > 0 ? [`${errors} failed`] : []),
    ];
    return [`${mode}: of ${samples} samples ${parts.join(" and ")}; they count as not correct`];
  });
}
