#include "tile-products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "tiles.h"
#include "element-type.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using namespace tiles;
using at::Tensor;

/// A block of the result; its rows of x and its columns of the weight stay in the second-level cache.
constexpr int64_t kRows = 96, kColumns = 96;

/// Rows of x by whole tiles: those behind the last whole one are copied, with zeros behind them.
class TiledRows {
 public:
  explicit TiledRows(const Tensor& x_MK) : rows_(bits_of(x_MK)), K_(x_MK.size(1)), whole_(x_MK.size(0) / kTile * kTile) {
    if (whole_ == x_MK.size(0)) return;
    tail_ = at::empty({kTile, K_}, x_MK.options());
    copy_rows(rows_ + whole_ * K_, K_, x_MK.size(0) - whole_, K_, static_cast<Bits16*>(tail_.data_ptr()), K_, kTile);
  }

  /// Rows up to here may be computed where they belong, the others in memory of whole tiles.
  int64_t whole() const { return whole_; }

  /// sums = rows [row, row + rows) times a packed weight's columns; rows are rounded up to whole tiles.
  void multiply(int64_t row, int64_t rows, const uint32_t* packed, int64_t column, int64_t columns,
                const Panels<float>& sums) const {
    const Panels<const uint32_t> right{packed + column / kTile * (K_ / 2 * kTile), K_ / 2 * kTile};
    const int64_t in_place = std::min(rows, whole_ - row);
    if (in_place > 0) multiply_deep(rows_ + row * K_, K_, right, sums, in_place, columns, K_, false);
    if (in_place < rows) {
      multiply_deep(bits_of(tail_), K_, right, sums.from_row(in_place), rows - in_place, columns, K_, false);
    }
  }

 private:
  const Bits16* rows_;
  const int64_t K_, whole_;
  Tensor tail_;
};

/// gate = silu(gate) * up
SOFT_TOKENS_VECTORIZED void activate_block(float* gate, const float* up, int64_t count) {
  for (int64_t i = 0; i < count; i++) gate[i] = gate[i] * sigmoid_of(gate[i]) * up[i];
}

/// Calls `run(row, rows, column, columns)` for every block of the result, in parallel. Neighbouring blocks share their rows.
template <class Run>
void for_each_block(int64_t M, int64_t N, const Run& run) {
  const int64_t column_blocks = (N + kColumns - 1) / kColumns, row_blocks = (M + kRows - 1) / kRows;
  at::parallel_for(0, row_blocks * column_blocks, 1, [&](int64_t begin, int64_t end) {
    const TileSession session;
    for (int64_t block = begin; block < end; block++) {
      const int64_t column = block % column_blocks * kColumns, row = block / column_blocks * kRows;
      run(row, std::min(kRows, M - row), column, std::min(kColumns, N - column));
    }
  });
}

}  // namespace

bool fits_tile_product(const Tensor& weight_KN) {
  return available() && weight_KN.size(0) % 32 == 0 && weight_KN.size(1) % 16 == 0;
}

Tensor pack_for_tiles(const Tensor& weight_KN) {
  const int64_t K = weight_KN.size(0), N = weight_KN.size(1);
  Tensor packed = at::empty({K / 2 * N}, at::kInt);
  auto* words = reinterpret_cast<uint32_t*>(packed.mutable_data_ptr<int32_t>());
  at::parallel_for(0, N / kTile, 4, [&](int64_t begin, int64_t end) {
    const int64_t panel = K / 2 * kTile;
    make_pairs(bits_of(weight_KN) + begin * kTile, N, K, K, (end - begin) * kTile, {words + begin * panel, panel});
  });
  return packed;
}

Tensor pack_rows_for_tiles(const Tensor& weight_NK) {
  const int64_t N = weight_NK.size(0), length = weight_NK.size(1) / 2;
  Tensor packed = at::empty({length * N}, at::kInt);
  const auto* from = reinterpret_cast<const uint32_t*>(bits_of(weight_NK));
  uint32_t* to = writable_words_of(packed);
  at::parallel_for(0, N / kTile, 4, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; panel++) {
      transpose_to_panels(from + panel * kTile * length, length, kTile, length, {to + panel * kTile * length, 0});
    }
  });
  return packed;
}

Tensor multiply_tiles(const Tensor& x_MK, const Tensor& packed, int64_t N, at::ScalarType dtype) {
  const int64_t M = x_MK.size(0);
  Tensor y_MN = at::empty({M, N}, x_MK.options().dtype(dtype));
  const bool is_wide = dtype == at::kFloat;
  const TiledRows x(x_MK);
  for_each_block(M, N, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    alignas(64) float memory[kRows * kColumns];
    const Panels<float> sums{memory, kTile, columns};
    // Unrounded sums go straight to their place.
    if (is_wide && row + rows <= x.whole()) {
      x.multiply(row, rows, words_of(packed), column, columns, {y_MN.data_ptr<float>() + row * N + column, kTile, N});
      return;
    }
    x.multiply(row, rows, words_of(packed), column, columns, sums);
    if (is_wide) {
      for (int64_t i = 0; i < rows; i++) {
        std::copy_n(memory + i * columns, columns, y_MN.data_ptr<float>() + (row + i) * N + column);
      }
      return;
    }
    store_rows(read_only(sums), rows, columns, 1.0f, nullptr, static_cast<Bits16*>(y_MN.data_ptr()) + row * N + column, N);
  });
  return y_MN;
}

std::tuple<Tensor, Tensor, Tensor> multiply_gated_tiles(const Tensor& x_MK, const Tensor& packed_gate,
                                                        const Tensor& packed_up, int64_t N, bool keep_products) {
  const int64_t M = x_MK.size(0);
  const auto result = [&] { return at::empty({M, N}, x_MK.options()); };
  Tensor activation = result(), gate = keep_products ? result() : Tensor(), up = keep_products ? result() : Tensor();
  const TiledRows x(x_MK);
  for_each_block(M, N, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    alignas(64) float gates[kRows * kColumns];
    alignas(64) float ups[kRows * kColumns];
    const auto store = [&](float* sums, const Tensor& to) {
      store_rows({sums, kTile, columns}, rows, columns, 1.0f, nullptr,
                 static_cast<Bits16*>(to.data_ptr()) + row * N + column, N);
    };
    x.multiply(row, rows, words_of(packed_gate), column, columns, {gates, kTile, columns});
    x.multiply(row, rows, words_of(packed_up), column, columns, {ups, kTile, columns});
    if (keep_products) {
      store(gates, gate);
      store(ups, up);
    }
    activate_block(gates, ups, rows * columns);
    store(gates, activation);
  });
  return {activation, gate, up};
}

}  // namespace soft_tokens
