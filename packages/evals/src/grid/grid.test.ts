import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeResults } from "../fixtures/make-results.ts";
import type { LikelihoodResults } from "../likelihood/schema.ts";
import { type AblatedCell, gridAblations, inferenceAblations } from "./ablations.ts";
import { gridDifferences } from "./differences.ts";
import { type GridRun, gridCells, gridFigures } from "./figures.ts";
import { type GridFile, gridTitle, mergeGrids, readGridFile, writeGridFile } from "./grid-file.ts";
import { gridResults } from "./grid-results.ts";
import { likelihoodAsEvaluation } from "./likelihood-results.ts";
import { paperAblation, paperFigure } from "./paper.ts";
import { paperTables } from "./paper-tables.ts";
import { poolSeeds, seedSpread } from "./pool-seeds.ts";
import { gridCsv, gridMarkdown } from "./write-tables.ts";

function run(
  name: string,
  variant: string,
  correct: readonly number[],
  more: Partial<GridRun> = {},
): GridRun {
  const results = makeResults(
    { "hard-greedy": correct.map((count) => Math.min(1, count)), "soft-sample": correct },
    { task: "gsm8k", model: name },
  );
  const kind = variant.startsWith("soft") ? "soft" : "base";
  return { name, variant, kind, model: name, evaluations: [results], ...more };
}

const RUNS = [
  run("base", "base", [0, 1, 0, 2, 0, 1]),
  run("soft-1", "soft", [4, 3, 4, 4, 2, 4]),
  run("soft-2", "soft", [4, 1, 2, 4, 0, 4]),
];

describe("seeds of a training", () => {
  test("have a mean and its standard error, one seed has none", () => {
    // Sample standard deviation of 1, 2, 6 is sqrt(7).
    expect(seedSpread([1, 2, 6])).toEqual({ mean: 3, standardError: Math.sqrt(7 / 3), values: [1, 2, 6] });
    expect(seedSpread([5]).standardError).toBeNull();
    expect(() => seedSpread([])).toThrow(RangeError);
  });

  test("are pooled into their mean, with an interval over questions", () => {
    const [first, second] = RUNS.slice(1).flatMap(({ evaluations }) => evaluations);
    const pooled = poolSeeds([first, second].filter((seed) => seed !== undefined));
    const sampled = pooled.results.find(({ mode }) => mode === "soft-sample");
    expect(sampled?.metrics.accuracy).toBeCloseTo((21 / 24 + 15 / 24) / 2, 12);
    expect(sampled?.correctByQuestion).toEqual({ q0: 8, q1: 4, q2: 6, q3: 8, q4: 2, q5: 8 });
    expect(sampled?.n).toBe(8);
    const { low, high, method } = sampled?.metrics.intervals.accuracy ?? { low: 1, high: 0, method: "" };
    expect([low < 0.75, high > 0.75, method]).toEqual([true, true, "bootstrap"]);
    // pass@4 is a mean of the seeds' pass@4, not that of eight samples.
    expect(sampled?.metrics.passAt["4"]).toBeCloseTo((1 + 5 / 6) / 2, 12);
    expect(Object.keys(sampled?.metrics.passAt ?? {})).toEqual(["1", "2", "4"]);
    expect(sampled?.outcomes.samples).toBe(48);
    expect(sampled?.entropyByPosition).toEqual({ mean: [1, 0.5, 0.25], count: [48, 48, 48] });
  });

  test("of different question files are not pooled, one alone is left as it is", () => {
    const one = makeResults({ "hard-greedy": [1, 0] });
    expect(poolSeeds([one])).toBe(one);
    expect(() => poolSeeds([one, makeResults({ "hard-greedy": [1, 0] }, { checksum: "other" })])).toThrow(
      /other questions/u,
    );
  });
});

