/** `grid`: training variants x inference modes x tasks -> every table and figure of the paper, in one folder that continues. */

import { readdirSync } from "node:fs";
import {
  addSchemaOptions,
  FileError,
  graderOptions,
  lockFolder,
  modelOptions,
  tryGrader,
  UsageError,
} from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import {
  type GridAblation,
  type GridFile,
  mergeGrids,
  readGridFile,
  writeGridFile,
} from "@soft-tokens/evals/report";
import type { Command } from "commander";
import { z } from "zod";
import { generationOptions } from "../evaluate/generation-options.ts";
import { type OpenedTask, openTask } from "../evaluate/open-task.ts";
import { formatGridTables } from "../grid/format-grid.ts";
import { createLiveTable } from "../grid/live-table.ts";
import { fingerprint, trainingSettings } from "../grid/model-facts.ts";
import { parseAblations } from "../grid/parse-ablations.ts";
import {
  type PlannedRun,
  type PlannedTask,
  parseModels,
  parseModes,
  parseTasks,
} from "../grid/parse-grid.ts";
import { type GridPlan, planCells, runCells } from "../grid/run-cells.ts";
import { writeGrid } from "../grid/write-grid.ts";

const { model: _model, ...machineOptions } = modelOptions;

export const GridOptions = z.strictObject({
  models: z
    .string()
    .min(1)
    .describe(
      "NAME=MODEL,NAME=MODEL: columns of the tables, the first is compared with; soft=A,B,C are seeds",
    ),
  ...machineOptions,
  tasks: z.string().min(1).describe("Tasks by name, such as gsm8k,math500,olympiad,hellaswag,arc,mmlu"),
  data: z.string().min(1).optional().describe("TASK=FILE,TASK=FILE; gsm8k has an embedded sample"),
  skipBad: z
    .boolean()
    .default(false)
    .describe("Leave rows out that cannot be read or are too long for a model, instead of stopping"),
  modes: z.string().default("all").describe("all six inference modes, or some of them"),
  samples: z.int().positive().default(32).describe("Samples per question in the sampled modes"),
  limit: z.int().positive().optional().describe("The first N questions of every task only"),
  ...generationOptions,
  record: z
    .int()
    .nonnegative()
    .default(8)
    .describe("Questions of each task whose thoughts are recorded step by step"),
  noiseScales: z
    .string()
    .optional()
    .describe("Ablation: soft-sample and fuzzy-sample again with these, such as 0.1,1,3 (in rms(E))"),
  temperatures: z
    .string()
    .optional()
    .describe("Ablation: fuzzy-sample again at these, such as 1e-3,1e-2,0.1"),
  noisePlaces: z
    .string()
    .optional()
    .describe("Ablation: with noise on these, such as hidden,logits,logits-top5,logits-top50"),
  ablationTasks: z.string().optional().describe("Tasks of the ablations (default: the first generated one)"),
  ...graderOptions,
  json: z.boolean().default(false).describe("Print all figures as JSON instead of tables"),
  seed: z.int().nonnegative().default(0).describe("Root of all randomness"),
  out: z.string().min(1).describe("Folder of the results; the same command again continues"),
});
export type GridOptions = z.infer<typeof GridOptions>;

/** The command's options; `--models` and `--data` may be given several times. */
export function addGridOptions(command: Command): Command {
  addSchemaOptions(command, GridOptions).description(
    "Evaluate several trainings on several tasks, with the paper's tables and figures beside ours",
  );
  for (const option of command.options) {
    if (option.long !== "--models" && option.long !== "--data") continue;
    option.argParser((value: string, before: string | undefined) =>
      before === undefined ? value : `${before},${value}`,
    );
  }
  return command;
}

export async function grid(options: GridOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const runs = parseModels(options.models);
  const planned = parseTasks(options.tasks, options.data);
  const modes = parseModes(options.modes);
  const tasks: OpenedGridTask[] = [];
  for (const { name, data } of planned) {
    tasks.push({ name, data, opened: await openTask({ ...options, task: name, data }) });
  }
  const generated = tasks.filter(({ opened }) => opened.kind === "generation").map(({ name }) => name);
  const ablations = parseAblations(options, { modes, tasks: generated });
  const wanted = gridFile(options, runs, tasks, modes, ablations);
  using _lock = await lockFolder(options.out);
  const file = await openGridFolder(options.out, wanted);
  const { grader, graderWorkers, graderTimeoutMs } = options;
  await tryGrader({ grader, graderWorkers, graderTimeoutMs });
  await writeGridFile(options.out, file);
  const plan: GridPlan = { options, runs, tasks, modes, ablations, samples: file.samples, limit: file.limit };
  const cells = await planCells(plan);
  const table = createLiveTable({ cells: cells.map(({ progress }) => progress) });
  try {
    await runCells(plan, cells, table, signal);
  } finally {
    table.finish();
  }
  const written = await writeGrid(options.out, file);
  for (const warning of written.warnings) process.stderr.write(`warning  ${warning}\n`);
  process.stdout.write(
    options.json ? `${toJson(written.results, "results")}\n` : `${formatGridTables(written.runs)}\n`,
  );
  process.stderr.write(
    `results  ${options.out}: results.json, results.csv, results.md\nreport   ${written.report ?? "nothing to show yet"}\n`,
  );
}

interface OpenedGridTask extends PlannedTask {
  readonly opened: OpenedTask;
}

function gridFile(
  options: GridOptions,
  runs: readonly PlannedRun[],
  tasks: readonly OpenedGridTask[],
  modes: readonly string[],
  ablations: readonly GridAblation[],
): GridFile {
  const { seed, noiseScale, promptTemplate, maxThoughtSteps, maxAnswerTokens, stopString, dtype } = options;
  return {
    format: 1,
    kind: "grid",
    settings: {
      ...{ seed, noiseScale, promptTemplate, maxThoughtSteps, maxAnswerTokens, stopString, dtype },
      ...(options.grader !== undefined && { grader: options.grader }),
    },
    modes: [...modes],
    samples: options.samples,
    ...(options.limit !== undefined && { limit: options.limit }),
    tasks: tasks.map(({ name, data, opened }) => ({
      name,
      data,
      kind: opened.kind,
      questions: opened.task.questions.length,
      sha256: opened.task.source.sha256,
    })),
    runs: runs.map((run) => {
      const settings = trainingSettings(run.model);
      return {
        ...run,
        fingerprint: fingerprint(run.model),
        ...(settings && { settings: JSON.parse(JSON.stringify(settings)) }),
      };
    }),
    ...(ablations.length > 0 && { ablations: [...ablations] }),
  };
}

/** @throws UsageError for a folder of something else; EvaluationError FOLDER_OF_ANOTHER_EVALUATION with the differences */
async function openGridFolder(folder: string, wanted: GridFile): Promise<GridFile> {
  const there = await readGridFile(folder);
  if (there) return mergeGrids(folder, there, wanted);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith(".lock"));
  } catch (cause) {
    throw new FileError("FOLDER_NOT_USABLE", folder, cause);
  }
  if (names.length > 0) {
    throw new UsageError(
      `--out ${folder}: holds ${names.slice(0, 3).join(", ")} and no grid; name another folder`,
    );
  }
  return wanted;
}
