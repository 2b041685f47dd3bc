import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext, Script } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeResults, makeRow } from "../fixtures/make-results.ts";
import { type GridAblation, writeGridFile } from "../grid/grid-file.ts";
import { html } from "../report/html.ts";
import { LIVE_SCRIPT } from "../report/live.ts";
import { renderReport } from "../report/render-report.ts";
import { EXPLORER_SCRIPT } from "./client.ts";
import { gridAblationFolder, gridEvaluationFolder } from "./find-runs.ts";
import { createMixtureTally } from "./mixture-profile.ts";
import { explorerPages } from "./pages.ts";
import { openReportFolder } from "./report-folder.ts";
import { openSampleIndex } from "./sample-index.ts";
import { samplesAddress } from "./section.ts";
import { writeReportFolder } from "./write-report.ts";

const HOSTILE = `</script><img src=x onerror=alert(1)>"'\u2028 \u0000 日本語 🙂`;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evals-explorer-"));
  file = join(folder, "samples.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (more: Parameters<typeof makeRow>[0] = {}) => `${JSON.stringify(makeRow(more))}\n`;

/** What a page's script gets from a file. */
function readChunk(text: string): unknown[] {
  const calls: unknown[][] = [];
  runInNewContext(text, { softTokens: (...values: unknown[]) => calls.push(values) });
  expect(calls).toHaveLength(1);
  return JSON.parse(JSON.stringify(calls[0]));
}

test("a setting that a grid varies is shown with the grid's own value, and leads to its samples", async () => {
  const ablation = (value: number, isMain: boolean): GridAblation => ({
    setting: "noise-scale",
    ...{ value, isMain, tasks: ["gsm8k"], modes: ["soft-sample"] },
  });
  await writeGridFile(folder, {
    format: 1,
    kind: "grid",
    settings: { noiseScale: 0.33 },
    modes: ["hard-greedy", "soft-sample"],
    samples: 1,
    limit: 2,
    tasks: [{ name: "gsm8k", data: "gsm8k", kind: "generation", questions: 9 }],
    runs: [{ name: "base", variant: "base", model: "m", fingerprint: "1" }],
    ablations: [ablation(0.33, true), ablation(3, false), ablation(1, false)],
  });
  const put = (path: string, correct: readonly number[]) => {
    mkdirSync(path, { recursive: true });
    const results = makeResults({ "hard-greedy": correct, "soft-sample": correct }, { task: "gsm8k" });
    writeFileSync(join(path, "results.json"), JSON.stringify(results));
    writeFileSync(join(path, "samples.jsonl"), line({ mode: "soft-sample" }));
  };
  put(gridEvaluationFolder(folder, "base", "gsm8k"), [1, 1]);
  put(gridAblationFolder(folder, "base", { setting: "noise-scale", value: 3 }, "gsm8k"), [1, 0]);
  const report = await openReportFolder(folder);
  expect(report.data.ablated?.map(({ value, of, cell }) => [value, of, cell.variant])).toEqual([
    [0.33, "base", "base"],
    [3, "base", "base, noise-scale 3"],
  ]);
  expect(report.isComplete).toBe(false); // noise scale 1 has not begun
  expect(report.progress.map(({ run, mode, total }) => [run, mode, total])).toEqual([
    ["base", "hard-greedy", 2],
    ["base", "soft-sample", 2],
    ["base, noise-scale 3", "soft-sample", 2],
    ["base, noise-scale 1", "soft-sample", 2],
  ]);
  const [task] = report.pages.manifest.tasks;
  expect(task?.runs.map(({ name }) => name)).toEqual(["base", "base, noise-scale 3"]);
  const page = renderReport({ ...report.data, title: "T" });
  expect(page).toContain("noise scale at inference");
  expect(page).toContain("collapses");
  const address = samplesAddress({ task: "gsm8k", run: "base, noise-scale 3", mode: "soft-sample" });
  expect(page.includes(`href="${html`${address}`.text}"`)).toBe(true);
});

describe("the index of a sample log", () => {
  test("knows verdicts and places, the later row of a sample counting", async () => {
    writeFileSync(
      file,
      [
        line({ error: { name: "E", message: "first try" } }),
        line({ sampleIndex: 1, correct: false, extracted: null }),
        line({ sampleIndex: 2, correct: false, extracted: "5" }),
        line({ thought: "second try 🙂" }),
        line({ id: "q1", mode: "hard-greedy" }),
      ].join(""),
    );
    const index = await openSampleIndex(file);
    expect(index.samples("soft-sample", "q0").map(({ verdict }) => verdict)).toEqual([
      "right",
      "none",
      "wrong",
    ]);
    const [row] = await index.read(index.samples("soft-sample", "q0"));
    expect(row).toMatchObject({ thought: "second try 🙂" });
    expect(index.modes).toEqual(["soft-sample", "hard-greedy"]);
    expect(index.questions.map(({ id, gold }) => [id, gold])).toEqual([
      ["q0", "4"],
      ["q1", "4"],
    ]);
  });

  test("follows a file that grows, waits for a whole line and begins anew when it was replaced", async () => {
    const index = await openSampleIndex(file);
    expect(index.questions).toEqual([]);
    const whole = line({ question: "ü".repeat(10) });
    writeFileSync(file, whole + whole.slice(0, 40));
    await index.refresh();
    const { version } = index;
    expect([index.samples("soft-sample", "q0").length, index.unreadable]).toEqual([1, 0]);
    appendFileSync(file, `${whole.slice(40, -1).replace('"sampleIndex":0', '"sampleIndex":1')}\nnonsense\n`);
    writeFileSync(file, `${whole}${line({ sampleIndex: 1 })}nonsense\n`);
    await index.refresh();
    expect([index.samples("soft-sample", "q0").length, index.unreadable]).toEqual([2, 1]);
    expect(index.version).toBeGreaterThan(version);
    writeFileSync(file, line({ id: "other" }));
    await index.refresh();
    expect(index.questions.map(({ id }) => id)).toEqual(["other"]);
  });

  test("reads lines that are longer than a block", async () => {
    writeFileSync(file, line({ thought: "é".repeat(1_500_000) }) + line({ id: "q1" }));
    const index = await openSampleIndex(file);
    expect(index.questions.map(({ id }) => id)).toEqual(["q0", "q1"]);
    const [row] = await index.read(index.samples("soft-sample", "q1"));
    expect(row).toMatchObject({ id: "q1" });
  });

  test("understands rows of likelihood tasks", async () => {
    const choices = [
      { text: " yes", tokens: 1, logProb: -3 },
      { text: " no", tokens: 1, logProb: -1 },
    ];
    const rows = [
      { id: "a", context: "Is it?", choices, gold: 1 },
      { id: "b", context: "Was it?", choices, gold: 0 },
    ];
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const index = await openSampleIndex(file);
    expect(index.modes).toEqual(["likelihood"]);
    expect(["a", "b"].map((id) => index.samples("likelihood", id)[0]?.verdict)).toEqual(["right", "wrong"]);
    expect(index.questions[1]).toEqual({ id: "b", question: "Was it?", gold: " yes" });
    const context = "The following are questions about world religions.\n\nWho?\nA. I\nB. You\nAnswer:";
    appendFileSync(
      file,
      `${JSON.stringify({ id: "c", group: "world_religions", context, choices, gold: 0 })}\n`,
    );
    await index.refresh();
    expect(index.questions[2]?.question).toBe("world religions: Who?\nA. I\nB. You\nAnswer:");
  });
});

describe("pages of samples", () => {
  test("hold every sample once, and say where each question's are", async () => {
    const rows = Array.from({ length: 40 }, (_, question) =>
      [0, 1].map((sampleIndex) =>
        line({ id: `q${question}`, sampleIndex, thought: "x".repeat(10_000), correct: sampleIndex === 0 }),
      ),
    ).flat();
    writeFileSync(file, rows.join(""));
    const index = await openSampleIndex(file);
    const pages = explorerPages(
      [{ task: "sums", runs: [{ name: "soft", variant: "soft", kind: "soft", index }] }],
      "data",
    );
    const [task] = pages.manifest.tasks;
    const [mode] = task?.runs[0]?.modes ?? [];
    expect(mode?.pages).toBeGreaterThan(2);
    const [, overview] = readChunk((await pages.text(`t0/${mode?.key}.js`)) ?? "") as [
      string,
      Record<string, string[]>,
    ];
    expect(overview.verdicts?.[7]).toBe("rw");
    let samples = 0;
    for (let page = 0; page < (mode?.pages ?? 0); page++) {
      const text = (await pages.text(`t0/${mode?.key}-${page}.js`)) ?? "";
      expect(text.length).toBeLessThan(260_000);
      const [key, data] = readChunk(text) as [string, Record<string, object[]>];
      expect(key).toBe(`t0/${mode?.key}-${page}`);
      for (const [id, list] of Object.entries(data)) {
        expect(Number(overview.page?.[Number(id.slice(1))])).toBe(page);
        samples += list.length;
        expect(list[0]).not.toHaveProperty("prompt");
      }
    }
    expect(samples).toBe(80);
  });

  test("cannot be left by text, and names that are none of theirs have no page", async () => {
    writeFileSync(file, line({ question: HOSTILE, thought: HOSTILE, gold: HOSTILE }));
    const index = await openSampleIndex(file);
    const pages = explorerPages(
      [{ task: HOSTILE, runs: [{ name: "a", variant: "a", kind: "soft", index }] }],
      "data",
    );
    for (const name of pages.names()) expect(await pages.text(name)).not.toContain("<");
    const [, questions] = readChunk((await pages.text("t0/questions-0.js")) ?? "") as [string, string[][]];
    expect(questions[0]?.[1]).toBe(HOSTILE);
    for (const name of ["", "../grid.json", "t0/questions-0", "t0/questions-9.js", "__proto__.js"]) {
      expect(await pages.text(name)).toBeNull();
    }
  });
});

test("what thoughts are made of: mass of the likeliest token, and the pairs that share a step", () => {
  const step = (first: number, second: number, token = "a") => ({
    token,
    alternatives: [
      { token, probability: first },
      { token: "b", probability: second },
    ],
  });
  const tally = createMixtureTally();
  expect(tally.profile()).toBeNull();
  tally.add([step(1, 0), step(0.6, 0.3)]);
  tally.add([step(0.95, 0.05), step(0.4, 0.35), step(0.5, 0.5, "c")]);
  const profile = tally.profile();
  expect(profile?.steps).toBe(5);
  expect(profile?.topMass).toBeCloseTo(0.69, 12);
  expect(profile?.shares).toEqual([0.2, 0.2, 0.4, 0.2]);
  expect(profile?.byPosition).toEqual({ mean: [0.975, 0.5, 0.5], count: [2, 2, 1] });
  expect(profile?.pairs[0]).toMatchObject({ first: "a", second: "b", steps: 2, firstMass: 0.5 });
  expect(profile?.pairs[1]).toMatchObject({ first: "c", steps: 1 });
});

describe("a folder's report", () => {
  const put = (run: string, correct: readonly number[], complete = true) => {
    const path = join(folder, run, "evaluations", "sums");
    mkdirSync(path, { recursive: true });
    const results = makeResults({ "soft-sample": correct }, { complete });
    writeFileSync(join(path, "results.json"), JSON.stringify(results));
    const rows = correct.flatMap((count, question) =>
      [0, 1, 2, 3].map((sampleIndex) =>
        line({ id: `q${question}`, sampleIndex, correct: sampleIndex < count }),
      ),
    );
    writeFileSync(join(path, "samples.jsonl"), rows.join(""));
  };

  test("is a page with links from its figures, and the samples beside it", async () => {
    put("base", [0, 1]);
    put("soft", [4, 3]);
    const written = await writeReportFolder(folder, { title: "T" });
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(written.pages).toBe(readdirSync(join(folder, "report-data", "t0")).length);
    const address = samplesAddress({ task: "sums", run: "soft", mode: "soft-sample" });
    expect(page).toContain(`href="${address.replaceAll("&", "&#38;")}"`);
    expect(page).toContain("'strict-dynamic'".replaceAll("'", "&#39;"));
    expect(page).not.toContain("connect-src");
    expect(page).not.toContain("two and two");
  });

  test("written again is the same, and pages of runs that are gone are removed", async () => {
    put("base", [0, 1]);
    put("soft", [4, 3]);
    await writeReportFolder(folder, { title: "T" });
    const before = readFileSync(join(folder, "report.html"), "utf8");
    writeFileSync(join(folder, "report-data", "t0", "notes.txt"), "mine");
    await writeReportFolder(folder, { title: "T" });
    expect(readFileSync(join(folder, "report.html"), "utf8")).toBe(before);
    rmSync(join(folder, "soft"), { recursive: true });
    await writeReportFolder(folder, { title: "T" });
    expect(existsSync(join(folder, "report-data", "t0", "r1-m0.js"))).toBe(false);
    expect(existsSync(join(folder, "report-data", "t0", "notes.txt"))).toBe(true);
  });

  test("tells how far a run is that goes on, and changes its version with it", async () => {
    put("soft", [4, 3], false);
    const report = await openReportFolder(folder);
    expect(report.isComplete).toBe(false);
    expect(report.progress).toEqual([
      { run: "soft", kind: "soft", task: "sums", mode: "soft-sample", done: 8, total: 8, accuracy: 7 / 8 },
    ]);
    const { version } = report;
    await report.refresh();
    expect(report.version).toBe(version);
    appendFileSync(
      join(folder, "soft", "evaluations", "sums", "samples.jsonl"),
      line({ mode: "hard-greedy" }),
    );
    await report.refresh();
    expect(report.version).toBeGreaterThan(version);
    expect(report.progress).toHaveLength(2);
  });

  test("of one evaluation is called by its model, which is what its figures are of", async () => {
    writeFileSync(
      join(folder, "results.json"),
      JSON.stringify({ ...makeResults({ "soft-sample": [4, 3] }), model: "models/some-model" }),
    );
    writeFileSync(file, line({ id: "q0" }));
    const report = await openReportFolder(folder);
    expect(report.data.trainings.map(({ name }) => name)).toEqual(["some-model"]);
  });

  test("of an empty folder is empty, and what cannot be read is told", async () => {
    expect((await openReportFolder(folder)).isEmpty).toBe(true);
    expect((await openReportFolder(join(folder, "none"))).isEmpty).toBe(true);
    put("soft", [4, 3]);
    writeFileSync(join(folder, "soft", "evaluations", "sums", "results.json"), "{");
    const report = await openReportFolder(folder);
    expect(report.warnings.join()).toContain("not valid JSON");
  });
});

test("the page's scripts parse, together as they stand in it", () => {
  expect(() => new Script(EXPLORER_SCRIPT + LIVE_SCRIPT)).not.toThrow();
});
