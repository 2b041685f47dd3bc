/**
 * The two 16-bit floating point formats against float32: bfloat16 (the upper half of a float32) and IEEE 754 binary16.
 * Rounding is to nearest, ties to even, as PyTorch does it.
 */

/** `bits[i]` as float32 into `target` from `offset` on. */
export function widenBfloat16(bits: Uint16Array, target: Float32Array, offset = 0): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) words[offset + i] = (bits[i] as number) << 16;
}

/** float32 values as bfloat16 bits. NaN stays a (quiet) NaN. */
export function narrowBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    const isNotANumber = (word & 0x7fffffff) > 0x7f800000;
    bits[i] = isNotANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}

/** `bits[i]` as float32 into `target` from `offset` on. */
export function widenFloat16(bits: Uint16Array, target: Float32Array, offset = 0): void {
  float16Table ??= makeFloat16Table();
  for (let i = 0; i < bits.length; i++) target[offset + i] = float16Table[bits[i] as number] as number;
}

/** float32 values as binary16 bits. Beyond 65520 they become infinity. */
export function narrowFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, float16Bits);
}

let float16Table: Float32Array | undefined;

/** All 65,536 values: sign, 5 bits of exponent (bias 15), 10 of fraction. */
function makeFloat16Table(): Float32Array {
  return Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // Spacing of binary16 numbers around the magnitude: 2^-24 below 2^-14, then 2^(exponent - 10).
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  const units = roundHalfEven(magnitude / 2 ** (exponent - 10)); // exact: division by a power of two
  // units may reach the next power of two; the carry into the exponent field is then the right number.
  return sign | (magnitude < 2 ** -14 ? units : ((exponent + 15) << 10) + (units - 1024));
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
