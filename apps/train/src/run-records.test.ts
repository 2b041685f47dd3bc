import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRunRecords, type RunPosition, type RunRecords } from "./run-records.ts";

let folder: string;
let records: RunRecords;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "records-"));
  mkdirSync(join(folder, "rollouts"));
  records = openRunRecords(folder);
});
afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true, force: true });
});

const rows = (name: string) =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const validation = (step: number) => ({ step, "validation/accuracy": 0.5 });
const made = (step: number) => ({ step, "reward/mean": step });
/** "v0 1 2 v2": steps and validations in their order. */
const metrics = () =>
  rows("metrics.jsonl")
    .map((row) => `${"validation/accuracy" in row ? "v" : ""}${row.step}`)
    .join(" ");
const warning = (step: number, message: string) => ({ type: "warning", code: "C", step, message });

/** A run that validates every 2 steps, killed after step 4 and its validation. */
function writeRun(): void {
  records.appendMetrics(validation(0));
  for (const step of [1, 2, 3, 4]) {
    records.appendMetrics(made(step));
    if (step % 2 === 0) records.appendMetrics(validation(step));
  }
}

describe("cutBack", () => {
  const cases: [string, RunPosition, string][] = [
    [
      "to nothing where there is no checkpoint, the validation of step 0 too",
      { step: 0, validatedStep: -1 },
      "",
    ],
    ["to a step", { step: 3, validatedStep: 2 }, "v0 1 2 v2 3"],
    ["to a step with its validation", { step: 4, validatedStep: 4 }, "v0 1 2 v2 3 4 v4"],
    ["to a step whose validation is made up for", { step: 4, validatedStep: 2 }, "v0 1 2 v2 3 4"],
  ];
  test.each(cases)("cuts metrics back %s", (_, position, kept) => {
    writeRun();
    expect(records.cutBack(position)).toBeNull();
    expect(metrics()).toBe(kept);
  });

  test("cuts warnings back to those of the steps and validations that are kept", () => {
    records.appendWarning(warning(2, "of the step"));
    records.appendWarning({ ...warning(2, "of its validation"), during: "validation" });
    records.appendWarning(warning(3, "later"));
    records.cutBack({ step: 2, validatedStep: 0 });
    expect(rows("warnings.jsonl").map(({ message }) => message)).toEqual(["of the step"]);
  });

  test("a torn row is left out, and the rows that follow are whole", () => {
    writeRun();
    records.close();
    appendFileSync(join(folder, "metrics.jsonl"), '{"step": 5, "rew');
    expect(records.cutBack({ step: 4, validatedStep: 4 })).toBeNull();
    records.appendMetrics(made(5));
    expect(metrics()).toBe("v0 1 2 v2 3 4 v4 5");
  });

  test("what an earlier version left twice is there once, and the later row counts", () => {
    writeRun();
    records.appendMetrics({ ...validation(0), "validation/accuracy": 0.75 });
    records.cutBack({ step: 2, validatedStep: 2 });
    expect(metrics()).toBe("v0 1 2 v2");
    expect(rows("metrics.jsonl")[0]?.["validation/accuracy"]).toBe(0.75);
  });

  test("says which rows are lost, at the end too", () => {
    for (const step of [1, 4, 5, 7]) records.appendMetrics(made(step));
    const position = { step: 9, validatedStep: -1 };
    expect(records.cutBack(position)).toMatch(/lost the rows of step 2 to 3, 6, 8 to 9:/);
    expect(metrics()).toBe("1 4 5 7");
    rmSync(join(folder, "metrics.jsonl"));
    expect(records.cutBack(position)).toMatch(/step 1 to 9:/);
  });

  test("drops rollouts that come again, and nothing that is not a rollout", () => {
    const names = ["step-000002.jsonl", "step-000004.jsonl", "step-000004.safetensors", "step-4-notes.txt"];
    for (const name of names) writeFileSync(join(folder, "rollouts", name), "");
    records.cutBack({ step: 3, validatedStep: -1 });
    expect(readdirSync(join(folder, "rollouts")).sort()).toEqual(["step-000002.jsonl", "step-4-notes.txt"]);
  });
});
