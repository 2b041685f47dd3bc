/**
 * The runner of likelihood tasks: questions -> scored choices on disk -> metrics. Rows are written as batches finish, so a killed
 * evaluation continues; when all are there the log is put into the order of the questions.
 */

import { join } from "node:path";
import { EvaluationError } from "../errors.ts";
import type { Contamination, EvaluationResults } from "../results/schema.ts";
import { toJson } from "../results/to-json.ts";
import { writeFileAtomically } from "../results/write-file.ts";
import { readResultsAs, refuseOtherFolder, SAMPLES_FILE, writeResults } from "../runner/evaluation-folder.ts";
import { openRowLog, type RowLog } from "../runner/sample-log.ts";
import type { ChoiceQuestion, ScoredQuestion, ScoreFunction } from "./contract.ts";
import type { ChoiceTask } from "./load-choices.ts";
import {
  LIKELIHOOD_MODE,
  type LikelihoodResults,
  LikelihoodResultsSchema,
  type LikelihoodRow,
  LikelihoodRowSchema,
} from "./schema.ts";
import { likeliest, summarizeGroups, summarizeLikelihood } from "./summarize.ts";

export interface EvaluateLikelihoodOptions {
  readonly task: ChoiceTask;
  /** Names the model in results; the same folder refuses another name. */
  readonly model: string;
  readonly score: ScoreFunction;
  /** Where `results.json` and `samples.jsonl` go; nothing is written without it. */
  readonly folder?: string;
  /** Only the first questions of the task. */
  readonly limit?: number;
  /** Of the bootstrap. Defaults to 0. */
  readonly seed?: number;
  /** What else decides the numbers (dtype); another folder's are refused. */
  readonly settings?: EvaluationResults["settings"];
  readonly versions?: Readonly<Record<string, string>>;
  /** What a look into the training file found; kept with the results. */
  readonly contamination?: Contamination;
  readonly onProgress?: (progress: LikelihoodProgress) => void;
  readonly signal?: AbortSignal;
}

/** At the start and after every batch. */
export interface LikelihoodProgress {
  /** Questions that are scored now, and that will be. */
  readonly done: number;
  readonly total: number;
  /** Of `done`, those that were there before this run. */
  readonly restored: number;
  /** Share of right answers so far; null before the first. */
  readonly accuracy: number | null;
}

/**
 * Evaluates a model by likelihood and returns what `results.json` holds.
 * @throws EvaluationError FOLDER_OF_ANOTHER_EVALUATION, SAMPLE_LOG_INVALID, WRITE_FAILED, SCORES_INVALID
 * @throws the signal's reason when aborted; what was scored by then is on disk.
 */
export async function evaluateLikelihood(options: EvaluateLikelihoodOptions): Promise<LikelihoodResults> {
  const { task, folder, limit, signal } = options;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new RangeError(`evaluateLikelihood: limit must be a whole number of at least 1, got ${limit}`);
  }
  const questions = task.questions.slice(0, limit);
  if (questions.length === 0) throw new RangeError(`evaluateLikelihood: task ${task.name} has no questions`);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const rows = new Map<string, LikelihoodRow>();
  const others: LikelihoodRow[] = []; // of an earlier run with a larger limit: kept
  const log = folder
    ? await openFolder(folder, options, (row) => {
        if (byId.has(row.id)) rows.set(row.id, row);
        else others.push(row);
      })
    : null;
  try {
    const save = async (complete: boolean) => {
      const results = assemble(options, questions, rows, complete);
      if (folder) await writeResults(folder, results, LikelihoodResultsSchema);
      return results;
    };
    const report = createReport(options, questions, rows);
    await save(false); // says whose rows these are, even if nothing else comes
    report([]);
    const missing = questions.filter(({ id }) => !rows.has(id));
    for await (const scored of options.score(missing, signal ? { signal } : {})) {
      const added = scored.map((result) => rowOf(byId.get(result.id), result));
      await log?.append(added);
      for (const row of added) rows.set(row.id, row);
      report(added);
      signal?.throwIfAborted();
    }
    const absent = questions.find(({ id }) => !rows.has(id));
    if (absent) throw new EvaluationError("SCORES_INVALID", `question ${absent.id}: was not scored`);
    if (folder) await writeInOrder(folder, questions, rows, others);
    return await save(true);
  } finally {
    await log?.close();
  }
}

