// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Vector mathematics and small helpers, inlined everywhere.

/** 1.5 * 2^23: adding it rounds to a whole number whose low bits are that number. */
const ROUNDING: f32 = 12582912.0;
const ROUNDING_BITS: i32 = 0x4b400000;
const LOG2_E: f32 = Math.LOG2E as f32;
/** ln 2 in two parts, so that n * LN2_HIGH is exact (Cephes, expf). */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
/** Above this exp overflows, below the other its result would be subnormal (slow) and is 0. */
const EXP_MAX: f32 = 88.72283905206835;
const EXP_MIN: f32 = -87.3365447505531;

/** e^x per lane, within 2 units in the last place; polynomial of Cephes' expf. NaN stays NaN. */
// @inline
export function exp4(x: v128): v128 {
  const t = f32x4.add(f32x4.mul(x, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDING));
  const n = f32x4.sub(t, f32x4.splat(ROUNDING));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), f32x4.add(r, f32x4.splat(1)));
  // 2^n in two factors: n reaches 128, which one float cannot hold.
  const whole = i32x4.sub(t, i32x4.splat(ROUNDING_BITS));
  const half = i32x4.shr_s(whole, 1);
  const rest = i32x4.sub(whole, half);
  const bias = i32x4.splat(127);
  p = f32x4.mul(p, i32x4.shl(i32x4.add(half, bias), 23));
  p = f32x4.mul(p, i32x4.shl(i32x4.add(rest, bias), 23));
  p = v128.andnot(p, f32x4.lt(x, f32x4.splat(EXP_MIN)));
  p = v128.bitselect(f32x4.splat(Infinity), p, f32x4.gt(x, f32x4.splat(EXP_MAX)));
  return v128.bitselect(x, p, f32x4.ne(x, x));
}

/** 1 / (1 + e^-x) */
// @inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** x * y + z: one rounding and one instruction where the engine has relaxed SIMD and the processor can, else two. */
// @inline
export function multiplyAdd(x: v128, y: v128, z: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, z);
  return f32x4.add(z, f32x4.mul(x, y));
}

/** One float into lane 0, the others 0: tails go through the same vector code. */
// @inline
export function loadOne(at: usize): v128 {
  return v128.load32_zero(at);
}

// @inline
export function storeOne(at: usize, x: v128): void {
  store<f32>(at, f32x4.extract_lane(x, 0));
}

// @inline
export function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

// @inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

// @inline
export function minLanes(x: v128): f32 {
  return min(
    min(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    min(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** Sum of x[i] * y[i]. */
export function dot(x: usize, y: usize, n: i32): f32 {
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x), v128.load(y)));
    sum1 = f32x4.add(sum1, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    x += 32;
    y += 32;
  }
  let total = sumLanes(f32x4.add(sum0, sum1));
  for (; i < n; i++) {
    total += load<f32>(x) * load<f32>(y);
    x += 4;
    y += 4;
  }
  return total;
}
