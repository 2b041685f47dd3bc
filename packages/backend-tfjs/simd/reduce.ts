// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Sums, maxima and minima over the middle axis of [outer, n, inner].

import { minLanes, sumLanes } from "./math";
import { rowMax } from "./softmax";

/** Codes: 0 sum, 1 maximum, 2 minimum. Sums are blocked, long rows are added up in float64. NaN wins an extremum. */
export function reduceMiddle(
  operation: i32,
  outer: i32,
  n: i32,
  inner: i32,
  x: usize,
  scale: f32,
  out: usize,
): void {
  for (let i = 0; i < outer; i++) {
    if (inner === 1) {
      const value: f32 =
        operation === 0 ? sumRow(n, x) * scale : operation === 1 ? rowMax(n, x) : minRow(n, x);
      store<f32>(out, value);
    } else if (operation === 0) {
      sumRows(n, inner, x, scale, out);
    } else {
      extremumRows(operation, n, inner, x, out);
    }
    x += n * inner * 4;
    out += inner * 4;
  }
}

function sumRow(n: i32, x: usize): f32 {
  let total: f64 = 0;
  let i = 0;
  while (i + 4 <= n) {
    const stop = min(n, i + 1024);
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    for (; i + 8 <= stop; i += 8) {
      s0 = f32x4.add(s0, v128.load(x + i * 4));
      s1 = f32x4.add(s1, v128.load(x + i * 4, 16));
    }
    for (; i + 4 <= stop; i += 4) s0 = f32x4.add(s0, v128.load(x + i * 4));
    total += sumLanes(f32x4.add(s0, s1));
  }
  for (; i < n; i++) total += load<f32>(x + i * 4);
  return total as f32;
}

function minRow(n: i32, x: usize): f32 {
  let best = f32x4.splat(Infinity);
  let i = 0;
  for (; i + 4 <= n; i += 4) best = f32x4.min(best, v128.load(x + i * 4));
  let smallest = minLanes(best);
  for (; i < n; i++) smallest = min(smallest, load<f32>(x + i * 4));
  return smallest;
}

/** Rows are added in stretches of 64, so that the error grows with the square root of the length at most. */
function sumRows(n: i32, inner: i32, x: usize, scale: f32, out: usize): void {
  const factor = f32x4.splat(scale);
  let j = 0;
  for (; j + 4 <= inner; j += 4) {
    let total = f32x4.splat(0);
    let at = x + j * 4;
    for (let i = 0; i < n; ) {
      const stop = min(n, i + 64);
      let part = f32x4.splat(0);
      for (; i < stop; i++) {
        part = f32x4.add(part, v128.load(at));
        at += inner * 4;
      }
      total = f32x4.add(total, part);
    }
    v128.store(out + j * 4, f32x4.mul(total, factor));
  }
  for (; j < inner; j++) {
    let total: f64 = 0;
    for (let i = 0; i < n; i++) total += load<f32>(x + (i * inner + j) * 4);
    store<f32>(out + j * 4, (total as f32) * scale);
  }
}

function extremumRows(operation: i32, n: i32, inner: i32, x: usize, out: usize): void {
  for (let j = 0; j < inner; j++) {
    let best: f32 = operation === 1 ? -Infinity : Infinity;
    for (let i = 0; i < n; i++) {
      const value = load<f32>(x + (i * inner + j) * 4);
      best = operation === 1 ? max(best, value) : min(best, value);
    }
    store<f32>(out + j * 4, best);
  }
}
