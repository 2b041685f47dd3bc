/**
 * Ablations: one setting (noise scale, temperature, where the noise goes) over its values. At training: variants of one kind of
 * thought that differ in it, found by the settings that the trainings kept, not by their names. At inference: the same model
 * evaluated again with the setting changed.
 */

import type { InferenceMode } from "../contract.ts";
import type { TrainingKind } from "../report/data.ts";
import { modeResult } from "../results/comparison.ts";
import type { GridCell, GridRun } from "./figures.ts";

/** method.md section 8. */
export const ABLATED_SETTINGS = ["noise-scale", "temperature", "noise-place"] as const;
export type AblatedSetting = (typeof ABLATED_SETTINGS)[number];
export type AblationValue = number | string;

/** A model's evaluation of a task with one setting changed, or unchanged. */
export interface AblatedCell {
  readonly setting: AblatedSetting;
  readonly value: AblationValue;
  /** The value that the rest of the grid has: its figures are the grid's own. */
  readonly isMain: boolean;
  /** Whose: the variant. The cell's own `variant` names the evaluation, as samples are found by it. */
  readonly of: string;
  /** Those whose figures count; the evaluation may have others. */
  readonly modes: readonly string[];
  readonly cell: GridCell;
}

export interface Ablation {
  readonly at: "training" | "inference";
  readonly setting: AblatedSetting;
  /** What differs, in words. */
  readonly title: string;
  readonly task: string;
  /** Numbers ascend, names stand as they were given. */
  readonly values: readonly AblationValue[];
  /** Of tables: at training one per variant, since several may share a value; at inference one per value. */
  readonly rows: readonly AblationRow[];
  /** At training one per mode; at inference one per variant and mode. */
  readonly series: readonly AblationSeries[];
}

export interface AblationRow {
  readonly value: AblationValue;
  readonly variant?: string;
}

/** A row's cell in a column; undefined where it was not evaluated. */
export function ablationCell(
  { points }: AblationSeries,
  { value, variant }: AblationRow,
): GridCell | undefined {
  return points.find(
    (point) => point.value === value && (variant === undefined || point.cell.variant === variant),
  )?.cell;
}

export interface AblationSeries {
  /** The kind of thought that was trained, or the variant. */
  readonly name: string;
  readonly kind: TrainingKind;
  readonly mode: InferenceMode;
  /** In the order of the values; those that were not evaluated are left out. */
  readonly points: readonly { readonly value: AblationValue; readonly cell: GridCell }[];
}

const TITLES: Record<AblatedSetting, string> = {
  "noise-scale": "noise scale",
  temperature: "temperature",
  "noise-place": "where the noise goes",
};

/** The names that a run's settings use. */
const NAMES: Record<AblatedSetting, string> = {
  "noise-scale": "noiseScale",
  temperature: "temperature",
  "noise-place": "noisePlace",
};

/** One per kind, task and setting that at least two variants differ in, the other settings of this list being equal. */
export function gridAblations(runs: readonly GridRun[], cells: readonly GridCell[]): Ablation[] {
  const settingsOf = new Map(runs.map((run) => [run.variant, run.settings ?? {}]));
  const settingOf = (variant: string, setting: AblatedSetting): AblationValue | null => {
    const value = settingsOf.get(variant)?.[NAMES[setting]];
    return typeof value === "number" || typeof value === "string" ? value : null;
  };
  const groups = groupBy(cells, ({ kind, pooled }) => `${kind} ${pooled.task} ${pooled.checksum}`);
  return [...groups.values()].flatMap((group) =>
    ABLATED_SETTINGS.flatMap((setting): Ablation[] => {
      const others = (variant: string) =>
        JSON.stringify(
          ABLATED_SETTINGS.filter((other) => other !== setting).map((other) => settingOf(variant, other)),
        );
      return [...groupBy(group, ({ variant }) => others(variant)).values()].flatMap((alike) => {
        const points = alike.flatMap((cell) => {
          const value = settingOf(cell.variant, setting);
          return value === null ? [] : [{ value, cell, of: cell.kind }];
        });
        return ablation("training", setting, points);
      });
    }),
  );
}

/** One per task and setting that was changed: a value beside the main one has been evaluated. */
export function inferenceAblations(cells: readonly AblatedCell[]): Ablation[] {
  const groups = groupBy(cells, ({ setting, cell }) => `${setting} ${cell.task} ${cell.pooled.checksum}`);
  return [...groups.values()].flatMap((group) =>
    ablation("inference", (group[0] as AblatedCell).setting, group),
  );
}

interface OwnedPoint {
  readonly value: AblationValue;
  readonly cell: GridCell;
  readonly of: string;
  /** Defaults to all that were evaluated. A mode has the value of a temperature only where that was meant for it. */
  readonly modes?: readonly string[];
}

/** None where there are not at least two values. */
function ablation(at: Ablation["at"], setting: AblatedSetting, points: readonly OwnedPoint[]): Ablation[] {
  const values = inOrder([...new Set(points.map(({ value }) => value))]);
  const [first] = points;
  if (!first || values.length < 2) return [];
  const hasMode = ({ cell, modes }: OwnedPoint, mode: InferenceMode) =>
    (modes?.includes(mode) ?? true) && modeResult(cell.pooled, mode) !== undefined;
  const series = [...groupBy(points, ({ of }) => of)].flatMap(([name, own]): AblationSeries[] => {
    const sorted = values.flatMap((value) => own.filter((point) => point.value === value));
    const modes = new Set(own.flatMap(({ cell }) => cell.pooled.results.map(({ mode }) => mode)));
    return [...modes].flatMap((mode) => {
      const withMode = sorted.filter((point) => hasMode(point, mode));
      if (withMode.length === 0) return [];
      const { kind } = (own[0] as OwnedPoint).cell;
      return [{ name, kind, mode, points: withMode.map(({ value, cell }) => ({ value, cell })) }];
    });
  });
  const rows = values.flatMap((value): AblationRow[] =>
    at === "inference"
      ? [{ value }]
      : points.filter((point) => point.value === value).map(({ cell: { variant } }) => ({ value, variant })),
  );
  return [{ at, setting, title: TITLES[setting], task: first.cell.task, values, rows, series }];
}

function inOrder(values: readonly AblationValue[]): AblationValue[] {
  return values.every((value) => typeof value === "number") ? [...values].sort((a, b) => a - b) : [...values];
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}
