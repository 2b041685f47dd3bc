// The operations of tiles.h by the bfloat16 dot product of AVX-512: one instruction multiplies sixteen words of two bfloat16
// each and adds both products to sixteen float32 sums. Pairs are the words that it reads, and nothing is widened.

#include "tile-unit.h"

#include <algorithm>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__GNUC__)
#if !defined(__clang__)
// False alarms inside the intrinsics of gcc 12, and no calling convention matters between inlined functions.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wpsabi"
#endif
#include <immintrin.h>
#define LANES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define LANES_BFLOAT16

namespace soft_tokens::tiles {

namespace avx512bf16 {
namespace {

#include "lanes-512.h"
#include "lanes-dot.h"
#include "lanes-rows.h"
#include "lanes-softmax.h"

/** Two products a lane, added to c. */
LANES_TARGET inline Lanes fused_pair(Words a, Words b, Lanes c) {
  return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}

/** Two bfloat16 of a row, neighbours in memory. */
inline uint32_t word_at(const Bits16* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Every element of C is one running sum over pairs of x in their order, wherever the product is cut: rows give the same bits
// alone and among others, and `accumulate_values` those of `multiply`.

/** C of `Rows` rows and `Count` panels (+)= A B: at least six sums hide the latency of the instruction (Zen 4, uops.info). */
template <int Rows, int Count>
LANES_TARGET void multiply_block(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, int64_t column,
                                 const Panels<float>& c, int64_t row, int64_t pairs, bool accumulate) {
  const uint32_t* words[Count];
  Lanes sums[Rows][Count];
  for (int panel = 0; panel < Count; panel++) {
    words[panel] = b.at(0, column + panel * kTile);
    for (int i = 0; i < Rows; i++) sums[i][panel] = accumulate ? load(c.at(row + i, column + panel * kTile)) : zero();
  }
  for (int64_t pair = 0; pair < pairs; pair++, a += 2) {
    Words right[Count];
    for (int panel = 0; panel < Count; panel++) right[panel] = load_words(words[panel] + pair * b.stride);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++) {
      const Words left = spread_word(word_at(a + i * stride_a));
      for (int panel = 0; panel < Count; panel++) sums[i][panel] = fused_pair(left, right[panel], sums[i][panel]);
    }
  }
  for (int panel = 0; panel < Count; panel++) {
    for (int i = 0; i < Rows; i++) store(c.at(row + i, column + panel * kTile), sums[i][panel]);
  }
}

#include "lanes-blocks.h"

void multiply(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c, int64_t M,
              int64_t N, int64_t X, bool accumulate) {
  int64_t n = 0;
  for (; n + 2 * kTile <= N; n += 2 * kTile) multiply_columns<4, 2>(M, a, stride_a, b, n, c, 0, X / 2, accumulate);
  if (n < N) multiply_columns<8, 1>(M, a, stride_a, b, n, c, 0, X / 2, accumulate);
}

template <int Heads>
LANES_TARGET void accumulate_heads(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                                   int64_t stride_values, int64_t keys, int64_t width, float* out,
                                   int64_t stride_out) {
  const Bits16 zeros[kTile] = {};
  for (int64_t h = 0; h < width; h += kTile) {
    Lanes sums[Heads];
    for (int head = 0; head < Heads; head++) sums[head] = load(out + head * stride_out + h);
    for (int64_t key = 0; key < keys; key += 2) {
      const Half even = load_half(values + key * stride_values + h);
      const Half odd = load_half(key + 1 < keys ? values + (key + 1) * stride_values + h : zeros);
      const Words both = to_pair(even, odd);
      const uint32_t* weights = pairs + key / 2 * stride_pairs;
      for (int head = 0; head < Heads; head++) sums[head] = fused_pair(both, spread_word(weights[head]), sums[head]);
    }
    for (int head = 0; head < Heads; head++) store(out + head * stride_out + h, sums[head]);
  }
}

constexpr int kHeadsAtOnce = 8;

#include "lanes-heads.h"

bool is_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16");
}

}  // namespace
}  // namespace avx512bf16

SOFT_TOKENS_TILE_UNIT(avx512bf16, nothing, nothing);

}  // namespace soft_tokens::tiles

#else

namespace soft_tokens::tiles {
const TileUnit avx512bf16_unit = missing_unit("avx512bf16");
}  // namespace soft_tokens::tiles

#endif
