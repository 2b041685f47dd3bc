// biome-ignore-all lint/style/noParameterAssign: addresses advance, as in the machine code that this becomes.

// Data movement; sizes in bytes unless said otherwise.

/** `rows` stretches of `bytes`, from and to addresses that advance by their own steps. */
export function copyRows(rows: i32, bytes: i32, from: usize, fromStep: i32, to: usize, toStep: i32): void {
  for (let row = 0; row < rows; row++) {
    copyBytes(bytes, from, to);
    from += fromStep;
    to += toStep;
  }
}

// @inline
function copyBytes(bytes: i32, from: usize, to: usize): void {
  if (bytes >= 512) {
    memory.copy(to, from, bytes);
    return;
  }
  let i = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i + 4 <= bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
  for (; i < bytes; i++) store<u8>(to + i, load<u8>(from + i));
}

/** `rows` times `n` 4-byte elements, each row filled with the one element at `from`. */
export function fillRows(rows: i32, n: i32, from: usize, fromStep: i32, to: usize): void {
  for (let row = 0; row < rows; row++) {
    const value = v128.load32_splat(from);
    let i = 0;
    for (; i + 4 <= n; i += 4) v128.store(to + i * 4, value);
    for (; i < n; i++) store<u32>(to + i * 4, load<u32>(from));
    from += fromStep;
    to += n * 4;
  }
}

/**
 * 4-byte elements: to[i * toRow + 4 j] = from[i * 4 + j * fromColumn] for i < rows, j < columns, in blocks of 4 x 4.
 */
export function transposeBlocks(
  rows: i32,
  columns: i32,
  from: usize,
  fromColumn: i32,
  to: usize,
  toRow: i32,
): void {
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let at = from + i * 4;
    let out = to + i * toRow;
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      const x0 = v128.load(at);
      const x1 = v128.load(at + fromColumn);
      const x2 = v128.load(at + 2 * fromColumn);
      const x3 = v128.load(at + 3 * fromColumn);
      const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f64>(t0, t1, 0, 2));
      v128.store(out + toRow, v128.shuffle<f64>(t0, t1, 1, 3));
      v128.store(out + 2 * toRow, v128.shuffle<f64>(t2, t3, 0, 2));
      v128.store(out + 3 * toRow, v128.shuffle<f64>(t2, t3, 1, 3));
      at += 4 * fromColumn;
      out += 16;
    }
    for (; j < columns; j++) {
      for (let l = 0; l < 4; l++) store<u32>(out + l * toRow, load<u32>(at + l * 4));
      at += fromColumn;
      out += 4;
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      store<u32>(to + i * toRow + j * 4, load<u32>(from + i * 4 + j * fromColumn));
    }
  }
}

/** Rows of a table by int32 ids, which were checked before. */
export function takeRowsById(count: i32, bytes: i32, table: usize, ids: usize, to: usize): void {
  for (let i = 0; i < count; i++) {
    copyBytes(bytes, table + load<i32>(ids + i * 4) * bytes, to);
    to += bytes;
  }
}

/** Adds float32 rows into a table at int32 ids. */
export function addRowsById(count: i32, n: i32, from: usize, ids: usize, table: usize): void {
  for (let i = 0; i < count; i++) {
    const to = table + load<i32>(ids + i * 4) * n * 4;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      v128.store(to + j * 4, f32x4.add(v128.load(to + j * 4), v128.load(from + j * 4)));
    }
    for (; j < n; j++) store<f32>(to + j * 4, load<f32>(to + j * 4) + load<f32>(from + j * 4));
    from += n * 4;
  }
}
