/**
 * Loads an addon in a child process first. What is wrong with a native file can end a process without a word, so the first one
 * to load it is one that nobody misses. What it says of itself is remembered until the file, its libtorch or Node changes.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder, type Environment } from "./cache-folder.ts";
import { library } from "./libtorch-folder.ts";
import type { LocatedAddon } from "./locate-addon.ts";

/** What the addon's `describe()` says, as JSON. Its type is the addon's own. */
export type AddonDescription = Readonly<Record<string, unknown>>;

export type ProbeOutcome =
  | { readonly status: "works"; readonly description: AddonDescription }
  | { readonly status: "refused"; readonly message: string } // dlopen or the call said no
  | { readonly status: "crashed"; readonly signal: string }
  | { readonly status: "timed out"; readonly afterMs: number };

export interface ProbeOptions {
  readonly environment?: Environment;
  /** A cold disk reads half a gigabyte, and CUDA starts up. Defaults to 60,000. */
  readonly timeoutMs?: number;
}

const MARK = "soft-tokens probe: ";
const PROGRAM = `
const say = (result) => require("node:fs").writeSync(1, ${JSON.stringify(MARK)} + JSON.stringify(result) + "\\n");
try {
  const addon = require(process.argv[1]);
  if (typeof addon.describe !== "function") throw new Error("not an addon of this project: it has no describe()");
  say({ status: "works", description: addon.describe() });
} catch (error) {
  say({ status: "refused", message: String(error.message) });
}
process.exit(0);
`;

export async function probeAddon(addon: LocatedAddon, options: ProbeOptions = {}): Promise<ProbeOutcome> {
  const { environment = process.env, timeoutMs = 60_000 } = options;
  const memory = memoryOf(addon, environment);
  const known = readKnown(memory.file);
  if (known?.key === memory.key) return { status: "works", description: known.description };
  const outcome = await runChild(addon.path, environment, timeoutMs);
  if (outcome.status === "works")
    remember(memory.file, { key: memory.key, description: outcome.description });
  return outcome;
}

function runChild(path: string, environment: Environment, timeoutMs: number): Promise<ProbeOutcome> {
  const { NODE_OPTIONS: _, ...env } = environment;
  const child = spawn(process.execPath, ["-e", PROGRAM, path], {
    env: env as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const settle = (outcome: ProbeOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.on("error", (error) => settle({ status: "refused", message: error.message }));
    child.on("close", (status, signal) => {
      const line = output.split("\n").find((text) => text.startsWith(MARK));
      if (isLate) settle({ status: "timed out", afterMs: timeoutMs });
      else if (signal) settle({ status: "crashed", signal });
      else if (line) settle(JSON.parse(line.slice(MARK.length)) as ProbeOutcome);
      else settle({ status: "crashed", signal: `status ${status}` });
    });
  });
}

interface Known {
  readonly key: string;
  readonly description: AddonDescription;
}

/** Where the result is kept and what it depends on. */
function memoryOf(addon: LocatedAddon, environment: Environment): { file: string; key: string } {
  const name = createHash("sha256").update(addon.path).digest("hex").slice(0, 16);
  const key = JSON.stringify([
    ...[addon.path, process.version, process.arch, addon.libtorchVersion, environment.LD_LIBRARY_PATH ?? ""],
    ...[stamp(addon.path), addon.libtorchLib && stamp(join(addon.libtorchLib, library("torch_cpu")))],
    ...[environment.CUDA_VISIBLE_DEVICES ?? "", environment.ATEN_CPU_CAPABILITY ?? ""],
  ]);
  return { file: join(cacheFolder(environment), "native", `probe-${name}.json`), key };
}

function stamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${realpathSync(path)} ${found.size} ${found.mtimeMs}` : "none";
}

function readKnown(file: string): Known | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Known;
  } catch {
    return null;
  }
}

/** A cache that cannot be written costs a second at the next start and nothing else. */
function remember(file: string, known: Known): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(known));
    renameSync(`${file}.${process.pid}`, file);
  } catch {}
}
