/** Files that a stranger made, or that a broken disk left: a report shows the rest and says what it left out. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeResults, makeRow } from "../fixtures/make-results.ts";
import { readRun } from "../report/read-run.ts";
import { renderReport } from "../report/render-report.ts";
import { readSampleRows } from "../runner/sample-log.ts";
import { openReportFolder } from "./report-folder.ts";

const DEPTH = 50_000;
const deepList = "[".repeat(DEPTH) + "]".repeat(DEPTH);
const deepObject = `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`;

let folder: string;
let run: string;
let evaluation: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evals-hostile-"));
  run = join(folder, "soft");
  evaluation = join(run, "evaluations", "sums");
  mkdirSync(evaluation, { recursive: true });
  put(evaluation, "results.json", JSON.stringify(makeResults({ "soft-sample": [4, 3] })));
  put(evaluation, "samples.jsonl", row());
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, name: string, text: string) => writeFileSync(join(path, name), text);
const row = (more: Parameters<typeof makeRow>[0] = {}) => `${JSON.stringify(makeRow(more))}\n`;

async function show() {
  const report = await openReportFolder(folder);
  for (const name of report.pages.names()) await report.pages.text(name);
  return { report, page: renderReport({ ...report.data, title: "T" }) };
}

describe.each([
  ["lists", deepList],
  ["objects", deepObject],
])("%s nested 50,000 deep", (_, deep) => {
  test("in a sample are counted, and the other samples shown", async () => {
    put(
      evaluation,
      "samples.jsonl",
      row() +
        `{"id":"q1","sampleIndex":0,"mode":"soft-sample","gold":"4","note":${deep}}\n` +
        row({ id: "q1" }),
    );
    const { report, page } = await show();
    expect(report.warnings.join()).toMatch(/samples\.jsonl: 1 unreadable line left out/);
    expect(page).toContain("soft");
    const { evaluations } = await readRun(run);
    expect(evaluations[0]?.samples.map(({ id }) => id)).toEqual(["q0"]);
  });

  test("in settings, metrics, results and a grid are named", async () => {
    put(run, "config.json", `{"thought":"soft","x":${deep}}`);
    put(run, "metrics.jsonl", `{"step":1,"reward/mean":2}\n{"step":2,"x":${deep}}\n`);
    const warnings = (await show()).report.warnings.join("\n");
    expect(warnings).toMatch(/config\.json: not valid JSON \(nested more than 256/);
    expect(warnings).toMatch(/metrics\.jsonl: 1 unreadable line/);
    put(evaluation, "results.json", `{"settings":${deep}}`);
    expect((await show()).report.warnings.join("\n")).toMatch(
      /results\.json: not valid JSON \(nested more than 256/,
    );
    put(folder, "grid.json", `{"settings":${deep}}`);
    await expect(openReportFolder(folder)).rejects.toMatchObject({ code: "RESULTS_UNREADABLE" });
  });
});

test("results of more modes than there can be are refused by the field", async () => {
  const results = makeResults({ "soft-sample": [4, 3] });
  put(
    evaluation,
    "results.json",
    JSON.stringify({ ...results, results: new Array(1_001).fill(results.results[0]) }),
  );
  const { report } = await show();
  expect(report.warnings.join()).toContain('field "results"');
});

test("a sample of 40 MB in one line is read in blocks that are joined once", async () => {
  put(evaluation, "samples.jsonl", row({ thought: "x".repeat(40_000_000) }) + row({ id: "q1" }));
  const ids: string[] = [];
  for await (const { id } of readSampleRows(join(evaluation, "samples.jsonl"))) ids.push(id);
  expect(ids).toEqual(["q0", "q1"]);
});
