#include "tile-products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>

#include <algorithm>

#include "attention-tiles.h"
#include "release-tiles.h"
#include "vectorized.h"
#include "word-blocks.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// Columns of a block: its pairs, K * 64 words, stay in the second-level cache while rows pass.
constexpr int64_t kColumns = 64;
/// Rows of a block: 64 x 64 sums in float32 take a third of the first-level cache.
constexpr int64_t kRows = 64;

const at::BFloat16* words_of(const Tensor& packed) {
  return reinterpret_cast<const at::BFloat16*>(packed.const_data_ptr<int32_t>());
}

/// gate = silu(gate) * up
SOFT_TOKENS_VECTORIZED void activate_block(float* gate, const float* up, int64_t count) {
  for (int64_t i = 0; i < count; i++) gate[i] = gate[i] * sigmoid_of(gate[i]) * up[i];
}

/// Calls `run(row, rows, column, columns)` for every block of the result, in parallel. Neighbouring blocks share their rows.
template <class Run>
void for_each_block(int64_t M, int64_t N, const Run& run) {
  const int64_t column_blocks = (N + kColumns - 1) / kColumns, row_blocks = (M + kRows - 1) / kRows;
  at::parallel_for(0, row_blocks * column_blocks, 1, [&](int64_t begin, int64_t end) {
    const ReleaseTiles release;
    for (int64_t block = begin; block < end; block++) {
      const int64_t column = block % column_blocks * kColumns, row = block / column_blocks * kRows;
      run(row, std::min(kRows, M - row), column, std::min(kColumns, N - column));
    }
  });
}

}  // namespace

bool fits_tile_product(const Tensor& weight_KN) {
  return attention_tiles::available() && weight_KN.size(0) % 32 == 0 && weight_KN.size(1) % 16 == 0;
}

Tensor pack_for_tiles(const Tensor& weight_KN) {
  const int64_t K = weight_KN.size(0), N = weight_KN.size(1);
  Tensor packed = at::empty({K / 2 * N}, at::kInt);
  const auto* weight = reinterpret_cast<const Bits16*>(weight_KN.const_data_ptr<at::BFloat16>());
  auto* words = reinterpret_cast<uint32_t*>(packed.mutable_data_ptr<int32_t>());
  at::parallel_for(0, (N + kColumns - 1) / kColumns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const int64_t column = block * kColumns, columns = std::min(kColumns, N - column);
      make_pairs(weight + column, N, K, columns, words + K / 2 * column, columns);
    }
  });
  return packed;
}

Tensor multiply_tiles(const Tensor& x_MK, const Tensor& packed, int64_t N, at::ScalarType dtype) {
  const int64_t M = x_MK.size(0), K = x_MK.size(1);
  Tensor y_MN = at::empty({M, N}, x_MK.options().dtype(dtype));
  const bool is_wide = dtype == at::kFloat;
  const auto* x = x_MK.const_data_ptr<at::BFloat16>();
  const auto* words = words_of(packed);
  for_each_block(M, N, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    alignas(64) float sums[kRows * kColumns];
    // Unrounded sums go straight to their place.
    float* target = is_wide ? y_MN.data_ptr<float>() + row * N + column : sums;
    at::native::cpublas::brgemm(rows, columns, K, K, columns, is_wide ? N : columns, false, x + row * K,
                                words + K * column, target);
    if (is_wide) return;
    auto* y = static_cast<Bits16*>(y_MN.data_ptr()) + row * N + column;
    attention_tiles::store_rows({sums, attention_tiles::kTile, columns}, rows, columns, 1.0f, nullptr, y, N);
  });
  return y_MN;
}

std::tuple<Tensor, Tensor, Tensor> multiply_gated_tiles(const Tensor& x_MK, const Tensor& packed_gate,
                                                        const Tensor& packed_up, int64_t N, bool keep_products) {
  const int64_t M = x_MK.size(0), K = x_MK.size(1);
  const auto result = [&] { return at::empty({M, N}, x_MK.options()); };
  Tensor activation = result(), gate = keep_products ? result() : Tensor(), up = keep_products ? result() : Tensor();
  const auto* x = x_MK.const_data_ptr<at::BFloat16>();
  const auto *gate_words = words_of(packed_gate), *up_words = words_of(packed_up);
  for_each_block(M, N, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    alignas(64) float gates[kRows * kColumns];
    alignas(64) float ups[kRows * kColumns];
    const auto multiply = [&](const at::BFloat16* words, float* sums) {
      at::native::cpublas::brgemm(rows, columns, K, K, columns, columns, false, x + row * K, words + K * column, sums);
    };
    const auto store = [&](const float* sums, const Tensor& to) {
      attention_tiles::store_rows({sums, attention_tiles::kTile, columns}, rows, columns, 1.0f, nullptr,
                                  static_cast<Bits16*>(to.data_ptr()) + row * N + column, N);
    };
    multiply(gate_words, gates);
    multiply(up_words, ups);
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