describe("a grid's figures", () => {
  const cells = gridCells(RUNS);
  const figures = gridFigures(cells);

  test("have a value, an interval and the seeds behind them", () => {
    const figure = figures.find(
      ({ variant, mode, metric }) => variant === "soft" && mode === "soft-sample" && metric === "accuracy",
    );
    expect(figure).toMatchObject({
      value: 0.75,
      seeds: 2,
      perSeed: [0.875, 0.625],
      samples: 4,
      questions: 6,
    });
    expect(figure?.standardError).toBeCloseTo(0.125, 12);
    expect(new Set(figures.map(({ metric }) => metric))).toEqual(
      new Set(["accuracy", "pass@2", "pass@4", "majority@4", "entropy", "thoughtLength"]),
    );
  });

  test("are the same numbers in the same bytes every time", () => {
    expect(JSON.stringify(gridResults(RUNS, 1))).toBe(JSON.stringify(gridResults(RUNS, 1)));
    expect(gridResults(RUNS, 1).complete).toBe(true);
    expect(gridResults(RUNS, 2).complete).toBe(false);
  });

  test("become rows for spreadsheets that run nothing", () => {
    const [header, ...rows] = gridCsv(figures).trimEnd().split("\r\n");
    expect(header).toBe(
      "variant,task,mode,metric,value,low,high,seeds,standardError,questions,samples,setting,settingValue",
    );
    expect(rows).toHaveLength(figures.length);
    const hostile = gridCsv([{ ...(figures[0] as (typeof figures)[0]), variant: '=1+"1",2' }]);
    expect(hostile).toContain('"\'=1+""1"",2",gsm8k');
  });

  test("stand beside the paper's, and where it has none a dash stands", () => {
    const markdown = gridMarkdown({
      title: "T",
      tables: paperTables(cells),
      differences: gridDifferences(cells),
    });
    expect(markdown).toMatch(/\| base \| 71\.4 \| 50\.0 \[/u);
    expect(markdown).toMatch(/\| soft \| 77\.2 \| 91\.7 ± 8\.3 \[/u);
    expect(markdown).toContain("soft sample, paper");
    expect(markdown).toMatch(/\| gsm8k \| soft-sample \| base \| soft \| \+58\.3\* \|/u);
  });

  test("tell which questions another training gains and loses", () => {
    const [greedy, sampled] = gridDifferences(cells);
    expect(greedy).toMatchObject({ mode: "hard-greedy", from: "base", to: "soft", lost: [] });
    expect(sampled?.gained).toEqual(["q0", "q1", "q2", "q3", "q4", "q5"]);
    expect(sampled?.difference).toBeCloseTo(0.75 - 4 / 24, 12);
  });
});

test("the paper's figures are found by the task's usual names, others are not made up", () => {
  const greedy = { name: "passAt", mode: "hard-greedy", k: 1 } as const;
  expect(paperFigure("gsm8k", "soft", greedy)).toBe(0.772);
  expect(paperFigure("MATH-500", "hard", greedy)).toBe(0.346);
  expect(paperFigure("math500", "hard", greedy, "Llama-3.1-8B")).toBe(0.202);
  expect(paperFigure("arc", "hard", { name: "nllPerToken" })).toBe(3.16);
  expect(paperFigure("gsm8k", "soft", { name: "passAt", mode: "soft-greedy", k: 1 })).toBeNull();
  expect(paperFigure("arc_easy", "hard", { name: "nllPerToken" })).toBeNull();
  expect(paperFigure("olympiad", "base", greedy)).toBeNull();
});

test("likelihood results read as one answer per question, with their own metrics", () => {
  const interval = { low: 0, high: 1, method: "bootstrap" } as const;
  const results: LikelihoodResults = {
    format: 1,
    task: "arc",
    mode: "likelihood",
    model: "tiny",
    n: 1,
    questions: 2,
    metrics: {
      accuracy: 0.5,
      passAt: { "1": 0.5 },
      acc: 0.5,
      acc_norm: 1,
      nllPerToken: 2.5,
      nllPerTokenPooled: 2.4,
      intervals: {
        accuracy: interval,
        passAt: { "1": interval },
        acc: interval,
        acc_norm: interval,
        nllPerToken: { ...interval, low: 2, high: 3 },
      },
    },
    groups: [],
    truncated: 0,
    correctByQuestion: { a: 1, b: 0 },
    checksum: "abc",
    source: { file: "arc.jsonl", sha256: "abc", format: "arc", rows: 2, duplicates: 0, skipped: 0 },
    seed: 0,
    settings: {},
    versions: {},
    complete: true,
  };
  const evaluations = [likelihoodAsEvaluation(results)];
  const cells = gridCells([{ name: "base", variant: "base", kind: "base", model: "tiny", evaluations }]);
  const figures = gridFigures(cells);
  expect(figures.map(({ metric, value, low }) => [metric, value, low])).toEqual([
    ["accuracy", 0.5, 0],
    ["accuracyNormalized", 1, 0],
    ["nllPerToken", 2.5, 2],
    ["nllPerTokenPooled", 2.4, null],
  ]);
  const [table] = paperTables(cells);
  expect(table).toMatchObject({ id: "table-2", task: "arc" });
  expect(table?.rows[0]?.cells.at(-1)?.paper).toBe(2.86);
});

describe("ablations", () => {
  const variant = (name: string, settings: Record<string, unknown>) =>
    run(name, name, [1, 2, 3, 4, 0, 0], { settings });

  test("are trainings of a kind that differ in one setting", () => {
    const runs = [
      variant("soft-a", { noiseScale: 1, temperature: 0.5, steps: 3 }),
      variant("soft-b", { noiseScale: 0.33, temperature: 0.5, steps: 3 }),
      variant("soft-c", { noiseScale: 0.33, temperature: 0.1, steps: 3 }),
      run("base", "base", [0, 0, 0, 0, 0, 0]),
    ];
    const found = gridAblations(runs, gridCells(runs));
    expect(found[0]?.rows).toEqual([
      { value: 0.33, variant: "soft-b" },
      { value: 1, variant: "soft-a" },
    ]);
    expect(found.map(({ at, title, values }) => [at, title, values])).toEqual([
      ["training", "noise scale", [0.33, 1]],
      ["training", "temperature", [0.1, 0.5]],
    ]);
    expect(
      found[0]?.series.map(({ name, mode, points }) => [name, mode, points.map((of) => of.cell.variant)]),
    ).toEqual([
      ["soft", "hard-greedy", ["soft-b", "soft-a"]],
      ["soft", "soft-sample", ["soft-b", "soft-a"]],
    ]);
  });

  test("are none where nothing that the paper varied differs", () => {
    const runs = [
      variant("soft-a", { noiseScale: 1, steps: 1 }),
      variant("soft-b", { noiseScale: 1, steps: 2 }),
    ];
    expect(gridAblations(runs, gridCells(runs))).toEqual([]);
  });

  const ablated = (
    of: string,
    value: number | string,
    isMain: boolean,
    correct: readonly number[],
  ): AblatedCell => {
    const setting = typeof value === "number" ? "noise-scale" : "noise-place";
    const [cell] = gridCells([run(isMain ? of : `${of}, ${setting} ${value}`, of, correct)]);
    return { setting, value, isMain, of, modes: ["soft-sample"], cell: cell as AblatedCell["cell"] };
  };
  const ABLATED = [
    ablated("base", 0.33, true, [4, 4, 4, 0]),
    ablated("base", 3, false, [0, 0, 1, 0]),
    ablated("base", 0.1, false, [4, 4, 4, 4]),
    ablated("soft", 0.33, true, [4, 4, 4, 4]),
    ablated("soft", "embedding", true, [4, 4, 4, 4]),
    ablated("soft", "hidden", false, [4, 4, 4, 2]),
  ];

  test("at inference have a line per variant, places in their order, and only the modes that were varied", () => {
    const [scale, place] = inferenceAblations(ABLATED);
    expect(scale).toMatchObject({ at: "inference", setting: "noise-scale", values: [0.1, 0.33, 3] });
    expect(scale?.series.map(({ name, mode, points }) => [name, mode, points.length])).toEqual([
      ["base", "soft-sample", 3],
      ["soft", "soft-sample", 1],
    ]);
    expect(place?.values).toEqual(["embedding", "hidden"]);
    expect(inferenceAblations(ABLATED.slice(0, 1))).toEqual([]);
  });

  test("at inference leave a mode out where the grid's own value is another mode's", () => {
    const warm = ["soft-sample", "hard-greedy"].map((mode, index) => ({
      ...ablated("base", 0.5 + index, true, [4, 4, 4, 0]),
      setting: "temperature" as const,
      modes: [mode],
    }));
    const [found] = inferenceAblations(warm);
    expect(found?.series.map(({ mode, points }) => [mode, points.map(({ value }) => value)])).toEqual([
      ["hard-greedy", [1.5]],
      ["soft-sample", [0.5]],
    ]);
  });

  test("at inference are figures of their own, once", () => {
    const { ablations, complete } = gridResults(RUNS, 1, { ablated: ABLATED });
    expect(complete).toBe(true);
    expect(gridResults(RUNS, 1, { ablated: ABLATED, isComplete: false }).complete).toBe(false);
    const accuracies = ablations.filter(({ metric }) => metric === "accuracy");
    expect(accuracies.map((of) => [of.variant, of.setting, of.settingValue, of.mode, of.value])).toEqual([
      ["base", "noise-scale", 3, "soft-sample", 1 / 16],
      ["base", "noise-scale", 0.1, "soft-sample", 1],
      ["soft", "noise-place", "hidden", "soft-sample", 14 / 16],
    ]);
    expect(gridCsv(ablations).split("\r\n")[1]).toMatch(
      /^base,gsm8k,soft-sample,accuracy,0\.0625,.*,noise-scale,3$/u,
    );
  });

  test("become tables with what the paper did beside them", () => {
    const markdown = gridMarkdown({
      title: "T",
      tables: [],
      differences: [],
      ablations: inferenceAblations(ABLATED),
    });
    expect(markdown).toContain("## Ablation: noise scale at inference, gsm8k");
    expect(markdown).toMatch(/\| 3 \| collapses \| 6\.3 \[.*\| not run \|/u);
    expect(markdown).toMatch(/\| 0\.33 \| its setting \| 75\.0 .* \| 100\.0 /u);
    expect(markdown).toMatch(/\| hidden \| tried \| 87\.5 /u);
    expect(paperAblation("temperature", 1e-4)).toBe("its fuzzy");
    expect(paperAblation("noise-scale", 0.2)).toBeNull();
  });
});

describe("grid.json", () => {
  const grid: GridFile = {
    format: 1,
    kind: "grid",
    settings: { seed: 0, noiseScale: 0.33 },
    modes: ["hard-greedy"],
    samples: 8,
    limit: 10,
    tasks: [{ name: "gsm8k", data: "gsm8k", kind: "generation", questions: 256 }],
    runs: [{ name: "base", variant: "base", model: "a", fingerprint: "1" }],
  };

  test("is written, read back and named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "evals-grid-"));
    try {
      expect(await readGridFile(folder)).toBeNull();
      await writeGridFile(folder, grid);
      expect(await readGridFile(folder)).toEqual(grid);
      expect(gridTitle(grid)).toBe("base on gsm8k");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("may get more runs, tasks, modes, samples and questions", () => {
    const more: GridFile = {
      ...grid,
      modes: ["soft-sample"],
      samples: 4,
      limit: 20,
      runs: [{ name: "soft", variant: "soft", model: "b", fingerprint: "2" }],
    };
    expect(mergeGrids("out", grid, more)).toMatchObject({
      modes: ["hard-greedy", "soft-sample"],
      samples: 8,
      limit: 20,
      runs: [{ name: "base" }, { name: "soft" }],
    });
    const { limit: _, ...whole } = grid;
    expect(mergeGrids("out", grid, whole).limit).toBeUndefined();
  });

  test("may get more values of a setting, more tasks and modes of one", () => {
    const one = {
      setting: "noise-scale",
      value: 3,
      isMain: false,
      tasks: ["gsm8k"],
      modes: ["soft-sample"],
    } as const;
    const there: GridFile = { ...grid, ablations: [{ ...one, tasks: ["gsm8k"], modes: ["soft-sample"] }] };
    const here: GridFile = {
      ...grid,
      ablations: [
        { ...one, tasks: ["math500"], modes: ["fuzzy-sample"] },
        { ...one, setting: "noise-place", value: "hidden", tasks: ["gsm8k"], modes: ["soft-sample"] },
      ],
    };
    expect(mergeGrids("out", grid, there).ablations).toEqual(there.ablations);
    expect(mergeGrids("out", there, grid).ablations).toEqual(there.ablations);
    expect(mergeGrids("out", there, here).ablations).toEqual([
      { ...one, tasks: ["gsm8k", "math500"], modes: ["soft-sample", "fuzzy-sample"] },
      here.ablations?.[1],
    ]);
    expect(mergeGrids("out", grid, grid)).not.toHaveProperty("ablations");
  });

  test("refuses other settings, another model under a name and another file, and says which", () => {
    const other: GridFile = {
      ...grid,
      settings: { seed: 1, noiseScale: 0.33 },
      tasks: [{ name: "gsm8k", data: "other.jsonl", kind: "generation", questions: 256 }],
      runs: [{ name: "base", variant: "base", model: "a", fingerprint: "2" }],
    };
    expect(() => mergeGrids("out", grid, other)).toThrow(
      expect.objectContaining({
        code: "FOLDER_OF_ANOTHER_EVALUATION",
        differences: [
          "settings, seed: 0 there, 1 here",
          'run base, files: "1" there, "2" here',
          'task gsm8k, data: "gsm8k" there, "other.jsonl" here',
        ],
      }),
    );
  });

  test("goes on with the same questions wherever their file is, and with no others", () => {
    const withFile = (data: string, sha256?: string): GridFile => ({
      ...grid,
      tasks: [
        { name: "gsm8k", data, kind: "generation", questions: 256, ...(sha256 !== undefined && { sha256 }) },
      ],
    });
    const there = withFile("a.jsonl", "aaa");
    expect(mergeGrids("out", there, withFile("b.jsonl", "aaa")).tasks).toMatchObject([{ data: "b.jsonl" }]);
    expect(() => mergeGrids("out", there, withFile("a.jsonl", "bbb"))).toThrow(
      expect.objectContaining({
        code: "FOLDER_OF_ANOTHER_EVALUATION",
        differences: ['task gsm8k, sha256: "aaa" there, "bbb" here'],
      }),
    );
    // A grid of an older version has the path alone; its evaluations have checksums of their own.
    expect(mergeGrids("out", withFile("a.jsonl"), there).tasks).toMatchObject([{ sha256: "aaa" }]);
  });
});
