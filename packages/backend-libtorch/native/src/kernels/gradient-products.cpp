#include "gradient-products.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "tiles.h"
#include "element-type.h"
#include "options.h"
#include "tile-products.h"

namespace soft_tokens {

namespace {

using namespace tiles;
using at::Tensor;

/// Block of a result.
constexpr int64_t kRows = 96, kColumns = 96;

int64_t blocks(int64_t length, int64_t block) { return (length + block - 1) / block; }

/// Words of a row of `length` of them, an odd number of cache lines apart: sixteen rows never share a cache set.
int64_t spread_stride(int64_t length) { return (blocks(length, kTile) | 1) * kTile; }

Tensor words(int64_t count) { return at::empty({count}, at::kInt); }

/// Calls `run(row, rows, column, columns)` for every block of [M, N], in parallel.
template <class Run>
void for_each_block(int64_t M, int64_t N, const Run& run) {
  const int64_t columns = blocks(N, kColumns);
  at::parallel_for(0, blocks(M, kRows) * columns, 1, [&](int64_t begin, int64_t end) {
    const TileSession session;
    for (int64_t block = begin; block < end; block++) {
      const int64_t row = block / columns * kRows, column = block % columns * kColumns;
      run(row, std::min(kRows, M - row), column, std::min(kColumns, N - column));
    }
  });
}

}  // namespace

bool fits_gradient_tiles(const Tensor& x_MK, const Tensor& dy_MN, const Tensor& weight_KN) {
  const auto fits = [](const Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kBFloat16; };
  return !use_portable_kernels() && available() && fits(x_MK) && fits(dy_MN) && fits(weight_KN) &&
         dy_MN.size(0) > 0 && weight_KN.is_contiguous() && weight_KN.size(0) % 32 == 0 && weight_KN.size(1) % 32 == 0;
}

void add_weight_gradient_tiles(const Tensor& sum_KN, const Tensor& x_MK, const Tensor& dy_MN) {
  const int64_t M = x_MK.size(0), K = x_MK.size(1), N = dy_MN.size(1);
  const int64_t padded = round_up(M, kStep), stride = spread_stride(padded / 2);
  // x^T as rows and dy as pairs of rows in panels; missing rows are 0 in both.
  const Tensor left = words(K * stride), right = words(padded / 2 * N);
  const Panels<uint32_t> dy_pairs{writable_words_of(right), padded / 2 * kTile};
  at::parallel_for(0, (K + N) / kTile, 4, [&](int64_t begin, int64_t end) {
    thread_local Buffer<uint32_t> memory;
    uint32_t* pairs = memory.need(padded / 2 * kTile);
    for (int64_t panel = begin; panel < end; panel++) {
      const int64_t column = panel * kTile;
      if (column < K) {
        make_pairs(bits_of(x_MK) + column, x_MK.stride(0), M, padded, kTile, {pairs, 0});
        transpose_to_rows({pairs, 0}, padded / 2, kTile, writable_words_of(left) + column * stride, stride);
      } else {
        make_pairs(bits_of(dy_MN) + column - K, N, M, padded, kTile, {dy_pairs.at(0, column - K), 0});
      }
    }
  });
  const auto* x_T = reinterpret_cast<const Bits16*>(words_of(left));
  float* sum = sum_KN.data_ptr<float>();
  for_each_block(K, N, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    multiply_deep(x_T + row * 2 * stride, 2 * stride, {dy_pairs.at(0, column), dy_pairs.panel},
                  {sum + row * N + column, kTile, N}, rows, columns, padded, true);
  });
}

Tensor multiply_transposed_tiles(const std::vector<std::pair<Tensor, Tensor>>& pairs) {
  const int64_t M = pairs[0].first.size(0), K = pairs[0].second.size(0);
  std::vector<Tensor> packed, tails;
  const int64_t whole = M / kTile * kTile;
  for (const auto& [dy_MN, weight_KN] : pairs) {
    const int64_t N = dy_MN.size(1), length = N / 2;
    packed.push_back(pack_rows_for_tiles(weight_KN));
    // The rows beyond the last whole tile, with zeros behind.
    tails.push_back(words(kTile * length));
    copy_rows(bits_of(dy_MN) + whole * N, N, M - whole, N, reinterpret_cast<Bits16*>(writable_words_of(tails.back())), N, kTile);
  }
  Tensor dx_MK = at::empty({M, K}, pairs[0].first.options());
  auto* dx = static_cast<Bits16*>(dx_MK.data_ptr());
  for_each_block(M, K, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    alignas(64) float sums[kRows * kColumns];
    const int64_t in_place = std::min(rows, whole - row);
    for (size_t i = 0; i < pairs.size(); i++) {
      const int64_t N = pairs[i].first.size(1);
      const Panels<const uint32_t> right{words_of(packed[i]) + column / kTile * (N / 2 * kTile), N / 2 * kTile};
      const Panels<float> result{sums, kTile, kColumns};
      if (in_place > 0) {
        multiply_deep(bits_of(pairs[i].first) + row * N, N, right, result, in_place, columns, N, i > 0);
      }
      if (in_place < rows) {
        multiply_deep(reinterpret_cast<const Bits16*>(words_of(tails[i])), N, right, result.from_row(std::max<int64_t>(0, in_place)),
                      rows - std::max<int64_t>(0, in_place), columns, N, i > 0);
      }
    }
    store_rows({sums, kTile, kColumns}, rows, columns, 1.0f, nullptr, dx + row * K + column, K);
  });
  return dx_MK;
}

}  // namespace soft_tokens
