/**
 * A run is a folder: `config.json` (resolved), `metrics.jsonl`, `rollouts/`, `checkpoints/`, `report.html`. Everything a
 * page or a tool shows is computed from it, and the same command again continues it.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  FileError,
  type FolderLock,
  lockFolder,
  type ModelOptions,
  makeFolder,
  UsageError,
  writeWhole,
} from "@soft-tokens/app-common";
import { openRunRecords, type RunRecords } from "./run-records.ts";

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

export interface RunFolder extends RunRecords {
  readonly path: string;
  readonly isNew: boolean;
  readonly checkpoints: string;
  readonly rollouts: string;
  /** The config on disk when the run is continued. */
  readonly config: RunConfig | null;
  writeConfig(config: RunConfig): void;
}

/** A run has one writer: nothing is read or written there before this. @throws FolderInUseError, FileError */
export function lockRunFolder(path: string): Promise<FolderLock> {
  return lockFolder(path, ["rollouts", "checkpoints"]);
}

/** Opens or makes a folder that is locked. @throws UsageError RUN_OF_OTHER_SETTINGS with the differences, RUN_CONFIG_INVALID, RUN_CONFIG_MISSING */
export function openRunFolder(
  path: string,
  kind: RunConfig["kind"],
  options: Record<string, unknown>,
): RunFolder {
  const configPath = join(path, "config.json");
  const config = existsSync(configPath) ? readConfig(configPath) : null;
  if (config) refuseOtherRun(path, config, kind, options);
  else refuseLeftovers(path);
  for (const part of ["checkpoints", "rollouts"]) makeFolder(join(path, part));
  return {
    ...openRunRecords(path),
    path,
    isNew: config === null,
    config,
    checkpoints: join(path, "checkpoints"),
    rollouts: join(path, "rollouts"),
    writeConfig: (next) => writeWhole(configPath, `${JSON.stringify(next, null, 2)}\n`),
  };
}

/** A run is continued in the dtype that it began with, whatever `auto` would take now. */
export function withDtypeOfRun<Options extends ModelOptions>(options: Options, path: string): Options {
  const configPath = join(path, "config.json");
  if (options.dtype !== "auto" || !existsSync(configPath)) return options;
  const { dtype } = readConfig(configPath).resolved;
  return dtype === "float32" || dtype === "bfloat16" ? { ...options, dtype } : options;
}

export function readConfig(path: string): RunConfig {
  let text: string;
  let parsed: unknown;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new FileError("READ_FAILED", path, error);
  }
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path} is damaged (${(error as Error).message}); choose another folder with --out`,
      { cause: error, code: "RUN_CONFIG_INVALID" },
    );
  }
  if ((parsed as RunConfig | null)?.format !== "soft-tokens-run/1") {
    throw new UsageError(`${path} is not the config of a run; choose another folder with --out`, {
      code: "RUN_CONFIG_INVALID",
    });
  }
  return parsed as RunConfig;
}

/** The config is written before anything else: what is there without one is no run that could be continued. */
function refuseLeftovers(path: string): void {
  const found = ["metrics.jsonl", "checkpoints", "rollouts"].find((name) => hasContent(join(path, name)));
  if (found === undefined) return;
  throw new UsageError(
    `${path} holds ${found} of a run whose config.json is gone, so that it cannot be continued; choose another folder with --out`,
    { code: "RUN_CONFIG_MISSING" },
  );
}

function hasContent(path: string): boolean {
  const info = statSync(path, { throwIfNoEntry: false });
  return info !== undefined && (info.isDirectory() ? readdirSync(path).length > 0 : info.size > 0);
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
      { code: "RUN_OF_OTHER_SETTINGS" },
    );
  }
}
