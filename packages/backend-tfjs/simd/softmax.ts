// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Softmax over contiguous rows.

import { exp4, loadOne, maxLanes, storeOne, sumLanes } from "./math";

/** exp(x * scale - max) / sum, row by row; `out` may be `x`. */
export function softmaxRows(rows: i32, n: i32, x: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const largest = rowMax(n, x);
    const total = expRow(n, x, largest, out);
    scaleRow(n, out, (1 / total) as f32);
    x += n * 4;
    out += n * 4;
  }
}

/** Per row its maximum and the sum of exp(x - max), as pairs of float32. */
export function sumExpRows(rows: i32, n: i32, x: usize, pairs: usize, scratch: usize): void {
  for (let row = 0; row < rows; row++) {
    const largest = rowMax(n, x);
    store<f32>(pairs, largest);
    store<f32>(pairs, expRow(n, x, largest, scratch) as f32, 4);
    x += n * 4;
    pairs += 8;
  }
}

/** out = (x - first) - second with one pair per row: the order keeps the small second term beside large logits. */
export function shiftRows(rows: i32, n: i32, x: usize, pairs: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const first = v128.load32_splat(pairs);
    const second = v128.load32_splat(pairs + 4);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      v128.store(out + i * 4, f32x4.sub(f32x4.sub(v128.load(x + i * 4), first), second));
    }
    for (; i < n; i++) storeOne(out + i * 4, f32x4.sub(f32x4.sub(loadOne(x + i * 4), first), second));
    x += n * 4;
    out += n * 4;
    pairs += 8;
  }
}

/** NaN wins; it is looked for apart, because the instruction that keeps it is many times slower. */
export function rowMax(n: i32, x: usize): f32 {
  let best0 = f32x4.splat(-Infinity);
  let best1 = best0;
  let odd = f32x4.splat(0);
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const x0 = v128.load(x + i * 4);
    const x1 = v128.load(x + i * 4, 16);
    odd = v128.or(odd, v128.or(f32x4.ne(x0, x0), f32x4.ne(x1, x1)));
    best0 = f32x4.pmax(best0, x0);
    best1 = f32x4.pmax(best1, x1);
  }
  if (v128.any_true(odd)) return NaN;
  let largest = maxLanes(f32x4.pmax(best0, best1));
  for (; i < n; i++) largest = max(largest, load<f32>(x + i * 4));
  return largest;
}

/** Index of the largest element of each row, the first of equals; NaN counts as the largest. */
export function argMaxRows(rows: i32, n: i32, x: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const largest = rowMax(n, x);
    store<i32>(out, !F32.isNaN(largest) ? indexOf(n, x, largest) : indexOfNaN(n, x));
    x += n * 4;
    out += 4;
  }
}

function indexOf(n: i32, x: usize, value: f32): i32 {
  const wanted = f32x4.splat(value);
  let i = 0;
  while (i + 4 <= n && !v128.any_true(f32x4.eq(v128.load(x + i * 4), wanted))) i += 4;
  while (i < n - 1 && load<f32>(x + i * 4) !== value) i++;
  return i;
}

function indexOfNaN(n: i32, x: usize): i32 {
  let i = 0;
  while (i < n - 1 && !F32.isNaN(load<f32>(x + i * 4))) i++;
  return i;
}

/** out = exp(x - shift); returns the sum, kept in float64 across stretches of 1024. */
function expRow(n: i32, x: usize, shift: f32, out: usize): f64 {
  const offset = f32x4.splat(shift);
  let total: f64 = 0;
  let i = 0;
  while (i + 4 <= n) {
    const stop = min(n, i + 1024);
    let sum = f32x4.splat(0);
    for (; i + 4 <= stop; i += 4) {
      const value = exp4(f32x4.sub(v128.load(x + i * 4), offset));
      v128.store(out + i * 4, value);
      sum = f32x4.add(sum, value);
    }
    total += sumLanes(sum);
  }
  for (; i < n; i++) {
    const value = exp4(f32x4.sub(loadOne(x + i * 4), offset));
    storeOne(out + i * 4, value);
    total += f32x4.extract_lane(value, 0);
  }
  return total;
}

function scaleRow(n: i32, x: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(x + i * 4, f32x4.mul(v128.load(x + i * 4), factor));
  for (; i < n; i++) store<f32>(x + i * 4, load<f32>(x + i * 4) * scale);
}

/** out = dy - exp(y) sum(dy), the gradient of log-softmax given its result y. */
export function softmaxGradient(rows: i32, n: i32, y: usize, dy: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= n; i += 4) sum = f32x4.add(sum, v128.load(dy + i * 4));
    let total = sumLanes(sum);
    for (; i < n; i++) total += load<f32>(dy + i * 4);
    const shared = f32x4.splat(total);
    i = 0;
    for (; i + 4 <= n; i += 4) {
      const p = exp4(v128.load(y + i * 4));
      v128.store(out + i * 4, f32x4.sub(v128.load(dy + i * 4), f32x4.mul(p, shared)));
    }
    for (; i < n; i++) {
      const p = exp4(loadOne(y + i * 4));
      storeOne(out + i * 4, f32x4.sub(loadOne(dy + i * 4), f32x4.mul(p, shared)));
    }
    y += n * 4;
    dy += n * 4;
    out += n * 4;
  }
}
