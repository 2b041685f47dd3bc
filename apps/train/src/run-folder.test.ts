import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelOptions } from "@soft-tokens/app-common";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRunFolder, type RunConfig, withDtypeOfRun } from "./run-folder.ts";

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "run-")), "run");
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const config = (options: RunConfig["options"]): RunConfig => ({
  format: "soft-tokens-run/1",
  kind: "rloo",
  options,
  resolved: { rms: 0.25 },
});

describe("openRunFolder", () => {
  test("makes a new run and finds its config again", () => {
    const first = openRunFolder(path, "rloo", { steps: 10 });
    expect(first.isNew).toBe(true);
    first.writeConfig(config({ steps: 10 }));
    first.close();
    const second = openRunFolder(path, "rloo", { steps: 10 });
    expect(second.isNew).toBe(false);
    expect(second.config?.resolved.rms).toBe(0.25);
  });

  test("refuses a run with other settings and shows the difference, but lets backend and intervals differ", () => {
    openRunFolder(path, "rloo", {}).writeConfig(config({ steps: 10, backend: "auto", thought: "soft" }));
    expect(() => openRunFolder(path, "rloo", { steps: 20, backend: "auto", thought: "soft" })).toThrow(
      /steps: 10 there, 20 now/,
    );
    expect(() => openRunFolder(path, "supervised", { steps: 10, thought: "soft" })).toThrow(
      /kind: rloo there/,
    );
    expect(openRunFolder(path, "rloo", { steps: 10, backend: "tfjs-cpu", thought: "soft" }).isNew).toBe(
      false,
    );
  });

  test("drops metrics after a step, and a line that a kill cut off", () => {
    const run = openRunFolder(path, "rloo", {});
    for (const step of [1, 2, 3]) run.appendMetrics({ step, "reward/mean": step });
    run.close();
    appendFileSync(join(path, "metrics.jsonl"), '{"step": 4, "rew');
    run.truncateMetrics(2);
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toBe(
      '{"step":1,"reward/mean":1}\n{"step":2,"reward/mean":2}\n',
    );
  });

  test("clears away what a killed process was writing", () => {
    openRunFolder(path, "rloo", {}).close();
    for (const name of [
      "config.json.123.tmp",
      "rollouts/step-000008.safetensors.tmp-2319",
      "rollouts/step-000004.jsonl",
    ]) {
      writeFileSync(join(path, name), "");
    }
    openRunFolder(path, "rloo", {}).close();
    expect(readdirSync(path).sort()).toEqual(["checkpoints", "rollouts"]);
    expect(readdirSync(join(path, "rollouts"))).toEqual(["step-000004.jsonl"]);
  });

  test("says that a config is damaged or somebody else's", () => {
    openRunFolder(path, "rloo", {}).close();
    writeFileSync(join(path, "config.json"), "{");
    expect(() => openRunFolder(path, "rloo", {})).toThrow(/is damaged .*--out/);
    writeFileSync(join(path, "config.json"), '{"name": "x"}');
    expect(() => openRunFolder(path, "rloo", {})).toThrow(/not the config of a run/);
  });
});

describe("withDtypeOfRun", () => {
  test("keeps the dtype that a run began with, where auto is asked for", () => {
    const options = ModelOptions.parse({ model: "m" });
    expect(withDtypeOfRun(options, path).dtype).toBe("auto");
    openRunFolder(path, "rloo", {}).writeConfig({ ...config({}), resolved: { dtype: "bfloat16" } });
    expect(withDtypeOfRun(options, path).dtype).toBe("bfloat16");
    expect(withDtypeOfRun({ ...options, dtype: "float32" }, path).dtype).toBe("float32");
  });
});
