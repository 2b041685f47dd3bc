/** `evaluate`: one model, one task, by generation in any of the six inference modes or by likelihood -> results.json, samples.jsonl. */

import {
  createProgress,
  describeUnreadable,
  evaluateModel,
  graderOptions,
  lockFolder,
  modelOptions,
  openModel,
  tryGrader,
} from "@soft-tokens/app-common";
import {
  type EvaluationResults,
  formatGrid,
  formatPassAt,
  INFERENCE_MODES,
  TASK_NAMES,
  toJson,
} from "@soft-tokens/evals";
import { z } from "zod";
import { runLikelihood } from "../evaluate/evaluate-likelihood.ts";
import {
  generationNeeds,
  generationOptions,
  generationSettings,
  parseModes,
} from "../evaluate/generation-options.ts";
import { openTask } from "../evaluate/open-task.ts";
import { outcomeNotes } from "../evaluate/outcome-notes.ts";
import { sourceNotes } from "../evaluate/source-notes.ts";
import { fingerprint } from "../grid/model-facts.ts";

export const EvaluateOptions = z.strictObject({
  ...modelOptions,
  task: z
    .string()
    .default("auto")
    .describe(`auto (by the rows' fields), or one of ${TASK_NAMES.join(", ")}`),
  data: z
    .string()
    .min(1)
    .describe(
      "Questions: JSON lines or Parquet, a file or hf://datasets/ORG/NAME/PATH; gsm8k: the embedded sample",
    ),
  contaminationCheck: z
    .string()
    .min(1)
    .optional()
    .describe("Training file: count the questions that stand in it too, by normalised text"),
  skipBad: z
    .boolean()
    .default(false)
    .describe("Leave rows out that cannot be read or are too long for the model, instead of stopping"),
  modes: z
    .string()
    .default("all")
    .describe(`all, or some of ${INFERENCE_MODES.join(",")}`),
  samples: z.int().positive().default(32).describe("Samples per question in the sampled modes"),
  limit: z.int().positive().optional().describe("The first N questions only"),
  ...generationOptions,
  json: z.boolean().default(false).describe("Print the results as JSON instead of a table"),
  record: z
    .int()
    .nonnegative()
    .default(8)
    .describe("Questions whose thoughts are recorded step by step for the report"),
  ...graderOptions,
  seed: z.int().nonnegative().default(0).describe("Root of all randomness"),
  out: z.string().min(1).describe("Folder of the results; the same command again continues"),
});
export type EvaluateOptions = z.infer<typeof EvaluateOptions>;

export async function evaluate(options: EvaluateOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const modes = parseModes(options.modes);
  const opening = await openTask(options);
  const { contamination } = opening;
  using _lock = await lockFolder(options.out);
  if (opening.kind === "likelihood") {
    await runLikelihood(options, { task: opening.task, contamination, signal });
    return;
  }
  const { task } = opening;
  const { grader, graderWorkers, graderTimeoutMs } = options;
  await tryGrader({ grader, graderWorkers, graderTimeoutMs });
  using opened = await openModel(options, generationNeeds(options), signal);
  const progress = createProgress(task.name, "sample");
  const used = { tokens: 0, places: 0 };
  const results = await evaluateModel({
    opened,
    name: options.model,
    task,
    file: options.data,
    skipBad: options.skipBad,
    modes,
    samplesPerQuestion: options.samples,
    folder: options.out,
    limit: options.limit,
    ...generationSettings(options),
    modelFiles: fingerprint(options.model),
    ...(contamination && { contamination }),
    onUnreadable: (ids) => process.stderr.write(`warning  ${describeUnreadable(ids)}\n`),
    onBatch: ({ rows, steps, tokens }) => {
      used.tokens += tokens;
      used.places += rows * steps;
    },
    signal,
    onProgress: ({ mode, done, total, accuracy }) =>
      progress.update(
        done,
        total,
        `${mode} ${accuracy === null ? "" : `${(100 * accuracy).toFixed(1)} % correct`}`,
      ),
  });
  progress.finish();
  if (used.places > 0) {
    const busy = ((100 * used.tokens) / used.places).toFixed(0);
    process.stderr.write(`decoded  ${used.tokens} tokens; ${busy} % of the batches' rows were busy\n`);
  }
  process.stdout.write(
    `${options.json ? toJson(results, "results") : formatResults(options.model, results)}\n`,
  );
  const { writeReport } = await import("@soft-tokens/app-common/report");
  const report = await writeReport(options.out, { title: `${options.model} on ${task.name}`, name: "model" });
  process.stderr.write(`report   ${report}\n`);
}

/** Accuracy, pass@k and what has to be known of the questions, as wide as the terminal. */
function formatResults(training: string, results: EvaluationResults): string {
  const { columns } = process.stdout;
  const tables = [formatGrid([{ training, results }], { columns }), formatPassAt(results, { columns })];
  const notes = [...outcomeNotes(results), ...sourceNotes(results)];
  return [...tables, notes.join("\n")].filter((part) => part !== "").join("\n\n");
}
