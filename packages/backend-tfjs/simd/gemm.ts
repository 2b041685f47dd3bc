// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Matrix products in any orientation: C (+)= A B, with A and B given by row and column strides.
// Panels of B (and of A unless its rows are contiguous) are packed; a 4 x 8 tile of C stays in registers.

import { multiplyAdd } from "./math";

const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;
const BLOCK_INNER: i32 = 256;
const BLOCK_COLUMNS: i32 = 512;

/** Bytes of `work` that a product needs: a tile, packed B, packed A. */
const WORK_B: i32 = 128;
const WORK_A: i32 = WORK_B + BLOCK_INNER * BLOCK_COLUMNS * 4;

/**
 * `count` products of [M, K] by [K, N], operands `aStep`, `bStep`, `cStep` bytes apart.
 * `add` !== 0 adds to C. `work` has gemmWorkBytes bytes (src/wasm/heap.ts).
 */
export function gemm(
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  add: bool,
  work: usize,
  count: i32,
  aStep: i32,
  bStep: i32,
  cStep: i32,
): void {
  for (let i = 0; i < count; i++) {
    multiply(M, N, K, a, aRow, aColumn, b, bRow, bColumn, c, cRow, add, work);
    a += aStep;
    b += bStep;
    c += cStep;
  }
}

export function multiply(
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  add: bool,
  work: usize,
): void {
  if (M < TILE_ROWS && aColumn === 4 && (bColumn === 4 || bRow === 4)) {
    for (let i = 0; i < M; i++) {
      if (bColumn === 4) rowTimesMatrix(N, K, a + i * aRow, b, bRow, c + i * cRow, add);
      else rowTimesTransposed(N, K, a + i * aRow, b, bColumn, c + i * cRow, add);
    }
    return;
  }
  const packedB = work + WORK_B;
  const packedA = work + WORK_A;
  for (let column = 0; column < N; column += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, N - column);
    for (let inner = 0; inner < K; inner += BLOCK_INNER) {
      const depth = min(BLOCK_INNER, K - inner);
      packColumns(b + inner * bRow + column * bColumn, bRow, bColumn, depth, columns, packedB);
      const accumulate = add || inner > 0;
      for (let row = 0; row < M; row += TILE_ROWS) {
        const rows = min(TILE_ROWS, M - row);
        const panel = a + row * aRow + inner * aColumn;
        const target = c + row * cRow + column * 4;
        const isDirect = aColumn === 4 && rows === TILE_ROWS;
        if (!isDirect) packRows(panel, aRow, aColumn, rows, depth, packedA);
        for (let j = 0; j < columns; j += TILE_COLUMNS) {
          const width = min(TILE_COLUMNS, columns - j);
          const packed = packedB + j * depth * 4;
          if (isDirect) {
            tile(
              depth,
              panel,
              panel + aRow,
              panel + 2 * aRow,
              panel + 3 * aRow,
              4,
              packed,
              target + j * 4,
              cRow,
              accumulate,
              rows,
              width,
              work,
            );
          } else {
            tile(
              depth,
              packedA,
              packedA + 4,
              packedA + 8,
              packedA + 12,
              16,
              packed,
              target + j * 4,
              cRow,
              accumulate,
              rows,
              width,
              work,
            );
          }
        }
      }
    }
  }
}

/** 4 x 8 of C: `a0..a3` walk down the inner axis by `step`, packed B by 32 bytes. */
// @inline
function tile(
  depth: i32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  step: i32,
  b: usize,
  c: usize,
  cRow: i32,
  add: bool,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  const end = b + depth * 32;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
    b += 32;
  }
  if (rows === TILE_ROWS && columns === TILE_COLUMNS) {
    put(c, c00, c01, add);
    put(c + cRow, c10, c11, add);
    put(c + 2 * cRow, c20, c21, add);
    put(c + 3 * cRow, c30, c31, add);
    return;
  }
  put(scratch, c00, c01, false);
  put(scratch + 32, c10, c11, false);
  put(scratch + 64, c20, c21, false);
  put(scratch + 96, c30, c31, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + i * cRow + j * 4;
      const value = load<f32>(scratch + i * 32 + j * 4);
      store<f32>(at, add ? load<f32>(at) + value : value);
    }
  }
}

// @inline
function put(c: usize, low: v128, high: v128, add: bool): void {
  v128.store(c, add ? f32x4.add(v128.load(c), low) : low);
  v128.store(c, add ? f32x4.add(v128.load(c, 16), high) : high, 16);
}

/** B as panels of 8 columns, each panel row by row; missing columns are 0. */
function packColumns(b: usize, bRow: i32, bColumn: i32, depth: i32, columns: i32, out: usize): void {
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, columns - j);
    const base = b + j * bColumn;
    if (width === TILE_COLUMNS && bColumn === 4) {
      let at = base;
      for (let k = 0; k < depth; k++) {
        v128.store(out, v128.load(at));
        v128.store(out, v128.load(at, 16), 16);
        out += 32;
        at += bRow;
      }
    } else if (width === TILE_COLUMNS && bRow === 4) {
      let k = 0;
      for (; k + 4 <= depth; k += 4) {
        packTransposed(base + k * 4, bColumn, out);
        packTransposed(base + k * 4 + 4 * bColumn, bColumn, out + 16);
        out += 128;
      }
      for (; k < depth; k++) {
        for (let l = 0; l < TILE_COLUMNS; l++) store<f32>(out + l * 4, load<f32>(base + k * 4 + l * bColumn));
        out += 32;
      }
    } else {
      for (let k = 0; k < depth; k++) {
        for (let l = 0; l < width; l++) store<f32>(out + l * 4, load<f32>(base + k * bRow + l * bColumn));
        for (let l = width; l < TILE_COLUMNS; l++) store<f32>(out + l * 4, 0);
        out += 32;
      }
    }
  }
}

