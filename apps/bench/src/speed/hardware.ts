/** The machine under a measurement, as far as it decides what a speed means. */

import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** Instruction sets that decide how fast products of bfloat16 are. */
const MATRIX_FLAGS = ["amx_bf16", "amx_tile", "avx512_bf16", "avx512f", "avx2"] as const;

export interface Hardware {
  readonly cpu: string;
  readonly logicalCores: number;
  readonly memoryBytes: number;
  /** By name, as Linux reports them; null elsewhere. */
  readonly instructions: Readonly<Record<(typeof MATRIX_FLAGS)[number], boolean>> | null;
}

export function describeHardware(): Hardware {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() || "unknown",
    logicalCores: cpus().length,
    memoryBytes: totalmem(),
    instructions: readFlags(),
  };
}

function readFlags(): Hardware["instructions"] {
  let text: string;
  try {
    text = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return null;
  }
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(" ") ?? []);
  return Object.fromEntries(MATRIX_FLAGS.map((flag) => [flag, flags.has(flag)])) as Hardware["instructions"];
}
