import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTask } from "./open-task.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "open-task-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, rows: readonly unknown[]) => {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
};
const open = (data: string, more: object = {}) => openTask({ task: "auto", data, skipBad: false, ...more });

describe("a task that is named by its file", () => {
  const rows = [{ question: "1+1?", answer: "2" }];
  const choices = [{ question: "q", choices: ["a", "b"], answer: 1 }];

  test.each([
    ["generation", rows],
    ["likelihood", choices],
  ])("keeps the name that a folder of results has for the same bytes: %s", async (kind, list) => {
    const first = await open(put("sums.jsonl", list));
    expect([first.kind, first.task.name]).toEqual([kind, "sums"]);
    const out = join(folder, "out");
    mkdirSync(out);
    const { sha256: checksum } = first.task.source;
    writeFileSync(join(out, "results.json"), JSON.stringify({ task: "sums", checksum }));
    const moved = put("moved.jsonl", list);
    expect((await open(moved, { out })).task.name).toBe("sums");
    expect((await open(moved)).task.name).toBe("moved");
    const other = put("other.jsonl", [...list, ...list]);
    expect((await open(other, { out })).task.name).toBe("other");
    writeFileSync(join(out, "results.json"), "{");
    expect((await open(moved, { out })).task.name).toBe("moved");
  });

  test("and one that is named by the caller has that name", async () => {
    const file = put("sums.jsonl", rows);
    expect((await open(file, { task: "jsonl" })).task.name).toBe("jsonl");
  });
});
