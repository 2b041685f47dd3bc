/**
 * `grid.json`: what a grid's folder is of. Written before anything is evaluated, so that a folder can be shown while it fills
 * and another configuration can be refused. Each run's evaluations lie in `RUN/evaluations/TASK/`.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "@soft-tokens/graders";
import { z } from "zod";
import { EvaluationError } from "../errors.ts";
import { toJson } from "../results/to-json.ts";
import { writeFileAtomically } from "../results/write-file.ts";
import { ABLATED_SETTINGS } from "./ablations.ts";

export const GRID_FILE = "grid.json";

const GridFileSchema = z.object({
  format: z.literal(1),
  kind: z.literal("grid"),
  /** What decides the numbers, the same for all runs: seed, limits, noise, prompt, dtype. */
  settings: z.record(z.string(), z.json()),
  modes: z.array(z.string()),
  /** Of the sampled modes. */
  samples: z.int().min(1),
  limit: z.int().min(1).optional(),
  tasks: z.array(
    z.object({
      name: z.string(),
      data: z.string(),
      kind: z.enum(["generation", "likelihood"]),
      /** In the file; a limit takes the first of them. */
      questions: z.int().min(1),
      /** Of the file's bytes; absent in older grids, whose evaluations have it. */
      sha256: z.string().optional(),
    }),
  ),
  runs: z.array(
    z.object({
      name: z.string(),
      variant: z.string(),
      model: z.string(),
      /** Of the model's files: another model under the same path is another run. */
      fingerprint: z.string(),
      /** Of the training that made the model, where they lie beside it. */
      settings: z.record(z.string(), z.json()).optional(),
    }),
  ),
  /** Settings that are varied at inference, a value each. Their evaluations lie in `RUN/ablations/SETTING-VALUE/TASK/`. */
  ablations: z
    .array(
      z.object({
        setting: z.enum(ABLATED_SETTINGS),
        value: z.union([z.number(), z.string().regex(/^[a-z][a-z0-9-]*$/u)]),
        /** The value that the rest of the grid has: its evaluation is the grid's own. */
        isMain: z.boolean(),
        tasks: z.array(z.string()),
        modes: z.array(z.string()),
      }),
    )
    .optional(),
});
export type GridFile = z.infer<typeof GridFileSchema>;
export type GridAblation = NonNullable<GridFile["ablations"]>[number];

/** "base, hard, soft on gsm8k, math500" */
export function gridTitle({ runs, tasks }: GridFile): string {
  const variants = [...new Set(runs.map(({ variant }) => variant))];
  return `${variants.join(", ")} on ${tasks.map(({ name }) => name).join(", ")}`;
}

/** Null where there is none. @throws EvaluationError RESULTS_UNREADABLE */
export async function readGridFile(folder: string): Promise<GridFile | null> {
  const file = join(folder, GRID_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return null;
    throw new EvaluationError("RESULTS_UNREADABLE", `${file}: ${String(cause)}`, { cause, file });
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new EvaluationError(
      "RESULTS_UNREADABLE",
      `${file}: not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause, file },
    );
  }
  const parsed = GridFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new EvaluationError("RESULTS_UNREADABLE", `${file}, field "${field}": ${issue?.message}`, {
    file,
    field,
  });
}

/** @throws EvaluationError WRITE_FAILED */
export async function writeGridFile(folder: string, grid: GridFile): Promise<void> {
  await writeFileAtomically(join(folder, GRID_FILE), `${toJson(grid, GRID_FILE, 2)}\n`);
}

/**
 * The folder's grid and this one together: runs, tasks, modes and ablations may be added, samples and questions raised; what is
 * there must be the same, the content of the question files too. @throws EvaluationError FOLDER_OF_ANOTHER_EVALUATION with the differences
 */
export function mergeGrids(folder: string, there: GridFile, here: GridFile): GridFile {
  const differences = [
    ...recordDifferences("settings", there.settings, here.settings),
    ...here.runs.flatMap((run) => {
      const known = there.runs.find(({ name }) => name === run.name);
      if (!known) return [];
      const { model, fingerprint } = known;
      return recordDifferences(
        `run ${run.name}`,
        { model, files: fingerprint },
        { model: run.model, files: run.fingerprint },
      );
    }),
    ...here.tasks.flatMap((task) => {
      const known = there.tasks.find(({ name }) => name === task.name);
      return known ? taskDifferences(known, task) : [];
    }),
  ];
  if (differences.length > 0) {
    throw new EvaluationError(
      "FOLDER_OF_ANOTHER_EVALUATION",
      `${folder}: holds another grid, name another folder; it differs in\n  ${differences.join("\n  ")}`,
      { file: join(folder, GRID_FILE), differences },
    );
  }
  const added = <T extends { readonly name: string }>(old: readonly T[], fresh: readonly T[]) => [
    ...old.map((one) => fresh.find(({ name }) => name === one.name) ?? one),
    ...fresh.filter(({ name }) => !old.some((one) => one.name === name)),
  ];
  const { limit: _limit, ablations: _ablations, ...rest } = here;
  const limit =
    there.limit === undefined || here.limit === undefined ? undefined : Math.max(there.limit, here.limit);
  return {
    ...rest,
    ...(limit !== undefined && { limit }),
    samples: Math.max(there.samples, here.samples),
    modes: [...new Set([...there.modes, ...here.modes])],
    tasks: added(there.tasks, here.tasks),
    runs: added(there.runs, here.runs),
    ...mergeAblations(there.ablations, here.ablations),
  };
}

type GridTask = GridFile["tasks"][number];

/** The same content is the same task, wherever its file is now; an older grid has only the path. */
function taskDifferences(there: GridTask, here: GridTask): string[] {
  const field = there.sha256 === undefined || here.sha256 === undefined ? "data" : "sha256";
  return recordDifferences(`task ${here.name}`, { [field]: there[field] }, { [field]: here[field] });
}

/** Values, tasks and modes may be added. */
function mergeAblations(
  there: GridFile["ablations"] = [],
  here: GridFile["ablations"] = [],
): Pick<GridFile, "ablations"> {
  const keyOf = ({ setting, value }: GridAblation) => `${setting} ${value}`;
  const merged = new Map(there.map((one) => [keyOf(one), one]));
  for (const one of here) {
    const known = merged.get(keyOf(one));
    merged.set(keyOf(one), {
      ...one,
      tasks: [...new Set([...(known?.tasks ?? []), ...one.tasks])],
      modes: [...new Set([...(known?.modes ?? []), ...one.modes])],
    });
  }
  return merged.size > 0 ? { ablations: [...merged.values()] } : {};
}

function recordDifferences(
  name: string,
  there: Readonly<Record<string, unknown>>,
  here: Readonly<Record<string, unknown>>,
): string[] {
  const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  return keys.flatMap((key) => {
    const [was, is] = [JSON.stringify(there[key]) ?? "absent", JSON.stringify(here[key]) ?? "absent"];
    return was === is ? [] : [`${name}, ${key}: ${was} there, ${is} here`];
  });
}
