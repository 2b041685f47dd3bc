/** Which questions one variant gains and loses against another, and how sure the difference is: all pairs, tasks and modes. */

import { compareMode, isClear } from "../results/comparison.ts";
import type { GridCell } from "./figures.ts";

export interface GridDifference {
  readonly task: string;
  readonly mode: string;
  readonly from: string;
  readonly to: string;
  /** Mean over the questions of (to - from), shares correct; several seeds count with their mean. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Whether the interval leaves out zero. */
  readonly isClear: boolean;
  readonly questions: number;
  /** Ids with a higher share correct in `to`, and with a lower one. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Pairs in the order of the variants: each with all that come after it. */
export function gridDifferences(cells: readonly GridCell[]): GridDifference[] {
  const tasks = [...new Set(cells.map(({ pooled }) => pooled.checksum + pooled.task))];
  return tasks.flatMap((task) => {
    const ofTask = cells.filter(({ pooled }) => pooled.checksum + pooled.task === task);
    return ofTask.flatMap((from, index) =>
      ofTask.slice(index + 1).flatMap((to) => pairDifferences(from, to)),
    );
  });
}

function pairDifferences(from: GridCell, to: GridCell): GridDifference[] {
  return from.pooled.results.flatMap(({ mode }) => {
    const compared = compareMode(from.pooled, to.pooled, mode);
    if (!compared) return [];
    return [
      {
        task: from.task,
        mode,
        from: from.variant,
        to: to.variant,
        difference: compared.difference,
        low: compared.low,
        high: compared.high,
        isClear: isClear(compared),
        questions: compared.questions,
        gained: compared.gained,
        lost: compared.lost,
      },
    ];
  });
}
