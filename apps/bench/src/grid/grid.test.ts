import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CellProgress, createLiveTable } from "./live-table.ts";
import { fingerprint, trainingSettings } from "./model-facts.ts";
import { parseAblations } from "./parse-ablations.ts";
import { parseModels, parseModes, parseTasks } from "./parse-grid.ts";

describe("what a person names", () => {
  test("models have names, and what has none is another seed of the one before", () => {
    expect(parseModels("base=a/b,soft=x,./y , soft=z,hard=h")).toEqual([
      { name: "base", variant: "base", model: "a/b" },
      { name: "soft-1", variant: "soft", model: "x" },
      { name: "soft-2", variant: "soft", model: "./y" },
      { name: "soft-3", variant: "soft", model: "z" },
      { name: "hard", variant: "hard", model: "h" },
    ]);
    expect(parseModels("base=runs/a=b")[0]?.model).toBe("runs/a=b");
  });

  test.each([
    ["folder", /has no name/u],
    ["base=", /folder or a hub id/u],
    ["base=a,,soft=b", /is empty/u],
    ["..=a", /cannot be a name/u],
    ["report-data=a", /cannot be a name/u],
    ["soft=a,a", /twice/u],
  ])("models written as %j are refused with what is wanted", (text, message) => {
    expect(() => parseModels(text)).toThrow(message);
  });

  test("tasks go by their names whatever the case, each with its file", () => {
    expect(parseTasks("GSM8K,math-500", "MATH500=m.jsonl")).toEqual([
      { name: "gsm8k", data: "gsm8k" },
      { name: "math500", data: "m.jsonl" },
    ]);
    expect(() => parseTasks("gsm9k", undefined)).toThrow(/no such task/u);
    expect(() => parseTasks("math500", undefined)).toThrow(/--data math500=FILE/u);
    expect(() => parseTasks("gsm8k", "math500=m")).toThrow(/is not among --tasks/u);
    expect(() => parseTasks("gsm8k", "m.jsonl")).toThrow(/wanted TASK=FILE/u);
  });

  test("modes keep their order, and a wrong one is named", () => {
    expect(parseModes("soft-sample,hard-greedy")).toEqual(["hard-greedy", "soft-sample"]);
    expect(parseModes("all")).toHaveLength(6);
    expect(() => parseModes("soft")).toThrow(/"soft" is no mode/u);
  });
});

describe("what is to be varied", () => {
  const scope = { modes: parseModes("all"), tasks: ["gsm8k", "math500"] };
  const options = { noiseScale: 0.33 };

  test("are values beside the grid's own, on the first generated task unless others are named", () => {
    expect(parseAblations(options, scope)).toEqual([]);
    const found = parseAblations({ ...options, noiseScales: "0.1, 3,3", noisePlaces: "logits-top5" }, scope);
    expect(found.map(({ setting, value, isMain }) => [setting, value, isMain])).toEqual([
      ["noise-scale", 0.33, true],
      ["noise-scale", 0.1, false],
      ["noise-scale", 3, false],
      ["noise-place", "embedding", true],
      ["noise-place", "logits-top5", false],
    ]);
    expect(found[0]).toMatchObject({ tasks: ["gsm8k"], modes: ["soft-sample", "fuzzy-sample"] });
    const other = parseAblations({ ...options, noiseScales: "1", ablationTasks: "MATH-500" }, scope);
    expect(other[0]?.tasks).toEqual(["math500"]);
  });

  test("temperature is varied in one mode, fuzzy where there is a choice: the two differ in nothing else", () => {
    const inModes = (modes: string) =>
      parseAblations({ ...options, temperatures: "1e-3" }, { ...scope, modes: parseModes(modes) });
    expect(inModes("all").map(({ value, isMain, modes }) => [value, isMain, modes])).toEqual([
      [1e-4, true, ["fuzzy-sample"]],
      [1e-3, false, ["fuzzy-sample"]],
    ]);
    expect(inModes("hard-greedy,soft-sample")[0]).toMatchObject({ value: 0.5, modes: ["soft-sample"] });
  });

  test.each([
    [{ noiseScales: "0.1,x" }, /--noise-scales x: wanted numbers above 0/u],
    [{ noiseScales: "0" }, /--noise-scales 0: wanted numbers above 0/u],
    [{ temperatures: "1e-3," }, /--temperatures "": wanted numbers/u],
    [{ noisePlaces: "head" }, /--noise-places head: no such place; wanted some of embedding,hidden,logits/u],
    [{ noiseScales: "1", ablationTasks: "arc" }, /--ablation-tasks arc: is not among .* gsm8k, math500/u],
    [{ ablationTasks: "gsm8k" }, /nothing is varied/u],
  ])("%j is refused with what is wanted", (given, message) => {
    expect(() => parseAblations({ ...options, ...given }, scope)).toThrow(message);
  });

  test("needs a sampled soft or fuzzy mode, and a task that is answered by generating", () => {
    const given = { ...options, temperatures: "0.1" };
    expect(() => parseAblations(given, { ...scope, modes: parseModes("hard-sample") })).toThrow(/--modes/u);
    expect(() => parseAblations(given, { ...scope, tasks: [] })).toThrow(/--tasks/u);
  });
});

