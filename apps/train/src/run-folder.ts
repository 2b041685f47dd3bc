/**
 * A run is a folder: `config.json` (resolved), `metrics.jsonl`, `rollouts/`, `checkpoints/`, `report.html`. Everything a
 * page or a tool shows is computed from it, and the same command again continues it.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type ModelOptions, UsageError, writeWhole } from "@soft-tokens/app-common";

/** Options that may differ when a run is continued: where and how often, not what. */
const FREE_OPTIONS = new Set([
  // Data is compared by its checksum (run-data.ts), and the same data has the same bad rows.
  "data",
  "validationData",
  "skipBad",
  "backend",
  "ignoreMemoryCheck",
  "out",
  "memoryBudget",
  "headElements",
  "checkpointLayers",
  "checkpointEvery",
  "keepCheckpoints",
  "validateEvery",
  "saveRolloutsEvery",
  "maxRowsPerMicroBatch",
  "termNormsEvery",
  "validationBatchSize",
  "graderWorkers",
  "graderTimeoutMs",
]);

export interface RunConfig {
  readonly format: "soft-tokens-run/1";
  readonly kind: "rloo" | "supervised";
  readonly options: Readonly<Record<string, unknown>>;
  /** Measured or looked up once, kept for the run: rms(E), sigma, checksum of the data, versions. */
  readonly resolved: Readonly<Record<string, unknown>>;
}

export interface RunFolder {
  readonly path: string;
  readonly isNew: boolean;
  readonly checkpoints: string;
  readonly rollouts: string;
  /** The config on disk when the run is continued. */
  readonly config: RunConfig | null;
  writeConfig(config: RunConfig): void;
  /** One line of metrics.jsonl. */
  appendMetrics(row: Readonly<Record<string, number | string>>): void;
  /** Drops rows after `step`: a run killed between checkpoints repeats those steps. */
  truncateMetrics(step: number): void;
  close(): void;
}

/** Opens or makes the folder. @throws UsageError when it holds another run (the difference is shown) or something else */
export function openRunFolder(
  path: string,
  kind: RunConfig["kind"],
  options: Record<string, unknown>,
): RunFolder {
  const configPath = join(path, "config.json");
  const metricsPath = join(path, "metrics.jsonl");
  const config = existsSync(configPath) ? readConfig(configPath) : null;
  if (config) refuseOtherRun(path, config, kind, options);
  mkdirSync(join(path, "checkpoints"), { recursive: true });
  mkdirSync(join(path, "rollouts"), { recursive: true });
  for (const folder of [path, join(path, "rollouts")]) removeUnfinished(folder);
  let metricsFile: number | null = null;
  return {
    path,
    isNew: config === null,
    config,
    checkpoints: join(path, "checkpoints"),
    rollouts: join(path, "rollouts"),
    writeConfig: (next) => writeWhole(configPath, `${JSON.stringify(next, null, 2)}\n`),
    appendMetrics(row) {
      metricsFile ??= openSync(metricsPath, "a");
      writeSync(metricsFile, `${JSON.stringify(row)}\n`);
    },
    truncateMetrics(step) {
      if (!existsSync(metricsPath)) return;
      const kept = readFileSync(metricsPath, "utf8")
        .split("\n")
        .filter((line) => line !== "" && isUpTo(line, step));
      writeWhole(metricsPath, kept.map((line) => `${line}\n`).join(""));
    },
    close() {
      if (metricsFile !== null) closeSync(metricsFile);
      metricsFile = null;
    },
  };
}

/** A run is continued in the dtype that it began with, whatever `auto` would take now. */
export function withDtypeOfRun<Options extends ModelOptions>(options: Options, path: string): Options {
  const configPath = join(path, "config.json");
  if (options.dtype !== "auto" || !existsSync(configPath)) return options;
  const { dtype } = readConfig(configPath).resolved;
  return dtype === "float32" || dtype === "bfloat16" ? { ...options, dtype } : options;
}

/** What a killed process was writing: never renamed, so no reader has seen it. */
function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/\.tmp(-\d+)?$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

function isUpTo(line: string, step: number): boolean {
  try {
    return (JSON.parse(line) as { step: number }).step <= step;
  } catch {
    return false; // a line cut off by a kill
  }
}

export function readConfig(path: string): RunConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(
      `${path} is damaged (${(error as Error).message}); choose another folder with --out`,
      { cause: error },
    );
  }
  if ((parsed as RunConfig | null)?.format !== "soft-tokens-run/1") {
    throw new UsageError(`${path} is not the config of a run; choose another folder with --out`);
  }
  return parsed as RunConfig;
}

function refuseOtherRun(
  path: string,
  config: RunConfig,
  kind: string,
  options: Record<string, unknown>,
): void {
  const keys = [...new Set([...Object.keys(config.options), ...Object.keys(options)])].filter(
    (key) => !FREE_OPTIONS.has(key),
  );
  const show = (value: unknown) => (value === undefined ? "not given" : JSON.stringify(value));
  const lines = keys
    .filter((key) => JSON.stringify(config.options[key]) !== JSON.stringify(options[key]))
    .map((key) => `  ${key}: ${show(config.options[key])} there, ${show(options[key])} now`);
  if (config.kind !== kind) lines.unshift(`  kind: ${config.kind} there, ${kind} now`);
  if (lines.length > 0) {
    throw new UsageError(
      `${path} holds a run with other settings:\n${lines.join("\n")}\nUse the same settings to continue it, or another folder with --out.`,
    );
  }
}
