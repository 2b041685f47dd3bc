/**
 * What a run writes down step by step: `metrics.jsonl`, `warnings.jsonl` and `rollouts/`. A run that is continued repeats the steps
 * since its checkpoint, so whatever was written of them is dropped first: at the end every step is there, and once.
 */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileError, syncFolder } from "@soft-tokens/app-common";
import { createRowLog } from "./row-log.ts";

type MetricRow = Readonly<Record<string, number>> & { readonly step: number };

/** `during`: absent for what a step gave reason for. */
interface WarningRow {
  readonly type: string;
  readonly step: number;
  readonly code: string;
  readonly message: string;
  readonly during?: "validation";
}

/** Where a run is continued from: what `step` and `validatedStep` of its trainer say. */
export interface RunPosition {
  readonly step: number;
  readonly validatedStep: number;
}

export interface RunRecords {
  appendMetrics(row: MetricRow): void;
  appendWarning(row: WarningRow): void;
  /**
   * Drops what comes again after a position, and what a kill tore. Returns a sentence for a person where rows are missing that do
   * not come again, else null.
   */
  cutBack(position: RunPosition): string | null;
  /** Makes durable what was written so far: before a checkpoint that covers it. */
  sync(): void;
  close(): void;
}

export function openRunRecords(folder: string): RunRecords {
  const metrics = createRowLog<MetricRow>(join(folder, "metrics.jsonl"), hasStep);
  const warnings = createRowLog<WarningRow>(join(folder, "warnings.jsonl"), hasStep);
  const rollouts = join(folder, "rollouts");
  return {
    appendMetrics: metrics.append,
    appendWarning: warnings.append,
    cutBack(position) {
      const kept = onceEach(metrics.read().filter((row) => isCovered(row.step, isValidation(row), position)));
      metrics.rewrite(kept);
      warnings.rewrite(
        warnings.read().filter((row) => isCovered(row.step, row.during === "validation", position)),
      );
      removeRollouts(rollouts, position.step);
      return describeGaps(kept, position.step);
    },
    sync() {
      metrics.sync();
      warnings.sync();
      for (const path of [folder, rollouts]) syncFolder(path); // their names, where they are new
    },
    close() {
      metrics.close();
      warnings.close();
    },
  };
}

function hasStep<Row extends { readonly step: number }>(value: unknown): value is Row {
  return Number.isInteger((value as { step?: unknown } | null)?.step);
}

function isValidation(row: MetricRow): boolean {
  return Object.keys(row).some((name) => name.startsWith("validation/"));
}

function isCovered(step: number, isOfValidation: boolean, position: RunPosition): boolean {
  return step <= (isOfValidation ? position.validatedStep : position.step) && position.step > 0;
}

/** Of two rows for one thing (versions before this one left some) the later counts; a step comes before its validation. */
function onceEach(rows: readonly MetricRow[]): MetricRow[] {
  const last = new Map(rows.map((row) => [2 * row.step + Number(isValidation(row)), row]));
  return [...last].sort(([a], [b]) => a - b).map(([, row]) => row);
}

function removeRollouts(folder: string, after: number): void {
  try {
    for (const name of readdirSync(folder)) {
      const step = /^step-(\d+)\.(?:jsonl|safetensors)$/.exec(name)?.[1];
      if (step !== undefined && Number(step) > after) rmSync(join(folder, name), { force: true });
    }
  } catch (error) {
    throw new FileError("WRITE_FAILED", folder, error);
  }
}

function describeGaps(rows: readonly MetricRow[], upTo: number): string | null {
  const there = new Set(rows.filter((row) => !isValidation(row)).map(({ step }) => step));
  const gaps: string[] = [];
  for (let step = 1; step <= upTo; step++) {
    if (there.has(step)) continue;
    const from = step;
    while (step < upTo && !there.has(step + 1)) step++;
    gaps.push(from === step ? `${from}` : `${from} to ${step}`);
  }
  if (gaps.length === 0) return null;
  return `metrics.jsonl has lost the rows of step ${gaps.join(", ")}: they are not measured again; the weights are right`;
}