describe("a model, without loading it", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bench-grid-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("has a fingerprint of what decides its numbers", () => {
    writeFileSync(join(folder, "config.json"), "{}");
    writeFileSync(join(folder, "model.safetensors"), Buffer.alloc(300_000));
    const first = fingerprint(folder);
    writeFileSync(join(folder, "notes.txt"), "other");
    expect(fingerprint(folder)).toBe(first);
    const changed = Buffer.alloc(300_000);
    changed[299_999] = 1;
    writeFileSync(join(folder, "model.safetensors"), changed);
    expect(fingerprint(folder)).not.toBe(first);
    expect(fingerprint("org/name")).toBe("hub:org/name");
    expect(() => fingerprint(join(folder, "none"))).toThrow(/no such folder/u);
    expect(() => fingerprint("./none")).toThrow(/no such folder/u);
  });

  test("without a config is refused", () => {
    expect(() => fingerprint(folder)).toThrow(/no config\.json/u);
  });

  test("knows the training it came from by the run's folder around it", () => {
    const model = join(folder, "checkpoints", "step-1");
    mkdirSync(model, { recursive: true });
    expect(trainingSettings(model)).toBeNull();
    const config = {
      format: "soft-tokens-run/1",
      options: { thought: "soft", noiseScale: 1 },
      resolved: { sigma: 2 },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    expect(trainingSettings(model)).toEqual({ thought: "soft", noiseScale: 1, sigma: 2 });
  });
});

describe("the live table", () => {
  const cell = (run: string, task: string, done: number, restored = 0): CellProgress => ({
    run,
    task,
    unit: "sample",
    done,
    total: 100,
    restored,
  });
  const CELLS = ["base", "soft-1"].flatMap((run) => ["gsm8k", "math500"].map((task) => cell(run, task, 0)));

  function stream(isTTY: boolean, rows = 24) {
    const written: string[] = [];
    const fake = { isTTY, columns: 90, rows, write: (text: string) => written.push(text) };
    return { written, stream: fake as unknown as NodeJS.WriteStream };
  }

  test("is redrawn in place, with shares, rate and time left", () => {
    const out = stream(true);
    let time = 0;
    const table = createLiveTable({ cells: CELLS, stream: out.stream, now: () => time });
    table.update(cell("base", "gsm8k", 100, 50), "");
    time = 10_000;
    table.update(cell("soft-1", "gsm8k", 20), "soft-sample, 40.0 % right");
    const last = out.written.at(-1)?.split("\n") ?? [];
    expect(last[0]).toBe("grid 30.0 %  120/400  10s so far, 2m 20s left");
    expect(last[1]).toMatch(/^ +gsm8k +math500$/u);
    expect(last[2]).toMatch(/^ {2}base +done +-$/u);
    expect(last[3]).toMatch(/^ {2}soft-1 +20\.0 % +-$/u);
    expect(last[4]).toBe(
      "soft-1 on gsm8k: 20/100 samples, 2.0 samples/s, 40s left, soft-sample, 40.0 % right",
    );
    expect(out.written).toContain("\x1b[5F\x1b[0J");
    expect(last.every((line) => line.length < 90)).toBe(true);
  });

  test("leaves its rows out of a window that has no room for them", () => {
    const out = stream(true, 4);
    createLiveTable({ cells: CELLS, stream: out.stream, now: () => 0 }).update(cell("base", "gsm8k", 1), "");
    expect(out.written.at(-1)?.trimEnd().split("\n")).toHaveLength(2);
  });

  test("is a line now and then where there is no terminal", () => {
    const out = stream(false);
    let time = 0;
    const table = createLiveTable({ cells: CELLS, stream: out.stream, now: () => time });
    for (time = 0; time < 25_000; time += 1000) table.update(cell("base", "gsm8k", 1 + time / 1000), "");
    table.finish();
    expect(out.written).toHaveLength(3);
    expect(out.written.join("")).not.toContain("\x1b");
  });
});
