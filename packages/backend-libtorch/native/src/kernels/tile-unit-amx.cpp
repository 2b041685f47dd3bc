// The operations of tiles.h on the tile unit of x86 (AMX) and in AVX-512.

#include "tile-unit.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <cstring>
#include <limits>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#if !defined(__clang__)
// False alarms inside the intrinsics of gcc 12.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TILE_TARGET \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define LANES_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#define LANES_BFLOAT16

namespace soft_tokens::tiles {

namespace amx {
namespace {

#include "lanes-512.h"
#include "lanes-dot.h"
#include "lanes-rows.h"
#include "lanes-softmax.h"

/** Linux gives a process the tile registers on request only (Documentation/arch/x86/xstate.rst). */
bool request_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/** In memory for good: gcc's intrinsic claims to read 8 bytes only, and stores to the others would be left
 * out. */
const TileConfig tile_config;

TILE_TARGET void load_tiles() { _tile_loadconfig(&tile_config); }
TILE_TARGET void release_tiles() { _tile_release(); }

/** One block of `Rows` x `Columns` tiles of C: tiles 0 to 3 are C, 4 and 5 are A, 6 and 7 are B. */
template <int Rows, int Columns>
TILE_TARGET void multiply_block(const Bits16* a, int64_t stride_a, const uint32_t* b, const uint32_t* right_b,
                                int64_t stride_b, float* c, float* right_c, int64_t stride_c, int64_t steps,
                                bool accumulate) {
  const int64_t bytes_a = stride_a * 2, bytes_b = stride_b * 4, bytes_c = stride_c * 4,
                down = kTile * stride_c;
  if (accumulate) {
    _tile_loadd(0, c, bytes_c);
    if constexpr (Columns > 1) _tile_loadd(1, right_c, bytes_c);
    if constexpr (Rows > 1) _tile_loadd(2, c + down, bytes_c);
    if constexpr (Rows > 1 && Columns > 1) _tile_loadd(3, right_c + down, bytes_c);
  } else {
    _tile_zero(0);
    if constexpr (Columns > 1) _tile_zero(1);
    if constexpr (Rows > 1) _tile_zero(2);
    if constexpr (Rows > 1 && Columns > 1) _tile_zero(3);
  }
  for (int64_t step = 0; step < steps; step++) {
    _tile_loadd(4, a + step * kStep, bytes_a);
    _tile_loadd(6, b + step * kTile * stride_b, bytes_b);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Columns > 1) {
      _tile_loadd(7, right_b + step * kTile * stride_b, bytes_b);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (Rows > 1) {
      _tile_loadd(5, a + kTile * stride_a + step * kStep, bytes_a);
      _tile_dpbf16ps(2, 5, 6);
    }
    if constexpr (Rows > 1 && Columns > 1) _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, bytes_c);
  if constexpr (Columns > 1) _tile_stored(1, right_c, bytes_c);
  if constexpr (Rows > 1) _tile_stored(2, c + down, bytes_c);
  if constexpr (Rows > 1 && Columns > 1) _tile_stored(3, right_c + down, bytes_c);
}

void multiply(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
              int64_t M, int64_t N, int64_t X, bool accumulate) {
  for (int64_t n = 0; n < N; n += 2 * kTile) {
    const bool one_column = n + kTile >= N;
    for (int64_t m = 0; m < M; m += 2 * kTile) {
      const bool one_row = m + kTile >= M;
      const auto block = one_row ? (one_column ? multiply_block<1, 1> : multiply_block<1, 2>)
                                 : (one_column ? multiply_block<2, 1> : multiply_block<2, 2>);
      block(a + m * stride_a, stride_a, b.at(0, n), b.at(0, n + kTile), b.stride, c.at(m, n),
            c.at(m, n + kTile), c.stride, X / kStep, accumulate);
    }
  }
}

// The sums of the tile unit to the last bit (Intel SDM, TDPBF16PS): of each kStep keys the even ones and the odd ones are
// summed apart, from zero, by fused multiply-adds; their sum is then added to what was there.
template <int Heads>
LANES_TARGET void accumulate_heads(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                                  int64_t stride_values, int64_t keys, int64_t width, float* out,
                                  int64_t stride_out) {
  const Bits16 zeros[kTile] = {};
  for (int64_t h = 0; h < width; h += kTile) {
    for (int64_t begin = 0; begin < keys; begin += kStep) {
      const int64_t end = begin + kStep < keys ? begin + kStep : keys;
      Lanes even_sums[Heads], odd_sums[Heads];
      for (int head = 0; head < Heads; head++) even_sums[head] = odd_sums[head] = zero();
      for (int64_t key = begin; key < end; key += 2) {
        const Lanes even = widen(load_half(values + key * stride_values + h));
        const Lanes odd = widen(load_half(key + 1 < keys ? values + (key + 1) * stride_values + h : zeros));
        for (int head = 0; head < Heads; head++) {
          const Words weights = spread_word(pairs[key / 2 * stride_pairs + head]);
          even_sums[head] = fused(even, even_of(weights), even_sums[head]);
          odd_sums[head] = fused(odd, odd_of(weights), odd_sums[head]);
        }
      }
      for (int head = 0; head < Heads; head++) {
        float* to = out + head * stride_out + h;
        store(to, add(load(to), add(even_sums[head], odd_sums[head])));
      }
    }
  }
}

constexpr int kHeadsAtOnce = 8;

#include "lanes-heads.h"

bool is_available() {
  static const bool has_permission = at::native::cpublas::could_pack(at::kBFloat16) && request_tiles();
  return has_permission;
}

}  // namespace
}  // namespace amx

SOFT_TOKENS_TILE_UNIT(amx, amx::load_tiles, amx::release_tiles);

}  // namespace soft_tokens::tiles

#else

namespace soft_tokens::tiles {
const TileUnit amx_unit = missing_unit("amx");
}  // namespace soft_tokens::tiles

#endif
