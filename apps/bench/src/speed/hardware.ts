/** The machine under a measurement, as far as it decides what a speed means. */

import { cpus, totalmem } from "node:os";
import { processorFlags, processorName } from "@soft-tokens/app-common";

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
  return {
    cpu: processorName(),
    logicalCores: cpus().length,
    memoryBytes: totalmem(),
    instructions: readFlags(),
  };
}

function readFlags(): Hardware["instructions"] {
  const flags = processorFlags();
  if (!flags) return null;
  return Object.fromEntries(MATRIX_FLAGS.map((flag) => [flag, flags.has(flag)])) as Hardware["instructions"];
}
