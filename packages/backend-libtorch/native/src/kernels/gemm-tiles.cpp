// Products of bfloat16 matrices in float32 on the tile units of x86, by libtorch's block products (oneDNN's brgemm) and our
// own packing: at::mm would round the result to bfloat16, and MKL's product with a float32 result is two to four times
// slower (docs/decisions/0901-float32-head-on-bfloat16-weights.md).
//
// Axes: M rows, N columns, K summed.

#include "gemm.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>

#include "attention-tiles.h"
#include "release-tiles.h"
#include "word-blocks.h"

namespace soft_tokens {

namespace tiles = attention_tiles;

namespace {

using Narrow = at::BFloat16;

const Bits16* bits(const at::Tensor& x) { return reinterpret_cast<const Bits16*>(x.const_data_ptr<Narrow>()); }

}  // namespace

bool has_bfloat16_tiles() { return tiles::available(); }

at::Tensor matmul_tiles(const at::Tensor& a_MK, const at::Tensor& b_NK) {
  // The large operand is the left one of a block product, which needs no packing: c^T [N, M] = b a^T, and only the small
  // a^T is packed. Each block of c^T is turned while it is in the cache.
  constexpr int64_t block_N = 128, block_M = 64;
  const int64_t M = a_MK.size(0), K = a_MK.size(1), N = b_NK.size(0);
  const int64_t wide_M = tiles::round_up(M, tiles::kTile);
  at::Tensor product_MN = at::empty({M, N}, a_MK.options().dtype(at::kFloat));
  at::Tensor packed = at::zeros({K / 2, wide_M}, a_MK.options().dtype(at::kInt));
  auto* words = reinterpret_cast<uint32_t*>(packed.mutable_data_ptr<int32_t>());
  const auto* a = reinterpret_cast<const uint32_t*>(bits(a_MK));
  for (int64_t m = 0; m < M; m++) {
    for (int64_t k = 0; k < K / 2; k++) words[k * wide_M + m] = a[m * (K / 2) + k];
  }
  const auto* b = b_NK.const_data_ptr<Narrow>();
  auto* product = product_MN.mutable_data_ptr<float>();
  at::parallel_for(0, (N + block_N - 1) / block_N, 1, [&](int64_t from, int64_t to) {
    const ReleaseTiles release;
    tiles::Buffer<float> memory;
    float* block = memory.need(2 * block_N * block_M);
    float* turned = block + block_N * block_M;
    for (int64_t n = from * block_N; n < std::min(N, to * block_N); n += block_N) {
      const int64_t length_N = std::min(block_N, N - n);
      for (int64_t m = 0; m < wide_M; m += block_M) {
        const int64_t wide = std::min(block_M, wide_M - m), length_M = std::min(block_M, M - m);
        at::native::cpublas::brgemm(length_N, wide, K, K, wide_M, wide, false, b + n * K,
                                    reinterpret_cast<const Narrow*>(words + m), block);
        const bool is_whole = length_N % tiles::kTile == 0 && length_M == wide;
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
  constexpr int64_t block_M = 128, block_N = 512;
  const int64_t M = a_MK.size(0), K = a_MK.size(1), N = b_KN.size(1), stride_a = a_MK.stride(0);
  const at::Tensor narrow_KN = b_KN.contiguous();
  const at::Tensor packed = at::empty({K / 2, N}, b_KN.options().dtype(at::kInt));
  auto* words = reinterpret_cast<uint32_t*>(packed.mutable_data_ptr<int32_t>());
  make_pairs(bits(narrow_KN), N, K, N, words, N);
  const auto* a = a_MK.const_data_ptr<Narrow>();
  auto* sum = sum_MN.mutable_data_ptr<float>();
  at::parallel_for(0, (M + block_M - 1) / block_M, 1, [&](int64_t from, int64_t to) {
    const ReleaseTiles release;
    for (int64_t m = from * block_M; m < std::min(M, to * block_M); m += block_M) {
      for (int64_t n = 0; n < N; n += block_N) {
        at::native::cpublas::brgemm(std::min(block_M, M - m), std::min(block_N, N - n), K, stride_a, N, N, true,
                                    a + m * stride_a, reinterpret_cast<const Narrow*>(words + n), sum + m * N + n);
      }
    }
  });
}

}  // namespace soft_tokens
