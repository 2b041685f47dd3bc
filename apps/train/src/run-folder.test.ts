import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelOptions } from "@soft-tokens/app-common";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockRunFolder, openRunFolder, type RunConfig, withDtypeOfRun } from "./run-folder.ts";

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

  test("under the lock, clears away what a killed process was writing, and nothing else", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const folders = ["checkpoints", "rollouts"];
    for (const folder of folders) mkdirSync(join(path, folder), { recursive: true });
    const kept = ["notes.tmp", "rollouts/step-000004.jsonl", `report.html.${process.ppid}.tmp`];
    const left = [
      ...[`config.json.${pid}.tmp`, `rollouts/step-000008.safetensors.tmp-${pid}`],
      ...[`checkpoints/last.json.tmp-${pid}`, `config.json.${process.pid}.tmp`],
    ];
    for (const name of [...kept, ...left]) writeFileSync(join(path, name), "");
    {
      using _lock = await lockRunFolder(path);
      expect(readdirSync(path)).toContain(".lock");
    }
    const files = readdirSync(path, { recursive: true }).filter((name) => !folders.includes(String(name)));
    expect(files.sort()).toEqual(kept.sort());
  });

  test("refuses what is left of a run whose config is gone, before anything of it is dropped", () => {
    const run = openRunFolder(path, "rloo", {});
    run.writeConfig(config({}));
    run.appendMetrics({ step: 1 });
    run.close();
    rmSync(join(path, "config.json"));
    expect(() => openRunFolder(path, "rloo", {})).toThrow(/metrics.jsonl of a run whose config.json is gone/);
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toBe('{"step":1}\n');
  });

  test("says that a config is damaged or somebody else's", () => {
    openRunFolder(path, "rloo", {}).close();
    mkdirSync(join(path, "config.json"));
    expect(() => openRunFolder(path, "rloo", {})).toThrow(
      expect.objectContaining({ code: "READ_FAILED", file: join(path, "config.json") }),
    );
    rmSync(join(path, "config.json"), { recursive: true });
    writeFileSync(join(path, "config.json"), "{");
    expect(() => openRunFolder(path, "rloo", {})).toThrow(/is damaged .*--out/);
    writeFileSync(join(path, "config.json"), '{"name": "x"}');
    expect(() => openRunFolder(path, "rloo", {})).toThrow(/not the config of a run/);
    expect(() => openRunFolder(path, "rloo", {})).toThrow(
      expect.objectContaining({ code: "RUN_CONFIG_INVALID" }),
    );
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
