/** Where axes have ticks, and how numbers are written there: short, and never blank. */

/** About five round numbers within the range. */
export function linearTicks([lowest, highest]: readonly [number, number]): number[] {
  const rough = (highest - lowest) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The nearest of 1, 2, 5, 10 on a log scale: the borders are geometric means of neighbours.
  const digit = [1, 2, 5].find(
    (candidate, index) => rough / power < Math.sqrt(candidate * ([2, 5, 10][index] as number)),
  );
  const step = (digit ?? 10) * power;
  // Counted in whole steps and written with as many decimals as a step has, so that 0.3 is not 0.30000000000000004.
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  return range(Math.ceil(lowest / step - 1e-9), Math.floor(highest / step + 1e-9)).map((count) =>
    Number((count * step).toFixed(Math.min(100, decimals))),
  );
}

/** Powers of ten, and 2 and 5 times them where the range is too small for three powers. */
export function logTicks([lowest, highest]: readonly [number, number]): number[] {
  const powers = range(Math.floor(Math.log10(lowest)), Math.ceil(Math.log10(highest)));
  const inside = (ticks: readonly number[]) => ticks.filter((tick) => tick >= lowest && tick <= highest);
  const tens = inside(powers.map((power) => Number(`1e${power}`)));
  if (tens.length >= 3) return tens;
  return inside(powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`))));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** 0.00002 -> 2e-5, 12000 -> 12k, 1024 as it is. */
export function compactNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}k`;
  if (size < 1e-3) return value.toExponential(size < 1e-99 ? 0 : 1).replace(".0", "");
  return Number.isInteger(value) ? String(value) : trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** 0.714 -> 71.4%. */
export function percentTick(share: number): string {
  return `${trim(100 * share)}%`;
}
