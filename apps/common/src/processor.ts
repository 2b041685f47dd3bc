/** What the processor says of itself, as far as it decides how fast matrix products are. */

import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Model name of the first logical processor. */
export function processorName(): string {
  return cpus()[0]?.model.trim() || "unknown";
}

/** Names of instruction sets as Linux writes them ("avx512_bf16", "asimd"); null where the system does not list them. */
export function processorFlags(): ReadonlySet<string> | null {
  let text: string;
  try {
    text = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return null;
  }
  return new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.trim().split(" ") ?? []);
}
