/** Starts the programs from their sources, as the launcher does, some at a time. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const programs = { train: "apps/train/src/main.ts", bench: "apps/bench/src/main.ts" };

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 300_000;
const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

export async function runProgram(program: keyof typeof programs, args: readonly string[]): Promise<Outcome> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await start(program, args);
  } finally {
    running--;
    waiting.shift()?.();
  }
}

function start(program: keyof typeof programs, args: readonly string[]): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [
      ...["--conditions=@soft-tokens/source", "--import", import.meta.resolve("tsx")],
      ...[join(root, programs[program]), ...args],
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LIMIT_MS,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, "tsconfig.json") },
    },
  );
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (part: string) => {
      text[name] += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...text }));
  });
}