/** Four columns of four contiguous inner elements -> four rows, 32 bytes apart. */
// @inline
function packTransposed(at: usize, bColumn: i32, out: usize): void {
  const x0 = v128.load(at);
  const x1 = v128.load(at + bColumn);
  const x2 = v128.load(at + 2 * bColumn);
  const x3 = v128.load(at + 3 * bColumn);
  const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(t0, t1, 0, 2));
  v128.store(out, v128.shuffle<f64>(t0, t1, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(t2, t3, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(t2, t3, 1, 3), 96);
}

/** Up to four rows of A side by side; missing rows are 0. */
function packRows(a: usize, aRow: i32, aColumn: i32, rows: i32, depth: i32, out: usize): void {
  if (rows === TILE_ROWS && aRow === 4) {
    for (let k = 0; k < depth; k++) {
      v128.store(out, v128.load(a));
      out += 16;
      a += aColumn;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    for (let l = 0; l < rows; l++) store<f32>(out + l * 4, load<f32>(a + l * aRow));
    for (let l = rows; l < TILE_ROWS; l++) store<f32>(out + l * 4, 0);
    out += 16;
    a += aColumn;
  }
}

/** One row times a row-major matrix: four columns at a time would starve, so sixteen. */
function rowTimesMatrix(N: i32, K: i32, a: usize, b: usize, bRow: i32, c: usize, add: bool): void {
  let j = 0;
  for (; j + 16 <= N; j += 16) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let at = b + j * 4;
    for (let k = 0; k < K; k++) {
      const x = v128.load32_splat(a + k * 4);
      s0 = multiplyAdd(x, v128.load(at), s0);
      s1 = multiplyAdd(x, v128.load(at, 16), s1);
      s2 = multiplyAdd(x, v128.load(at, 32), s2);
      s3 = multiplyAdd(x, v128.load(at, 48), s3);
      at += bRow;
    }
    put(c + j * 4, s0, s1, add);
    put(c + j * 4 + 32, s2, s3, add);
  }
  for (; j + 4 <= N; j += 4) {
    let s = f32x4.splat(0);
    let at = b + j * 4;
    for (let k = 0; k < K; k++) {
      s = multiplyAdd(v128.load32_splat(a + k * 4), v128.load(at), s);
      at += bRow;
    }
    const out = c + j * 4;
    v128.store(out, add ? f32x4.add(v128.load(out), s) : s);
  }
  for (; j < N; j++) {
    let s: f32 = 0;
    let at = b + j * 4;
    for (let k = 0; k < K; k++) {
      s += load<f32>(a + k * 4) * load<f32>(at);
      at += bRow;
    }
    const out = c + j * 4;
    store<f32>(out, add ? load<f32>(out) + s : s);
  }
}

/** One row times the transpose of a matrix whose rows are contiguous: four dot products at a time. */
function rowTimesTransposed(N: i32, K: i32, a: usize, b: usize, bColumn: i32, c: usize, add: bool): void {
  let j = 0;
  for (; j + 4 <= N; j += 4) {
    let b0 = b + j * bColumn;
    let b1 = b0 + bColumn;
    let b2 = b1 + bColumn;
    let b3 = b2 + bColumn;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let k = 0;
    for (; k + 4 <= K; k += 4) {
      const x = v128.load(a + k * 4);
      s0 = multiplyAdd(x, v128.load(b0), s0);
      s1 = multiplyAdd(x, v128.load(b1), s1);
      s2 = multiplyAdd(x, v128.load(b2), s2);
      s3 = multiplyAdd(x, v128.load(b3), s3);
      b0 += 16;
      b1 += 16;
      b2 += 16;
      b3 += 16;
    }
    for (; k < K; k++) {
      const x = v128.load32_zero(a + k * 4);
      s0 = multiplyAdd(x, v128.load32_zero(b0), s0);
      s1 = multiplyAdd(x, v128.load32_zero(b1), s1);
      s2 = multiplyAdd(x, v128.load32_zero(b2), s2);
      s3 = multiplyAdd(x, v128.load32_zero(b3), s3);
      b0 += 4;
      b1 += 4;
      b2 += 4;
      b3 += 4;
    }
    const t0 = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const t1 = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    const sum = f32x4.add(v128.shuffle<f64>(t0, t1, 0, 2), v128.shuffle<f64>(t0, t1, 1, 3));
    const out = c + j * 4;
    v128.store(out, add ? f32x4.add(v128.load(out), sum) : sum);
  }
  for (; j < N; j++) {
    const at = b + j * bColumn;
    let s: f32 = 0;
    for (let k = 0; k < K; k++) s += load<f32>(a + k * 4) * load<f32>(at + k * 4);
    const out = c + j * 4;
    store<f32>(out, add ? load<f32>(out) + s : s);
  }
}
