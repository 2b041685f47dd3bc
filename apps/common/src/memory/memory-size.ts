/** Sizes as people write them: 512MiB, 1.5GB. */

import { z } from "zod";

const PATTERN = /^\d+(\.\d+)?\s*(B|[KMGT]i?B)$/i;

/** An option that {@link parseBytes} can read. */
export function memorySize(): z.ZodString {
  return z.string().regex(PATTERN, "wanted a size such as 512MiB or 2GiB");
}

/** The option for the trainer's `memoryBudgetBytes`. */
export function memoryBudget(defaultBytes: number): z.ZodDefault<z.ZodString> {
  return memorySize()
    .default(`${defaultBytes / 2 ** 20}MiB`)
    .describe("Activations of one micro-batch; sets its size");
}

/** "1.5GiB" -> bytes; decimal units for KB, MB, GB, binary ones for KiB, MiB, GiB. */
export function parseBytes(text: string): number {
  const [, amount = "0", unit = "B"] = /^([\d.]+)\s*(\w+)$/.exec(text.trim()) ?? [];
  const exponent = "BKMGT".indexOf(unit.charAt(0).toUpperCase());
  return Math.floor(Number(amount) * (/i/i.test(unit) ? 1024 : 1000) ** exponent);
}
