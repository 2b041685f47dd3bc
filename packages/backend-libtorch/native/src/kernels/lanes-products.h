// Products of tiles.h by lanes, for processors without a tile unit. Included by the file of a tile unit after its lanes and
// kRowsAtOnce, kPanelsAtOnce: the block of C that the processor's registers hold.
//
// Every element of C is one running sum over x, by fused multiply-adds in the order of x, wherever the product is cut: so
// rows give the same bits alone and among others, and `accumulate_values` those of `multiply`.

/** C of `Rows` rows and `Count` panels += A, already float32, times B. */
template <int Rows, int Count>
LANES_TARGET void multiply_block(const float* a, int64_t stride_a, const Panels<const uint32_t>& b, int64_t column,
                                 const Panels<float>& c, int64_t row, int64_t pairs, bool accumulate) {
  const uint32_t* words[Count];
  Lanes sums[Rows][Count];
  for (int panel = 0; panel < Count; panel++) {
    words[panel] = b.at(0, column + panel * kTile);
    for (int i = 0; i < Rows; i++) sums[i][panel] = accumulate ? load(c.at(row + i, column + panel * kTile)) : zero();
  }
  const int64_t stride_b = b.stride;
  for (int64_t pair = 0; pair < pairs; pair++, a += 2) {
    Lanes right[Count];
    for (int panel = 0; panel < Count; panel++) right[panel] = even_of(load_words(words[panel]));
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const Lanes left = spread(a[i * stride_a]);
      for (int panel = 0; panel < Count; panel++) sums[i][panel] = fused(left, right[panel], sums[i][panel]);
    }
    for (int panel = 0; panel < Count; panel++) {
      right[panel] = odd_of(load_words(words[panel]));
      words[panel] += stride_b;
    }
#pragma GCC unroll 4
    for (int i = 0; i < Rows; i++) {
      const Lanes left = spread(a[i * stride_a + 1]);
      for (int panel = 0; panel < Count; panel++) sums[i][panel] = fused(left, right[panel], sums[i][panel]);
    }
  }
  for (int panel = 0; panel < Count; panel++) {
    for (int i = 0; i < Rows; i++) store(c.at(row + i, column + panel * kTile), sums[i][panel]);
  }
}

#include "lanes-blocks.h"

/** Strips of A are widened to float32 once for all columns; a strip and a panel of B lie in the first-level cache. */
LANES_TARGET void multiply(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
                           int64_t M, int64_t N, int64_t X, bool accumulate) {
  constexpr int64_t strip = 16, depth = 320;
  alignas(64) float wide[strip * depth];
  for (int64_t x = 0; x < X; x += depth) {
    const int64_t length = std::min(depth, X - x);
    const Panels<const uint32_t> right = b.from_row(x / 2);
    for (int64_t m = 0; m < M; m += strip) {
      const int64_t rows = std::min(strip, M - m);
      for (int64_t i = 0; i < rows; i++) {
        const Bits16* from = a + (m + i) * stride_a + x;
        for (int64_t at = 0; at < length; at += kTile) store(wide + i * depth + at, widen(load_half(from + at)));
      }
      int64_t n = 0;
      for (; n + kPanelsAtOnce * kTile <= N; n += kPanelsAtOnce * kTile) {
        multiply_columns<kRowsAtOnce, kPanelsAtOnce>(rows, wide, depth, right, n, c, m, length / 2, accumulate || x > 0);
      }
      for (; n < N; n += kTile) {
        multiply_columns<kRowsAtOnce, 1>(rows, wide, depth, right, n, c, m, length / 2, accumulate || x > 0);
      }
    }
  }
}

template <int Heads>
LANES_TARGET void accumulate_heads(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                                   int64_t stride_values, int64_t keys, int64_t width, float* out,
                                   int64_t stride_out) {
  for (int64_t h = 0; h < width; h += kTile) {
    Lanes sums[Heads];
    for (int head = 0; head < Heads; head++) sums[head] = load(out + head * stride_out + h);
    for (int64_t key = 0; key < keys; key++) {
      const Lanes value = widen(load_half(values + key * stride_values + h));
      const uint32_t* words = pairs + key / 2 * stride_pairs;
      for (int head = 0; head < Heads; head++) {
        const Words weight = spread_word(words[head]);
        sums[head] = fused(key % 2 == 0 ? even_of(weight) : odd_of(weight), value, sums[head]);
      }
    }
    for (int head = 0; head < Heads; head++) store(out + head * stride_out + h, sums[head]);
  }
}

constexpr int kHeadsAtOnce = 4;

#include "lanes-heads.h"

LANES_TARGET void dot_rows(const Bits16* a, int64_t stride_a, const Bits16* b, int64_t stride_b, int64_t rows,
                           int64_t H, float* to) {
  for (int64_t row = 0; row < rows; row++, a += stride_a, b += stride_b) {
    Lanes sums = zero();
    int64_t h = 0;
    for (; h + kTile <= H; h += kTile) sums = fused(widen(load_half(a + h)), widen(load_half(b + h)), sums);
    float total = sum(sums);
    for (; h < H; h++) total += to_float(a[h]) * to_float(b[h]);
    to[row] = total;
  }
}
