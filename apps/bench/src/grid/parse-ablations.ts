/**
 * `--noise-scales`, `--temperatures` and `--noise-places` as what is evaluated again: sampled soft and fuzzy modes, one setting
 * changed. The value that the grid has anyway stands among them and costs nothing.
 */

import { UsageError } from "@soft-tokens/app-common";
import type { InferenceMode } from "@soft-tokens/evals";
import type { AblatedSetting, AblationValue, GridAblation } from "@soft-tokens/evals/report";
import { createThoughtPolicy, isNoisePlace, NOISE_PLACES } from "@soft-tokens/sampler";

export interface AblationOptions {
  readonly noiseScales?: string | undefined;
  readonly temperatures?: string | undefined;
  readonly noisePlaces?: string | undefined;
  readonly ablationTasks?: string | undefined;
  /** The grid's own. */
  readonly noiseScale: number;
}

/** What of the grid can be varied. */
export interface AblationScope {
  readonly modes: readonly InferenceMode[];
  /** Names of the tasks that are answered by generating. */
  readonly tasks: readonly string[];
}

/** Empty where nothing is to be varied. @throws UsageError */
export function parseAblations(options: AblationOptions, { modes, tasks }: AblationScope): GridAblation[] {
  const noisy = modes.filter((mode) => mode === "soft-sample" || mode === "fuzzy-sample");
  // Soft and fuzzy differ in temperature only, so one of them tells it all: fuzzy, as in the paper.
  const warmed = noisy.includes("fuzzy-sample") ? "fuzzy-sample" : "soft-sample";
  const warmth = createThoughtPolicy(warmed === "fuzzy-sample" ? "fuzzy" : "soft", { rms: 1 });
  const varied = [
    vary("noise-scale", "--noise-scales", options.noiseScales, positive, options.noiseScale, noisy),
    vary("temperature", "--temperatures", options.temperatures, positive, warmth.settings.temperature, [
      warmed,
    ]),
    vary("noise-place", "--noise-places", options.noisePlaces, noisePlace, "embedding", noisy),
  ].flat();
  if (varied.length === 0) {
    if (options.ablationTasks === undefined) return [];
    throw new UsageError(
      "--ablation-tasks: nothing is varied; name values with --noise-scales, --temperatures or --noise-places",
    );
  }
  if (noisy.length === 0)
    throw new UsageError(
      "--modes: noise and temperature are varied in soft-sample and fuzzy-sample; name one of them",
    );
  const chosen = tasksOf(options.ablationTasks, tasks);
  return varied.map((one) => ({ ...one, tasks: chosen }));
}

/** The paper varied them on one task; the first one is that unless others are named. */
function tasksOf(text: string | undefined, tasks: readonly string[]): string[] {
  const [first] = tasks;
  if (first === undefined)
    throw new UsageError(
      "--tasks: noise and temperature are varied where answers are generated; add such a task",
    );
  if (text === undefined) return [first];
  const names = text.split(",").map((name) => name.trim().toLowerCase().replace(/[-_]/gu, ""));
  const wrong = names.find((name) => !tasks.includes(name));
  if (wrong !== undefined) {
    throw new UsageError(
      `--ablation-tasks ${wrong || '""'}: is not among the generated tasks of --tasks, which are ${tasks.join(", ")}`,
    );
  }
  return [...new Set(names)];
}

function vary(
  setting: AblatedSetting,
  option: string,
  text: string | undefined,
  read: (piece: string, option: string) => AblationValue,
  main: AblationValue,
  modes: readonly string[],
): Omit<GridAblation, "tasks">[] {
  if (text === undefined) return [];
  const given = text.split(",").map((piece) => read(piece.trim(), option));
  const values = given.includes(main) ? given : [main, ...given];
  return [...new Set(values)].map((value) => ({ setting, value, isMain: value === main, modes: [...modes] }));
}

function positive(piece: string, option: string): number {
  const value = Number(piece);
  if (piece === "" || !Number.isFinite(value) || value <= 0)
    throw new UsageError(`${option} ${piece || '""'}: wanted numbers above 0 with commas between them`);
  return value;
}

function noisePlace(piece: string, option: string): string {
  if (!isNoisePlace(piece))
    throw new UsageError(
      `${option} ${piece || '""'}: no such place; wanted some of ${NOISE_PLACES.join(",")} (any number behind logits-top)`,
    );
  return piece;
}
