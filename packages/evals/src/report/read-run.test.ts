import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeResults, makeRow } from "../fixtures/make-results.ts";
import { kindOf, readRun } from "./read-run.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "evals-run-")), "soft-seed2");
  mkdirSync(join(folder, "evaluations", "after"), { recursive: true });
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

const results = makeResults({ "soft-sample": [1, 2, 3, 4] });

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

test("a run folder gives settings, metrics by step and evaluations", async () => {
  write("config.json", '{"thought": "hard", "steps": 3}');
  write(
    "metrics.jsonl",
    '{"step": 2, "reward/mean": 5}\n{"step": 1, "reward/mean": 4, "note": "x"}\n{"step": 2, "reward/mean": 6}\n{"step": 3, "rew',
  );
  write("evaluations/after/results.json", JSON.stringify(results));
  write("evaluations/after/samples.jsonl", `${JSON.stringify(makeRow())}\n`);
  const run = await readRun(folder);
  expect(run).toMatchObject({ name: "soft-seed2", kind: "hard", settings: { thought: "hard", steps: 3 } });
  expect(run.metrics).toEqual([
    { step: 1, values: { "reward/mean": 4 } },
    { step: 2, values: { "reward/mean": 6 } },
  ]);
  expect(run.evaluations).toMatchObject([{ name: "after", results: { task: "sums" } }]);
  expect(run.evaluations[0]?.samples).toHaveLength(1);
  expect(run.warnings).toEqual([`${join(folder, "metrics.jsonl")}: 1 unreadable line left out`]);
});

test("only the first questions and samples are kept, the later row of a sample counting", async () => {
  write("results.json", JSON.stringify(results));
  const rows = [
    makeRow({ error: { name: "Error", message: "first try" } }),
    makeRow(),
    makeRow({ sampleIndex: 1 }),
    makeRow({ id: "q1" }),
    makeRow({ id: "q2" }),
    makeRow({ mode: "hard-greedy" }),
  ];
  write("samples.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const run = await readRun(folder, { sampleQuestions: 2 });
  expect(run.kind).toBe("soft");
  const [evaluation] = run.evaluations;
  expect(evaluation?.name).toBe("");
  expect(evaluation?.samples.map(({ id, mode, error }) => [id, mode, error])).toEqual([
    ["q0", "soft-sample", undefined],
    ["q1", "soft-sample", undefined],
    ["q0", "hard-greedy", undefined],
  ]);
});

test("what cannot be read is named and left out", async () => {
  write("config.json", "{");
  write("evaluations/after/results.json", '{"format": 2}');
  const run = await readRun(folder);
  expect(run).toMatchObject({ settings: {}, metrics: [], evaluations: [] });
  expect(run.warnings).toHaveLength(2);
  expect(run.warnings[1]).toContain('field "format"');
});

test("an empty or missing folder is an empty run", async () => {
  const run = await readRun(join(folder, "nothing"));
  expect(run).toMatchObject({ name: "nothing", kind: "other", metrics: [], evaluations: [], warnings: [] });
});

test.each([
  ["soft", "soft"],
  ["llama-gsm8k-Fuzzy-seed1", "fuzzy"],
  ["hardly", null],
  ["microsoft", null],
  [3, null],
])("the kind of %j is %j", (name, kind) => {
  expect(kindOf(name)).toBe(kind);
});
