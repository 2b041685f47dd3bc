import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeReport } from "./report.ts";

let folder: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    said += String(chunk);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const config = { format: "soft-tokens-run/1", kind: "rloo", options: { thought: "soft" }, resolved: {} };

it("names what it cannot read of a run, on the page and on standard error", async () => {
  const run = join(folder, "soft");
  mkdirSync(join(run, "evaluations", "after"), { recursive: true });
  writeFileSync(join(run, "config.json"), JSON.stringify(config));
  writeFileSync(join(run, "metrics.jsonl"), '{"step":1,"reward/mean":5}\n{"step":2,"rew\n');
  writeFileSync(join(run, "evaluations", "after", "results.json"), "{");
  for (const path of [run, folder]) {
    said = "";
    const page = readFileSync(await writeReport(path, { title: "T" }), "utf8");
    for (const text of [page, said]) {
      expect(text).toMatch(/[Nn]ot read: .*metrics\.jsonl: 1 unreadable line/);
      expect(text).toMatch(/[Nn]ot read: .*results\.json: not valid JSON/);
    }
  }
});

it("says nothing where everything can be read", async () => {
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "metrics.jsonl"), '{"step":1,"reward/mean":5}\n');
  const page = readFileSync(await writeReport(folder, { title: "T" }), "utf8");
  expect(page).not.toContain("Not read");
  expect(said).toBe("");
});
