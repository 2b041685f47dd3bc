/**
 * Ablations: variants of one kind of thought that differ in one training setting (noise scale, temperature, where the noise
 * goes). Found by the settings that the trainings kept, not by their names.
 */

import type { TrainingKind } from "../report/data.ts";
import type { GridCell, GridRun } from "./figures.ts";

export interface Ablation {
  readonly kind: TrainingKind;
  readonly task: string;
  /** What differs, in words. */
  readonly title: string;
  /** By value. */
  readonly points: readonly { readonly value: string | number; readonly cell: GridCell }[];
}

interface AblatedSetting {
  readonly title: string;
  /** The names that a run's settings may use, in the order in which they count. */
  readonly names: readonly string[];
}

/** method.md section 8. */
const SETTINGS: readonly AblatedSetting[] = [
  { title: "noise scale (in units of rms)", names: ["noiseScale"] },
  { title: "temperature", names: ["temperature"] },
  { title: "where the noise goes", names: ["noisePlace", "noiseOn", "noiseAt"] },
];

/** One per kind, task and setting that at least two variants differ in, the other settings of this list being equal. */
export function gridAblations(runs: readonly GridRun[], cells: readonly GridCell[]): Ablation[] {
  const settingsOf = new Map(runs.map((run) => [run.variant, run.settings ?? {}]));
  const settingOf = (variant: string, { names }: AblatedSetting) => {
    const settings = settingsOf.get(variant) ?? {};
    const value = names.map((name) => settings[name]).find((found) => found !== undefined);
    return typeof value === "number" || typeof value === "string" ? value : null;
  };
  const groups = groupBy(cells, ({ kind, pooled }) => `${kind} ${pooled.task} ${pooled.checksum}`);
  return [...groups.values()].flatMap((group) =>
    SETTINGS.flatMap((setting): Ablation[] => {
      const others = (variant: string) =>
        JSON.stringify(
          SETTINGS.filter((other) => other !== setting).map((other) => settingOf(variant, other)),
        );
      return [...groupBy(group, ({ variant }) => others(variant)).values()].flatMap((alike) => {
        const points = alike.flatMap((cell) => {
          const value = settingOf(cell.variant, setting);
          return value === null ? [] : [{ value, cell }];
        });
        const [first] = points;
        if (!first || new Set(points.map(({ value }) => value)).size < 2) return [];
        const { kind, task } = first.cell;
        return [{ kind, task, title: setting.title, points: points.sort(byValue) }];
      });
    }),
  );
}

function byValue(a: { value: string | number }, b: { value: string | number }): number {
  if (typeof a.value === "number" && typeof b.value === "number") return a.value - b.value;
  return String(a.value) < String(b.value) ? -1 : 1;
}

function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}
