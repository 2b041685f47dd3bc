// Rows of bfloat16 and float32 of tiles.h by lanes. Included by the file of a tile unit after its lanes.

LANES_TARGET void make_pairs(const Bits16* from, int64_t stride, int64_t rows, int64_t padded_rows, int64_t columns,
                             const Panels<uint32_t>& to) {
  const Bits16 zeros[kTile] = {};
  for (int64_t row = 0; row < padded_rows; row += 2) {
    for (int64_t column = 0; column < columns; column += kTile) {
      const Bits16* even = row < rows ? from + row * stride + column : zeros;
      const Bits16* odd = row + 1 < rows ? from + (row + 1) * stride + column : zeros;
      store_words(to.at(row / 2, column), to_pair(load_half(even), load_half(odd)));
    }
  }
}

LANES_TARGET void store_rows(const Panels<const float>& from, int64_t rows, int64_t H, float factor,
                             const float* factors, Bits16* to, int64_t stride_to) {
  for (int64_t row = 0; row < rows; row++) {
    const Lanes own_factor = spread(factors ? factors[row] * factor : factor);
    for (int64_t h = 0; h < H; h += kTile) {
      store_half(to + row * stride_to + h, to_half(times(load(from.at(row, h)), own_factor)), H - h);
    }
  }
}
