/**
 * Several runs of the demo as one Markdown table: what docs/demo.md shows.
 *
 *   for seed in 1 2 3 4 5; do npm run demo -- --seed $seed --out runs/seeds/$seed; done
 *   node --conditions=@soft-tokens/source --import tsx apps/train/scripts/summarize-demo-seeds.ts runs/seeds/*
 *
 * One line per seed and training: the own sampled mode before and after with the paired difference and its 95 % interval (bootstrap
 * over questions), entropy and pass@16 of hard sampling. Then the mean over seeds with its standard error.
 */

import { join } from "node:path";
import {
  compareMode,
  type EvaluationResults,
  type InferenceMode,
  modeResult,
  readResults,
} from "@soft-tokens/evals";
import { DEMO_THOUGHTS, type DemoThought } from "../src/demo/settings.ts";

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error("wanted the folders of demo runs");

interface Row {
  readonly thought: DemoThought;
  readonly difference: number;
  readonly entropyRatio: number;
  readonly passAt: number;
}

const rows: Row[] = [];
const lines = [
  "| seed | training | own sampled mode, before | after | difference (95 % interval) | entropy of hard-sample | pass@16 of hard-sample |",
  "|---|---|---|---|---|---|---|",
];
for (const folder of folders) {
  const base = await results(folder, "base");
  for (const thought of DEMO_THOUGHTS) {
    const after = await results(folder, thought);
    const own: InferenceMode = `${thought}-sample`;
    const change = compareMode(base, after, own);
    const [hardBefore, hardAfter] = [base, after].map((result) => modeResult(result, "hard-sample")?.metrics);
    if (!change || !hardBefore?.entropy || !hardAfter?.entropy) throw new Error(`${folder}: incomplete`);
    rows.push({
      thought,
      difference: change.difference,
      entropyRatio: hardAfter.entropy / hardBefore.entropy,
      passAt: hardAfter.passAt["16"] ?? Number.NaN,
    });
    lines.push(
      `| ${folder.split("/").at(-1)} | ${thought} | ${percent(modeResult(base, own)?.metrics.accuracy)} | ${percent(modeResult(after, own)?.metrics.accuracy)} | ${points(change.difference)} (${points(change.low)} to ${points(change.high)}) | ${hardBefore.entropy.toFixed(3)} to ${hardAfter.entropy.toFixed(3)} | ${percent(hardBefore.passAt["16"])} to ${percent(hardAfter.passAt["16"])} |`,
    );
  }
}
process.stdout.write(
  `${lines.join("\n")}\n\n| training | rise in its own mode, mean over seeds (standard error) | entropy of hard-sample, of the base's | pass@16 of hard-sample |\n|---|---|---|---|\n`,
);
for (const thought of DEMO_THOUGHTS) {
  const own = rows.filter((row) => row.thought === thought);
  const [mean, error] = meanAndError(own.map((row) => row.difference));
  const [entropy, entropyError] = meanAndError(own.map((row) => row.entropyRatio));
  const [passAt] = meanAndError(own.map((row) => row.passAt));
  process.stdout.write(
    `| ${thought} | ${points(mean)} (${(100 * error).toFixed(1)}) points | ${percent(entropy)} (${(100 * entropyError).toFixed(1)}) | ${percent(passAt)} |\n`,
  );
}

async function results(folder: string, name: string): Promise<EvaluationResults> {
  const found = await readResults(join(folder, name, "evaluations", "test"));
  if (!found) throw new Error(`${folder}: no results of ${name}`);
  return found;
}

/** Of the mean, from the spread over seeds. */
function meanAndError(values: readonly number[]): [mean: number, standardError: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return [mean, Math.sqrt(variance / values.length)];
}

function percent(share: number | undefined): string {
  return share === undefined ? "?" : (100 * share).toFixed(1);
}

function points(share: number): string {
  return `${share >= 0 ? "+" : "-"}${Math.abs(100 * share).toFixed(1)}`;
}
