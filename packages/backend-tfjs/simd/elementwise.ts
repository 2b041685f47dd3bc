// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Element-by-element arithmetic. `n` elements a row; a step of 0 repeats one element along the row.

import { exp4, loadOne, sigmoid4, storeOne } from "./math";

/** Codes as in src/wasm/elementwise.ts: 0 add, 1 subtract, 2 multiply, 3 divide, 4 maximum, 5 minimum. */
export function binary(
  operation: i32,
  rows: i32,
  n: i32,
  a: usize,
  aRow: i32,
  aStep: i32,
  b: usize,
  bRow: i32,
  bStep: i32,
  out: usize,
): void {
  for (let row = 0; row < rows; row++) {
    switch (operation) {
      case 0:
        binaryRow(0, n, a, aStep, b, bStep, out);
        break;
      case 1:
        binaryRow(1, n, a, aStep, b, bStep, out);
        break;
      case 2:
        binaryRow(2, n, a, aStep, b, bStep, out);
        break;
      case 3:
        binaryRow(3, n, a, aStep, b, bStep, out);
        break;
      case 4:
        binaryRow(4, n, a, aStep, b, bStep, out);
        break;
      default:
        binaryRow(5, n, a, aStep, b, bStep, out);
    }
    a += aRow;
    b += bRow;
    out += n * 4;
  }
}

// @inline
function combine(operation: i32, x: v128, y: v128): v128 {
  if (operation === 0) return f32x4.add(x, y);
  if (operation === 1) return f32x4.sub(x, y);
  if (operation === 2) return f32x4.mul(x, y);
  if (operation === 3) return f32x4.div(x, y);
  if (operation === 4) return f32x4.max(x, y);
  return f32x4.min(x, y);
}

// @inline
function binaryRow(operation: i32, n: i32, a: usize, aStep: i32, b: usize, bStep: i32, out: usize): void {
  let i = 0;
  if (aStep !== 0 && bStep !== 0) {
    for (; i + 4 <= n; i += 4) {
      v128.store(out + i * 4, combine(operation, v128.load(a + i * 4), v128.load(b + i * 4)));
    }
  } else if (aStep !== 0) {
    const y = v128.load32_splat(b);
    for (; i + 4 <= n; i += 4) v128.store(out + i * 4, combine(operation, v128.load(a + i * 4), y));
  } else if (bStep !== 0) {
    const x = v128.load32_splat(a);
    for (; i + 4 <= n; i += 4) v128.store(out + i * 4, combine(operation, x, v128.load(b + i * 4)));
  }
  for (; i < n; i++)
    storeOne(out + i * 4, combine(operation, loadOne(a + i * aStep), loadOne(b + i * bStep)));
}

/** Codes: 0 negate, 1 abs, 2 exp, 3 sqrt, 4 rsqrt, 5 square, 6 sigmoid, 7 silu. */
export function unary(operation: i32, n: i32, x: usize, out: usize): void {
  switch (operation) {
    case 0:
      unaryRow(0, n, x, out);
      break;
    case 1:
      unaryRow(1, n, x, out);
      break;
    case 2:
      unaryRow(2, n, x, out);
      break;
    case 3:
      unaryRow(3, n, x, out);
      break;
    case 4:
      unaryRow(4, n, x, out);
      break;
    case 5:
      unaryRow(5, n, x, out);
      break;
    case 6:
      unaryRow(6, n, x, out);
      break;
    default:
      unaryRow(7, n, x, out);
  }
}

// @inline
function apply(operation: i32, x: v128): v128 {
  if (operation === 0) return f32x4.neg(x);
  if (operation === 1) return f32x4.abs(x);
  if (operation === 2) return exp4(x);
  if (operation === 3) return f32x4.sqrt(x);
  if (operation === 4) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  if (operation === 5) return f32x4.mul(x, x);
  if (operation === 6) return sigmoid4(x);
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}

// @inline
function unaryRow(operation: i32, n: i32, x: usize, out: usize): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(out + i * 4, apply(operation, v128.load(x + i * 4)));
  for (; i < n; i++) storeOne(out + i * 4, apply(operation, loadOne(x + i * 4)));
}

/** x * scale + shift */
export function affine(n: i32, x: usize, scale: f32, shift: f32, out: usize): void {
  const factor = f32x4.splat(scale);
  const offset = f32x4.splat(shift);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(out + i * 4, f32x4.add(f32x4.mul(v128.load(x + i * 4), factor), offset));
  }
  for (; i < n; i++) store<f32>(out + i * 4, load<f32>(x + i * 4) * scale + shift);
}

/** silu(gate) * up */
export function gatedUnit(n: i32, gate: usize, up: usize, out: usize): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const g = v128.load(gate + i * 4);
    v128.store(out + i * 4, f32x4.mul(apply(7, g), v128.load(up + i * 4)));
  }
  for (; i < n; i++) {
    storeOne(out + i * 4, f32x4.mul(apply(7, loadOne(gate + i * 4)), loadOne(up + i * 4)));
  }
}

/** Gradients of silu(gate) * up by both, and the product again. `gradient` may be `gateGradient`'s memory. */
export function gatedGradient(
  n: i32,
  gate: usize,
  up: usize,
  gradient: usize,
  gateGradient: usize,
  upGradient: usize,
  product: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = 0; i < n; i += 4) {
    const isWhole = i + 4 <= n;
    const rest = isWhole ? 1 : n - i;
    for (let l = 0; l < rest; l++) {
      const at = (i + l) * 4;
      const g = isWhole ? v128.load(gate + at) : loadOne(gate + at);
      const u = isWhole ? v128.load(up + at) : loadOne(up + at);
      const d = isWhole ? v128.load(gradient + at) : loadOne(gradient + at);
      const s = sigmoid4(g);
      const silu = f32x4.mul(g, s);
      // d silu = s (1 + g (1 - s))
      const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(g, f32x4.sub(one, s))));
      const dg = f32x4.mul(f32x4.mul(d, u), slope);
      const du = f32x4.mul(d, silu);
      const p = f32x4.mul(silu, u);
      if (isWhole) {
        v128.store(gateGradient + at, dg);
        v128.store(upGradient + at, du);
        v128.store(product + at, p);
      } else {
        storeOne(gateGradient + at, dg);
        storeOne(upGradient + at, du);
        storeOne(product + at, p);
      }
    }
  }
}

/** Per row: out = y * (dy - sum(dy * y)) * scale, softmax's gradient; used by attention too. */
export function dotGradient(rows: i32, n: i32, y: usize, dy: usize, scale: f32, out: usize): void {
  const factor = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(y + i * 4), v128.load(dy + i * 4)));
    }
    let total =
      f32x4.extract_lane(sum, 0) +
      f32x4.extract_lane(sum, 1) +
      f32x4.extract_lane(sum, 2) +
      f32x4.extract_lane(sum, 3);
    for (; i < n; i++) total += load<f32>(y + i * 4) * load<f32>(dy + i * 4);
    const shared = f32x4.splat(total);
    i = 0;
    for (; i + 4 <= n; i += 4) {
      const value = f32x4.mul(v128.load(y + i * 4), f32x4.sub(v128.load(dy + i * 4), shared));
      v128.store(out + i * 4, f32x4.mul(value, factor));
    }
    for (; i < n; i++)
      store<f32>(out + i * 4, load<f32>(y + i * 4) * (load<f32>(dy + i * 4) - total) * scale);
    y += n * 4;
    dy += n * 4;
    out += n * 4;
  }
}
