// Products and data movement of attention-tiles.h in AVX-512 and AMX instructions. `available()` guards every
// use, so other processors need the empty bodies at the end only to link.

#include "attention-tiles.h"

#include "word-blocks.h"

#include <ATen/native/CPUBlas.h>

#if defined(__x86_64__) && defined(__linux__)
#define SOFT_TOKENS_TILES 1
#if defined(__GNUC__) && !defined(__clang__)
// False alarms inside the intrinsics of gcc 12.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TILE_TARGET \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#endif

#include <algorithm>
#include <cstring>

namespace soft_tokens::attention_tiles {

#ifdef SOFT_TOKENS_TILES

namespace {

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

TILE_TARGET inline __m512i pair_words(const Bits16* even, const Bits16* odd) {
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(even)));
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(odd)));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/// 16 bfloat16 as float32.
TILE_TARGET inline __m512 widen(const Bits16* from) {
  const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
}

// The sums of the tile unit to the last bit (Intel SDM, TDPBF16PS): of each kStep keys the even ones and the odd ones are
// summed apart, from zero, by fused multiply-adds; their sum is then added to what was there.
template <int Heads>
TILE_TARGET void accumulate_heads(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                                  int64_t stride_values, int64_t keys, int64_t width, float* out,
                                  int64_t stride_out) {
  const Bits16 zeros[kTile] = {};
  const __m512i high_half = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  for (int64_t h = 0; h < width; h += kTile) {
    for (int64_t begin = 0; begin < keys; begin += kStep) {
      const int64_t end = begin + kStep < keys ? begin + kStep : keys;
      __m512 even_sums[Heads], odd_sums[Heads];
      for (int head = 0; head < Heads; head++) even_sums[head] = odd_sums[head] = _mm512_setzero_ps();
      for (int64_t key = begin; key < end; key += 2) {
        const __m512 even = widen(values + key * stride_values + h);
        const __m512 odd = widen(key + 1 < keys ? values + (key + 1) * stride_values + h : zeros);
        for (int head = 0; head < Heads; head++) {
          const __m512i weights = _mm512_set1_epi32(static_cast<int>(pairs[key / 2 * stride_pairs + head]));
          const __m512 even_weight = _mm512_castsi512_ps(_mm512_slli_epi32(weights, 16));
          const __m512 odd_weight = _mm512_castsi512_ps(_mm512_and_si512(weights, high_half));
          even_sums[head] = _mm512_fmadd_ps(even, even_weight, even_sums[head]);
          odd_sums[head] = _mm512_fmadd_ps(odd, odd_weight, odd_sums[head]);
        }
      }
      for (int head = 0; head < Heads; head++) {
        float* to = out + head * stride_out + h;
        const __m512 sum = _mm512_add_ps(even_sums[head], odd_sums[head]);
        _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), sum));
      }
    }
  }
}

}  // namespace

bool available() {
  static const bool has_permission = at::native::cpublas::could_pack(at::kBFloat16) && request_tiles();
  return has_permission;
}

TileSession::TileSession() : float_control_(_mm_getcsr()) {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  _mm_setcsr(float_control_ | kFlushToZero | kDenormalsAreZero);
  load_tiles();
}

