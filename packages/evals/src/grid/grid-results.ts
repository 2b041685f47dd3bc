/**
 * The grid's own `results.json`: everything its tables and figures say, as numbers. No times and no machine: the same
 * samples give the same bytes.
 */

import type { EvaluationResults } from "../results/schema.ts";
import type { AblatedCell } from "./ablations.ts";
import { type GridDifference, gridDifferences } from "./differences.ts";
import {
  type AblationFigure,
  ablationFigures,
  type GridFigure,
  type GridRun,
  gridCells,
  gridFigures,
} from "./figures.ts";
import { PAPER_FIGURES, type PaperFigure } from "./paper.ts";

export interface GridResults {
  readonly format: 1;
  readonly kind: "grid";
  /** False while a cell's samples are missing. */
  readonly complete: boolean;
  readonly runs: readonly {
    readonly name: string;
    readonly variant: string;
    readonly model: string;
    readonly evaluations: readonly {
      readonly task: string;
      readonly checksum: string;
      readonly complete: boolean;
      /** Samples that failed, hit a limit or were given up on, apart from wrong answers, over all modes. */
      readonly outcomes: Readonly<Record<string, number>>;
    }[];
  }[];
  readonly figures: readonly GridFigure[];
  readonly differences: readonly GridDifference[];
  /** Of models evaluated again with one setting changed; the main value's figures are among `figures`. */
  readonly ablations: readonly AblationFigure[];
  /** What the paper reports, where it is given here. */
  readonly paper: readonly PaperFigure[];
}

/** `expected` is the number of evaluations per run; a run with fewer is not complete. `isComplete` speaks for the rest, such as ablations. */
export function gridResults(
  runs: readonly GridRun[],
  expected: number,
  { ablated = [], isComplete = true }: { ablated?: readonly AblatedCell[]; isComplete?: boolean } = {},
): GridResults {
  const cells = gridCells(runs);
  return {
    format: 1,
    kind: "grid",
    complete:
      runs.every(
        ({ evaluations }) => evaluations.length >= expected && evaluations.every(({ complete }) => complete),
      ) && isComplete,
    runs: runs.map(({ name, variant, model, evaluations }) => ({
      name,
      variant,
      model,
      evaluations: evaluations.map((of) => ({
        task: of.task,
        checksum: of.checksum,
        complete: of.complete,
        outcomes: sumOutcomes(of),
      })),
    })),
    figures: gridFigures(cells),
    differences: gridDifferences(cells),
    ablations: ablationFigures(ablated),
    paper: PAPER_FIGURES,
  };
}

function sumOutcomes({ results }: EvaluationResults): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { outcomes } of results) {
    for (const [name, count] of Object.entries(outcomes)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
