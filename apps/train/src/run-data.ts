/**
 * A run belongs to its data: it is continued on the same bytes, wherever their file is now, and on no others. Compared by
 * checksum with what the run's folder says, before anything is written there.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "@soft-tokens/app-common";
import { type RunConfig, readConfig } from "./run-folder.ts";

/** What is kept of a file of data in `config.json`. */
interface DataSource {
  readonly file: string;
  readonly sha256: string;
}

/** Under the names that they have in `resolved` of the config; options of the same names hold their paths. */
export interface RunData {
  readonly data: DataSource;
  /** Null where validation has no file of its own. */
  readonly validationData: DataSource | null;
}

/**
 * Compares the data with those that the run in `path` began on. Gives a warning where an old run does not say what they were.
 * @throws UsageError RUN_ON_OTHER_DATA with both checksums
 */
export function checkRunData(path: string, options: Record<string, unknown>, now: RunData): string | null {
  const configPath = join(path, "config.json");
  const config = existsSync(configPath) ? readConfig(configPath) : null;
  if (!config) return null;
  const names = ["data", "validationData"] as const;
  const differences = names.flatMap((name) => difference(name, config, options[name], now[name]));
  if (differences.length > 0) {
    throw new UsageError(
      `${path} holds a run on other data:\n${differences.map((line) => `  ${line}`).join("\n")}\nA run goes on with the data that it began with; use another folder with --out for other data.`,
      { code: "RUN_ON_OTHER_DATA" },
    );
  }
  const unknown = names.filter((name) => now[name] !== null && storedSha256(config, name) === null);
  if (unknown.length === 0) return null;
  return `${path} was begun by a version that kept no checksum of ${unknown.map(flag).join(" and ")}: whether these are the same data is not known`;
}

function difference(
  name: keyof RunData,
  config: RunConfig,
  option: unknown,
  now: DataSource | null,
): string[] {
  const optionThere = config.options[name];
  const there = storedSha256(config, name);
  const show = (value: unknown) => (value === undefined ? "not given" : JSON.stringify(value));
  // Without a checksum the path is all there is to go by.
  if (there === null || now === null) {
    return optionThere === option ? [] : [`${flag(name)}: ${show(optionThere)} there, ${show(option)} now`];
  }
  if (there === now.sha256) return [];
  return [
    `${flag(name)}: sha256 ${there} (${show(optionThere)}) there, sha256 ${now.sha256} (${show(option)}) now`,
  ];
}

function storedSha256({ resolved }: RunConfig, name: keyof RunData): string | null {
  const stored = resolved[name] as Partial<DataSource> | null | undefined;
  return typeof stored?.sha256 === "string" ? stored.sha256 : null;
}

function flag(name: keyof RunData): string {
  return name === "data" ? "--data" : "--validation-data";
}
