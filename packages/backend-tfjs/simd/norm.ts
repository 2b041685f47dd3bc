// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// RMS norm over contiguous rows: y = x / sqrt(mean(x^2) + epsilon) * weight.

import { dot } from "./math";

/** Also writes 1 / sqrt(mean(x^2) + epsilon) of each row, for the backward pass. */
export function normalizeRows(
  rows: i32,
  n: i32,
  x: usize,
  weight: usize,
  epsilon: f32,
  out: usize,
  inverse: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const square: f32 = dot(x, x, n) / (n as f32);
    const factor: f32 = F32.isFinite(square) ? 1 / sqrt(square + epsilon) : wideInverse(n, x);
    store<f32>(inverse, factor);
    const scale = f32x4.splat(factor);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const value = f32x4.mul(f32x4.mul(v128.load(x + i * 4), scale), v128.load(weight + i * 4));
      v128.store(out + i * 4, value);
    }
    for (; i < n; i++) store<f32>(out + i * 4, load<f32>(x + i * 4) * factor * load<f32>(weight + i * 4));
    x += n * 4;
    out += n * 4;
    inverse += 4;
  }
}

/** The same where squares leave float32: x itself has room for numbers up to 3e38. */
function wideInverse(n: i32, x: usize): f32 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const value = load<f32>(x + i * 4) as f64;
    sum += value * value;
  }
  return (1 / sqrt(sum / (n as f64))) as f32;
}

/** Below it the products of the usual form of the gradient may leave float32. */
const WIDE_INVERSE: f32 = 1e-12;

/** One row by m = x r, whose elements are around 1: dx = r (w dy - m mean(w dy m)), dw += dy m. */
function wideGradient(
  n: i32,
  x: usize,
  weight: usize,
  r: f32,
  gradient: usize,
  out: usize,
  weightGradient: usize,
): void {
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    const m: f32 = load<f32>(x + i * 4) * r;
    const up = load<f32>(gradient + i * 4);
    total += ((up * load<f32>(weight + i * 4)) as f64) * m;
    const at = weightGradient + i * 4;
    store<f32>(at, load<f32>(at) + up * m);
  }
  const mean = (total / (n as f64)) as f32;
  for (let i = 0; i < n; i++) {
    const push = load<f32>(gradient + i * 4) * load<f32>(weight + i * 4);
    store<f32>(out + i * 4, r * (push - load<f32>(x + i * 4) * r * mean));
  }
}

/**
 * dx = r (w dy) - x r^3 / n sum(w dy x); dw = sum over rows of dy x r, added to `weightGradient`.
 * r is `inverse` of the forward pass.
 */
export function normalizeRowsGradient(
  rows: i32,
  n: i32,
  x: usize,
  weight: usize,
  inverse: usize,
  gradient: usize,
  out: usize,
  weightGradient: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const r = load<f32>(inverse);
    if (r < WIDE_INVERSE) {
      wideGradient(n, x, weight, r, gradient, out, weightGradient);
      x += n * 4;
      gradient += n * 4;
      out += n * 4;
      inverse += 4;
      continue;
    }
    const scale = f32x4.splat(r);
    let sum = f32x4.splat(0);
    let total: f32 = 0;
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const along = f32x4.mul(v128.load(gradient + i * 4), v128.load(x + i * 4));
      sum = f32x4.add(sum, f32x4.mul(along, v128.load(weight + i * 4)));
      const at = weightGradient + i * 4;
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(along, scale)));
    }
    for (; i < n; i++) {
      const along = load<f32>(gradient + i * 4) * load<f32>(x + i * 4);
      total += along * load<f32>(weight + i * 4);
      const at = weightGradient + i * 4;
      store<f32>(at, load<f32>(at) + along * r);
    }
    total +=
      f32x4.extract_lane(sum, 0) +
      f32x4.extract_lane(sum, 1) +
      f32x4.extract_lane(sum, 2) +
      f32x4.extract_lane(sum, 3);
    const pull: f32 = (total * r * r * r) / (n as f32);
    const pulls = f32x4.splat(pull);
    i = 0;
    for (; i + 4 <= n; i += 4) {
      const push = f32x4.mul(f32x4.mul(v128.load(gradient + i * 4), v128.load(weight + i * 4)), scale);
      v128.store(out + i * 4, f32x4.sub(push, f32x4.mul(v128.load(x + i * 4), pulls)));
    }
    for (; i < n; i++) {
      const push = load<f32>(gradient + i * 4) * load<f32>(weight + i * 4) * r;
      store<f32>(out + i * 4, push - load<f32>(x + i * 4) * pull);
    }
    x += n * 4;
    gradient += n * 4;
    out += n * 4;
    inverse += 4;
  }
}
