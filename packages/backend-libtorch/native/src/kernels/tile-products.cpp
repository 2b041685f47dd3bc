#include "tile-products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>

#include <algorithm>

#include "attention-tiles.h"
#include "vectorized.h"

namespace soft_tokens {

namespace {

using at::Tensor;

/// Columns of a block: its pairs, K * 64 words, stay in the second-level cache while rows pass.
constexpr int64_t kColumns = 64;
/// Rows of a block: 128 x 64 sums in float32 fill two thirds of the first-level cache.
constexpr int64_t kRows = 128;

struct ReleaseTiles {
  ~ReleaseTiles() { at::native::cpublas::brgemm_release(true); }
};

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
      uint32_t* to = words + K / 2 * column;
      for (int64_t k = 0; k < K; k += 2, to += columns) {
        const Bits16* low = weight + k * N + column;
        const Bits16* high = low + N;
        for (int64_t n = 0; n < columns; n++) to[n] = low[n] | static_cast<uint32_t>(high[n]) << 16;
      }
    }
  });
  return packed;
}

Tensor multiply_tiles(const Tensor& x_MK, const Tensor& packed, int64_t N) {
  const int64_t M = x_MK.size(0), K = x_MK.size(1);
  Tensor y_MN = at::empty({M, N}, x_MK.options());
  const auto* x = x_MK.const_data_ptr<at::BFloat16>();
  const auto* words = reinterpret_cast<const at::BFloat16*>(packed.const_data_ptr<int32_t>());
  auto* y = reinterpret_cast<Bits16*>(y_MN.mutable_data_ptr<at::BFloat16>());
  const int64_t column_blocks = (N + kColumns - 1) / kColumns, row_blocks = (M + kRows - 1) / kRows;
  at::parallel_for(0, row_blocks * column_blocks, 1, [&](int64_t begin, int64_t end) {
    const ReleaseTiles release;
    alignas(64) float sums[kRows * kColumns];
    for (int64_t block = begin; block < end; block++) {
      // Neighbouring blocks share their rows while there are many, their columns while there are few.
      const int64_t column = block % column_blocks * kColumns, columns = std::min(kColumns, N - column);
      const int64_t row = block / column_blocks * kRows, rows = std::min(kRows, M - row);
      at::native::cpublas::brgemm(rows, columns, K, K, columns, columns, false, x + row * K, words + K * column, sums);
      attention_tiles::store_rows({sums, attention_tiles::kTile, columns}, rows, columns, 1.0f, nullptr, y + row * N + column, N);
    }
  });
  return y_MN;
}

}  // namespace soft_tokens
