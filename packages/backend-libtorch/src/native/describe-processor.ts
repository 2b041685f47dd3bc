/** What our bfloat16 products are computed with, for people. */

import type { TileUnit } from "./addon.ts";

const UNIT_NAMES: Readonly<Record<TileUnit, string>> = {
  amx: "AMX",
  avx512bf16: "AVX-512 bfloat16",
  avx512: "AVX-512",
  avx2: "AVX2",
};

/** "AVX512, bfloat16 products by AMX". Of a `NativeDescription`, or of what an addon of another version said. */
export function describeProcessor(description: {
  readonly cpuCapability?: unknown;
  readonly tileUnits?: unknown;
}): string {
  const { cpuCapability = "CPU", tileUnits } = description;
  const [unit] = Array.isArray(tileUnits) ? tileUnits.map(String) : [];
  if (unit === undefined) return String(cpuCapability);
  return `${String(cpuCapability)}, bfloat16 products by ${UNIT_NAMES[unit as TileUnit] ?? unit}`;
}
