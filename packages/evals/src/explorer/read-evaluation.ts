/** `results.json` of either kind, as the report reads them. What cannot be read is told, not thrown: a report shows the rest. */

import { EvaluationError } from "../errors.ts";
import { likelihoodAsEvaluation } from "../grid/likelihood-results.ts";
import { readLikelihoodResults } from "../likelihood/evaluate.ts";
import type { LikelihoodResults } from "../likelihood/schema.ts";
import type { EvaluationResults } from "../results/schema.ts";
import { readResults } from "../runner/evaluation-folder.ts";

export interface ReadEvaluation {
  /** Null where there is none, or none that can be read. */
  readonly results: EvaluationResults | null;
  /** By subject, of a likelihood task that has them. */
  readonly groups?: LikelihoodResults["groups"];
  readonly warning?: string;
}

export async function readEvaluation(folder: string): Promise<ReadEvaluation> {
  try {
    return { results: await readResults(folder) };
  } catch (error) {
    const ofLikelihood = await readLikelihoodResults(folder).catch(() => null);
    if (ofLikelihood) return { results: likelihoodAsEvaluation(ofLikelihood), groups: ofLikelihood.groups };
    return {
      results: null,
      warning: error instanceof EvaluationError ? error.message : `${folder}: ${error}`,
    };
  }
}
