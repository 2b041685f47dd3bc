/**
 * A run folder -> what the report shows of it. Tolerant on purpose: a run may be going on, may have been killed or may
 * come from another version; what cannot be read is left out and named in `warnings`.
 *
 *   FOLDER/config.json, metrics.jsonl, evaluations/NAME/{results.json, samples.jsonl}
 *
 * A folder that holds `results.json` itself is read as one evaluation.
 */

import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseJson } from "@soft-tokens/graders";
import { EvaluationError } from "../errors.ts";
import type { SampleRow } from "../results/schema.ts";
import { RESULTS_FILE, readResults, SAMPLES_FILE } from "../runner/evaluation-folder.ts";
import { readSampleRows } from "../runner/sample-log.ts";
import type { MetricsRow, ReportEvaluation, TrainingKind } from "./data.ts";

export interface RunEvaluation extends ReportEvaluation {
  /** The folder's name below `evaluations`. */
  readonly name: string;
}

export interface RunFolder {
  readonly name: string;
  /** By the `thought` of its config, else by its name. */
  readonly kind: TrainingKind;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly metrics: readonly MetricsRow[];
  /** By name. */
  readonly evaluations: readonly RunEvaluation[];
  /** What could not be read. */
  readonly warnings: readonly string[];
}

export interface ReadRunOptions {
  /** Questions of each evaluation whose samples are kept. Defaults to 6. */
  readonly sampleQuestions?: number;
  /** Samples per question and mode that are kept. Defaults to 1. */
  readonly samplesPerQuestion?: number;
}

/** Reads a run folder, or the folder of a single evaluation. Never throws for what the files hold. */
export async function readRun(folder: string, options: ReadRunOptions = {}): Promise<RunFolder> {
  const training = await readTraining(folder);
  const warnings = [...training.warnings];
  const evaluations: RunEvaluation[] = [];
  const names = await listFolders(join(folder, "evaluations"));
  for (const [name, path] of [["", folder] as const, ...names]) {
    const evaluation = await readEvaluation(path, options, warnings);
    if (evaluation) evaluations.push({ name, ...evaluation });
  }
  return { ...training, evaluations, warnings };
}

/** A run folder without its evaluations. */
export async function readTraining(folder: string): Promise<Omit<RunFolder, "evaluations">> {
  const warnings: string[] = [];
  const settings = await readSettings(join(folder, "config.json"), warnings);
  const metrics = await readMetrics(join(folder, "metrics.jsonl"), warnings);
  const name = basename(resolve(folder));
  const kind = kindOf(settings.thought) ?? kindOf(name) ?? "other";
  return { name, kind, settings, metrics, warnings };
}

async function readEvaluation(
  folder: string,
  { sampleQuestions = 6, samplesPerQuestion = 1 }: ReadRunOptions,
  warnings: string[],
): Promise<ReportEvaluation | null> {
  try {
    const results = await readResults(folder);
    if (!results) return null;
    const samples = await pickSamples(
      join(folder, SAMPLES_FILE),
      sampleQuestions,
      samplesPerQuestion,
      warnings,
    );
    return { results, samples };
  } catch (error) {
    warnings.push(
      error instanceof EvaluationError ? error.message : `${join(folder, RESULTS_FILE)}: ${String(error)}`,
    );
    return null;
  }
}

/** The first questions, those with recorded steps before others; the later row of a sample counts. */
async function pickSamples(
  file: string,
  questions: number,
  perQuestion: number,
  warnings: string[],
): Promise<SampleRow[]> {
  const kept = new Map<string, SampleRow>();
  const ids = new Set<string>();
  try {
    for await (const row of readSampleRows(file)) {
      if (row.sampleIndex >= perQuestion) continue;
      if (!ids.has(row.id)) {
        if (ids.size >= questions) continue;
        ids.add(row.id);
      }
      kept.set(`${row.mode} ${row.id} ${row.sampleIndex}`, row);
    }
  } catch (error) {
    warnings.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [...kept.values()];
}

async function readSettings(file: string, warnings: string[]): Promise<Record<string, unknown>> {
  const text = await readIfThere(file, warnings);
  if (text === null) return {};
  try {
    const settings: unknown = parseJson(text);
    if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) {
      return settings as Record<string, unknown>;
    }
    warnings.push(`${file}: wanted an object`);
  } catch (cause) {
    warnings.push(`${file}: not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  return {};
}

/** The later line of a step counts: a continued run repeats the steps since its last checkpoint. */
async function readMetrics(file: string, warnings: string[]): Promise<MetricsRow[]> {
  const text = await readIfThere(file, warnings);
  const rows = new Map<number, MetricsRow>();
  let unreadable = 0;
  for (const line of text?.split("\n") ?? []) {
    if (line.trim() === "") continue;
    const row = parseMetricsLine(line);
    if (row) rows.set(row.step, row);
    else unreadable += 1;
  }
  if (unreadable > 0) warnings.push(leftOut(file, unreadable));
  return [...rows.values()].sort((a, b) => a.step - b.step);
}

/** What is said of lines that are no JSON or no row. */
export function leftOut(file: string, lines: number): string {
  return `${file}: ${lines} unreadable ${lines === 1 ? "line" : "lines"} left out`;
}

function parseMetricsLine(line: string): MetricsRow | null {
  try {
    const json: unknown = parseJson(line);
    if (typeof json !== "object" || json === null) return null;
    const { step, ...rest } = json as Record<string, unknown>;
    if (typeof step !== "number" || !Number.isFinite(step)) return null;
    const isNumber = (entry: [string, unknown]): entry is [string, number] => typeof entry[1] === "number";
    return { step, values: Object.fromEntries(Object.entries(rest).filter(isNumber)) };
  } catch {
    return null;
  }
}

async function readIfThere(file: string, warnings: string[]): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") warnings.push(`${file}: ${String(error)}`);
    return null;
  }
}

async function listFolders(folder: string): Promise<[string, string][]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return names.sort().map((name) => [name, join(folder, name)]);
  } catch {
    return []; // no evaluations yet
  }
}

/** The kind that a thought's or a folder's name speaks of. */
export function kindOf(name: unknown): TrainingKind | null {
  if (typeof name !== "string") return null;
  const found = /(?:^|[^a-z])(base|hard|fuzzy|soft)(?:$|[^a-z])/iu.exec(name)?.[1];
  return found ? (found.toLowerCase() as TrainingKind) : null;
}