/**
 * Reads `results.json` of a likelihood evaluation; null when there is none.
 * @throws EvaluationError RESULTS_UNREADABLE, also where the folder holds results of generation
 */
export async function readLikelihoodResults(folder: string): Promise<LikelihoodResults | null> {
  return readResultsAs(folder, LikelihoodResultsSchema);
}

async function openFolder(
  folder: string,
  { task, model, settings = {} }: EvaluateLikelihoodOptions,
  onRow: (row: LikelihoodRow) => void,
): Promise<RowLog<LikelihoodRow>> {
  const identity = { task: task.name, model, checksum: task.source.sha256, settings };
  await refuseOtherFolder(folder, { kind: "likelihood", ...identity });
  await readLikelihoodResults(folder);
  return openRowLog(join(folder, SAMPLES_FILE), LikelihoodRowSchema, onRow);
}

/** @throws EvaluationError SCORES_INVALID when the scorer broke its contract or the model gave no number */
function rowOf(question: ChoiceQuestion | undefined, scored: ScoredQuestion): LikelihoodRow {
  if (!question) throw new EvaluationError("SCORES_INVALID", `question ${scored.id}: was not asked for`);
  const { id, context, choices, gold, group } = question;
  if (scored.choices.length !== choices.length) {
    throw new EvaluationError(
      "SCORES_INVALID",
      `question ${id}: wanted scores of ${choices.length} choices, got ${scored.choices.length}`,
    );
  }
  const dropped = scored.droppedTokens ?? 0;
  return {
    id,
    ...(group === undefined ? {} : { group }),
    context,
    choices: choices.map((text, index) => {
      const { tokens, logProb } = scored.choices[index] as ScoredQuestion["choices"][number];
      if (!Number.isFinite(logProb)) {
        throw new EvaluationError(
          "SCORES_INVALID",
          `question ${id}, choice ${index + 1}: the model gave log-probability ${logProb}; its weights may be broken`,
        );
      }
      return { text, tokens, logProb };
    }),
    gold,
    ...(dropped > 0 ? { droppedTokens: dropped } : {}),
  };
}

/** The log as it would be had questions been scored one by one: other programs read it beside the question file. */
async function writeInOrder(
  folder: string,
  questions: readonly ChoiceQuestion[],
  rows: ReadonlyMap<string, LikelihoodRow>,
  others: readonly LikelihoodRow[],
): Promise<void> {
  const ordered = [...questions.flatMap(({ id }) => rows.get(id) ?? []), ...others];
  const file = join(folder, SAMPLES_FILE);
  await writeFileAtomically(file, ordered.map((row) => `${toJson(row, file)}\n`).join(""));
}

function assemble(
  { task, model, seed = 0, settings = {}, versions, contamination }: EvaluateLikelihoodOptions,
  questions: readonly ChoiceQuestion[],
  rows: ReadonlyMap<string, LikelihoodRow>,
  complete: boolean,
): LikelihoodResults {
  const scored = questions.flatMap(({ id }) => rows.get(id) ?? []);
  const isWhole = scored.length === questions.length;
  return {
    format: 1,
    task: task.name,
    mode: LIKELIHOOD_MODE,
    model,
    n: 1,
    questions: questions.length,
    ...(isWhole ? { metrics: summarizeLikelihood(scored, { seed }) } : {}),
    groups: isWhole ? summarizeGroups(scored, { seed }) : [],
    truncated: scored.filter(({ droppedTokens = 0 }) => droppedTokens > 0).length,
    correctByQuestion: Object.fromEntries(scored.map((row) => [row.id, Number(likeliest(row) === row.gold)])),
    checksum: task.source.sha256,
    source: { ...task.source },
    ...(contamination ? { contamination } : {}),
    seed,
    settings,
    versions: { node: process.versions.node, ...versions },
    complete,
  };
}

function createReport(
  options: EvaluateLikelihoodOptions,
  questions: readonly ChoiceQuestion[],
  rows: ReadonlyMap<string, LikelihoodRow>,
): (added: readonly LikelihoodRow[]) => void {
  const isRight = (row: LikelihoodRow) => likeliest(row) === row.gold;
  const restored = rows.size;
  let right = [...rows.values()].filter(isRight).length;
  return (added) => {
    right += added.filter(isRight).length;
    options.onProgress?.({
      done: rows.size,
      total: questions.length,
      restored,
      accuracy: rows.size === 0 ? null : right / rows.size,
    });
  };
}