TileSession::~TileSession() {
  release_tiles();
  _mm_setcsr(float_control_);
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

void transpose_to_panels(const uint32_t* from, int64_t stride_from, int64_t rows, int64_t columns,
                         const Panels<uint32_t>& to) {
  for (int64_t row = 0; row < rows; row += kTile) {
    for (int64_t column = 0; column < columns; column += kTile) {
      transpose_words(from + row * stride_from + column, stride_from, kTile, kTile, to.at(column, row), to.stride);
    }
  }
}

void transpose_to_rows(const Panels<const uint32_t>& from, int64_t rows, int64_t columns, uint32_t* to,
                       int64_t stride_to) {
  for (int64_t column = 0; column < columns; column += kTile) {
    for (int64_t row = 0; row < rows; row += kTile) {
      transpose_words(from.at(row, column), from.stride, kTile, kTile, to + column * stride_to + row, stride_to);
    }
  }
}

TILE_TARGET void make_pairs(const Bits16* from, int64_t stride, int64_t rows, int64_t padded_rows,
                            int64_t columns, const Panels<uint32_t>& to) {
  const Bits16 zeros[kTile] = {};
  for (int64_t row = 0; row < padded_rows; row += 2) {
    for (int64_t column = 0; column < columns; column += kTile) {
      const Bits16* even = row < rows ? from + row * stride + column : zeros;
      const Bits16* odd = row + 1 < rows ? from + (row + 1) * stride + column : zeros;
      _mm512_storeu_si512(to.at(row / 2, column), pair_words(even, odd));
    }
  }
}

TILE_TARGET void store_rows(const Panels<const float>& from, int64_t rows, int64_t H, float factor,
                            const float* factors, Bits16* to, int64_t stride_to) {
  for (int64_t row = 0; row < rows; row++) {
    const __m512 own_factor = _mm512_set1_ps(factors ? factors[row] * factor : factor);
    for (int64_t h = 0; h < H; h += kTile) {
      const __m512 scaled = _mm512_mul_ps(_mm512_loadu_ps(from.at(row, h)), own_factor);
      const __mmask16 valid = static_cast<__mmask16>(H - h >= kTile ? 0xffff : (1 << (H - h)) - 1);
      _mm256_mask_storeu_epi16(to + row * stride_to + h, valid, (__m256i)_mm512_cvtneps_pbh(scaled));
    }
  }
}

TILE_TARGET void dot_rows(const Bits16* a, int64_t stride_a, const Bits16* b, int64_t stride_b, int64_t rows,
                          int64_t H, float* to) {
  for (int64_t row = 0; row < rows; row++) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t h = 0; h < H; h += kStep) {
      const __mmask32 valid = H - h >= kStep ? 0xffffffffu : (1u << (H - h)) - 1;
      const __m512i left = _mm512_maskz_loadu_epi16(valid, a + row * stride_a + h);
      const __m512i right = _mm512_maskz_loadu_epi16(valid, b + row * stride_b + h);
      sum = _mm512_dpbf16_ps(sum, (__m512bh)left, (__m512bh)right);
    }
    to[row] = _mm512_reduce_add_ps(sum);
  }
}

void accumulate_values(const uint32_t* pairs, int64_t stride_pairs, const Bits16* values,
                       int64_t stride_values, int64_t keys, int64_t heads, int64_t width, float* out,
                       int64_t stride_out) {
  using Accumulate =
      void (*)(const uint32_t*, int64_t, const Bits16*, int64_t, int64_t, int64_t, float*, int64_t);
  constexpr Accumulate kAccumulate[] = {accumulate_heads<1>, accumulate_heads<2>, accumulate_heads<3>,
                                        accumulate_heads<4>, accumulate_heads<5>, accumulate_heads<6>,
                                        accumulate_heads<7>, accumulate_heads<8>};
  for (int64_t head = 0; head < heads; head += 8) {
    kAccumulate[std::min<int64_t>(8, heads - head) - 1](pairs + head, stride_pairs, values, stride_values,
                                                        keys, width, out + head * stride_out, stride_out);
  }
}

#else

bool available() { return false; }
TileSession::TileSession() : float_control_(0) {}
TileSession::~TileSession() = default;
void multiply(const Bits16*, int64_t, const Panels<const uint32_t>&, const Panels<float>&, int64_t, int64_t,
              int64_t, bool) {}
void transpose_to_panels(const uint32_t*, int64_t, int64_t, int64_t, const Panels<uint32_t>&) {}
void transpose_to_rows(const Panels<const uint32_t>&, int64_t, int64_t, uint32_t*, int64_t) {}
void make_pairs(const Bits16*, int64_t, int64_t, int64_t, int64_t, const Panels<uint32_t>&) {}
void store_rows(const Panels<const float>&, int64_t, int64_t, float, const float*, Bits16*, int64_t) {}
void dot_rows(const Bits16*, int64_t, const Bits16*, int64_t, int64_t, int64_t, float*) {}
void accumulate_values(const uint32_t*, int64_t, const Bits16*, int64_t, int64_t, int64_t, int64_t, float*,
                       int64_t) {}

#endif

void multiply_deep(const Bits16* a, int64_t stride_a, const Panels<const uint32_t>& b, const Panels<float>& c,
                   int64_t M, int64_t N, int64_t X, bool accumulate) {
  constexpr int64_t deepest = 640;
  const int64_t stretches = (X + deepest - 1) / deepest, depth = round_up((X + stretches - 1) / stretches, kStep);
  for (int64_t at = 0; at < X; at += depth) {
    multiply(a + at, stride_a, b.from_row(at / 2), c, M, N, std::min(depth, X - at), accumulate || at > 0);
  }
}

void copy_rows(const Bits16* from, int64_t stride, int64_t rows, int64_t H, Bits16* to, int64_t width,
               int64_t padded_rows) {
  for (int64_t row = 0; row < rows; row++, to += width) {
    std::memcpy(to, from + row * stride, H * sizeof(Bits16));
    std::memset(to + H, 0, (width - H) * sizeof(Bits16));
  }
  std::memset(to, 0, (padded_rows - rows) * width * sizeof(Bits16));
}

}  // namespace soft_tokens::attention_tiles
