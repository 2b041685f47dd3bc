/** A model on a likelihood task -> results.json and samples.jsonl in a folder, with a table for people. */

import { createProgress, formatDuration, openModel, versions } from "@soft-tokens/app-common";
import {
  type ChoiceTask,
  type Contamination,
  evaluateLikelihood,
  type LikelihoodResults,
  toJson,
} from "@soft-tokens/evals";
import type { EvaluateOptions } from "../commands/evaluate.ts";
import { fingerprint } from "../grid/model-facts.ts";
import { checkChoices } from "./check-choices.ts";
import { formatLikelihood } from "./format-likelihood.ts";
import { createScoreFunction, type ScorePlan } from "./score-choices.ts";
import { count } from "./source-notes.ts";

/** Memory is estimated by rows of this many tokens. */
const TOKENS_PER_ROW = 256;

export interface LikelihoodRun {
  readonly task: ChoiceTask;
  readonly contamination: Contamination | undefined;
  readonly signal: AbortSignal;
}

export async function runLikelihood(
  options: EvaluateOptions,
  { task: whole, contamination, signal }: LikelihoodRun,
): Promise<LikelihoodResults> {
  using opened = await openModel(
    options,
    { rows: Math.ceil(options.batchTokens / TOKENS_PER_ROW), tokensPerRow: 0 },
    signal,
  );
  const { data: file, skipBad, limit } = options;
  const { task, encoded } = checkChoices(opened.model, whole, { file, skipBad, limit });
  let plan: ScorePlan | null = null;
  const score = createScoreFunction({
    model: opened.model,
    maxTokens: options.batchTokens,
    chunk: opened.chunk,
    encoded,
    onPlan: (made) => {
      plan = made;
    },
  });
  const progress = createProgress(task.name, "question");
  const started = performance.now();
  let scored = 0;
  const results = await evaluateLikelihood({
    task,
    model: options.model,
    score,
    folder: options.out,
    seed: options.seed,
    settings: { dtype: opened.dtype, modelFiles: fingerprint(options.model) },
    versions: versions(opened.backend),
    ...(contamination && { contamination }),
    signal,
    onProgress: ({ done, total, restored, accuracy }) => {
      scored = done - restored;
      const detail = accuracy === null ? "" : `${(100 * accuracy).toFixed(1)} % correct`;
      progress.update(done, total, detail);
    },
  });
  progress.finish();
  if (plan && scored > 0)
    process.stderr.write(`${describePlan(plan, scored, (performance.now() - started) / 1000)}\n`);
  process.stdout.write(options.json ? `${toJson(results, "results")}\n` : `${formatLikelihood(results)}\n`);
  const { writeReport } = await import("@soft-tokens/app-common/report");
  const report = await writeReport(options.out, { title: `${options.model} on ${task.name}`, name: "model" });
  process.stderr.write(`report   ${report}\n`);
  return results;
}

function describePlan(plan: ScorePlan, questions: number, seconds: number): string {
  const { batches, tokens, places, unsharedTokens } = plan;
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`;
  return (
    `scored   ${count(questions, "question")} in ${formatDuration(seconds)}: ${batches} batches, ${tokens} tokens ` +
    `(${share(tokens, unsharedTokens)} of those without shared contexts), ${share(tokens, places)} of what attention saw`
  );
}
