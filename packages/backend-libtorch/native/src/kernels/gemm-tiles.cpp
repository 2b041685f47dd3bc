// Products of bfloat16 matrices in float32 on the tile units of x86: at::mm would round the result to bfloat16, and MKL's
// product with a float32 result is two to four times slower (docs/decisions/0901-float32-head-on-bfloat16-weights.md).
//
// Axes: M rows, N columns, K summed.

#include "gemm.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "tiles.h"
#include "element-type.h"
#include "word-blocks.h"

namespace soft_tokens {

bool has_bfloat16_tiles() { return tiles::available(); }

at::Tensor matmul_tiles(const at::Tensor& a_MK, const at::Tensor& b_NK) {
  // The large operand is the left one of a block product, which needs no packing: c^T [N, M] = b a^T, and only the small
  // a^T is packed. Each block of c^T is turned while it is in the cache.
  constexpr int64_t block_N = 128, block_M = 96;
  const int64_t M = a_MK.size(0), K = a_MK.size(1), N = b_NK.size(0);
  const int64_t wide_M = tiles::round_up(M, tiles::kTile), whole_N = N / tiles::kTile * tiles::kTile;
  at::Tensor product_MN = at::empty({M, N}, a_MK.options().dtype(at::kFloat));
  const at::Tensor packed = at::zeros({K / 2 * wide_M}, a_MK.options().dtype(at::kInt));
  const int64_t panel = K / 2 * tiles::kTile;
  uint32_t* words = writable_words_of(packed);
  const auto* a = reinterpret_cast<const uint32_t*>(bits_of(a_MK));
  for (int64_t m = 0; m < M; m++) {
    uint32_t* to = words + m / tiles::kTile * panel + m % tiles::kTile;
    for (int64_t k = 0; k < K / 2; k++) to[k * tiles::kTile] = a[m * (K / 2) + k];
  }
  // The rows of b behind the last whole tile.
  const at::Tensor tail = at::zeros({tiles::kTile, K}, b_NK.options());
  if (whole_N < N) tail.narrow(0, 0, N - whole_N).copy_(b_NK.narrow(0, whole_N, N - whole_N));
  auto* product = product_MN.mutable_data_ptr<float>();
  at::parallel_for(0, (N + block_N - 1) / block_N, 1, [&](int64_t from, int64_t to) {
    const tiles::TileSession session;
    thread_local tiles::Buffer<float> memory;
    float* block = memory.need(2 * block_N * block_M);
    float* turned = block + block_N * block_M;
    for (int64_t n = from * block_N; n < std::min(N, to * block_N); n += block_N) {
      const int64_t length_N = std::min(block_N, N - n), in_place = std::min(length_N, whole_N - n);
      for (int64_t m = 0; m < wide_M; m += block_M) {
        const int64_t wide = std::min(block_M, wide_M - m), length_M = std::min(block_M, M - m);
        const tiles::Panels<const uint32_t> right{words + m / tiles::kTile * panel, panel};
        const tiles::Panels<float> sums{block, tiles::kTile, wide};
        if (in_place > 0) tiles::multiply_deep(bits_of(b_NK) + n * K, K, right, sums, in_place, wide, K, false);
        if (in_place < length_N) {
          tiles::multiply_deep(bits_of(tail), K, right, sums.from_row(in_place), tiles::kTile, wide, K, false);
        }
        const bool is_whole = in_place == length_N && length_M == wide;
        float* target = is_whole ? product + m * N + n : turned;
        const int64_t stride = is_whole ? N : block_N;
        transpose_words(reinterpret_cast<const uint32_t*>(block), wide, tiles::round_up(length_N, tiles::kTile),
                        wide, reinterpret_cast<uint32_t*>(target), stride);
        if (is_whole) continue;
        for (int64_t row = 0; row < length_M; row++) {
          std::copy_n(turned + row * block_N, length_N, product + (m + row) * N + n);
        }
      }
    }
  });
  return product_MN;
}

void add_matmul_tiles(const at::Tensor& sum_MN, const at::Tensor& a_MK, const at::Tensor& b_KN) {
  constexpr int64_t block_M = 128;
  const int64_t M = a_MK.size(0), K = a_MK.size(1), N = b_KN.size(1), stride_a = a_MK.stride(0), panel = K / 2 * tiles::kTile;
  const at::Tensor narrow_KN = b_KN.contiguous();
  const at::Tensor packed = at::empty({K / 2 * N}, b_KN.options().dtype(at::kInt));
  tiles::make_pairs(bits_of(narrow_KN), N, K, K, N, {writable_words_of(packed), panel});
  auto* sum = sum_MN.mutable_data_ptr<float>();
  at::parallel_for(0, (M + block_M - 1) / block_M, 1, [&](int64_t from, int64_t to) {
    const tiles::TileSession session;
    for (int64_t m = from * block_M; m < std::min(M, to * block_M); m += block_M) {
      tiles::multiply_deep(bits_of(a_MK) + m * stride_a, stride_a, {writable_words_of(packed), panel}, {sum + m * N, tiles::kTile, N},
                           std::min(block_M, M - m), N, K, true);
    }
  });
}

}  // namespace soft_tokens
