// The softmax of attention-tiles.h on transposed scores, 16 columns at a time (AVX-512).

#include <algorithm>
#include <limits>

#include "attention-tiles.h"

#if defined(__x86_64__) && defined(__linux__)
#define SOFT_TOKENS_TILES 1
#if defined(__GNUC__) && !defined(__clang__)
// False alarms inside the intrinsics of gcc 12.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#define TILE_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma")))
#endif

namespace soft_tokens::attention_tiles {

#ifdef SOFT_TOKENS_TILES

namespace {

/** exp within 2 ulp: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2] (coefficients: Cephes, Moshier 1989). */
TILE_TARGET inline __m512 exponential(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-200.0f));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 8);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  return _mm512_scalef_ps(p, n);
}

/** Two rows of 16 columns in bfloat16, as the 16 words of a pair. */
TILE_TARGET inline __m512i to_pair(__m512 even, __m512 odd) {
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
  const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

TILE_TARGET inline void store_half(Bits16* to, __m512 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(x));
}

/** scale * s + mask for one key and 16 columns. */
TILE_TARGET inline __m512 masked_score(const float* score, __m512 scale, const ScoreMask& mask, int64_t key,
                                       int64_t mask_column) {
  __m512 x = _mm512_mul_ps(_mm512_loadu_ps(score), scale);
  if (mask.per_key) x = _mm512_add_ps(x, _mm512_set1_ps(mask.per_key[key]));
  if (key >= mask.begin && key < mask.end) {
    x = _mm512_add_ps(x, _mm512_loadu_ps(mask.matrix + key * mask.stride + mask_column));
  }
  return x;
}

inline int64_t mask_column(const ScoreMask& mask, int64_t column) { return mask.period > 0 ? column % mask.period : 0; }

}  // namespace

TILE_TARGET void softmax_pairs(float* scores, int64_t stride, int64_t columns, double scale, const Segment* segments,
                               int64_t segment_count, uint32_t* pairs, float* maximum, float* reciprocal) {
  const __m512 factor = _mm512_set1_ps(static_cast<float>(scale));
  for (int64_t column = 0; column < columns; column += kTile) {
    __m512 highest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    for (int64_t index = 0; index < segment_count; index++) {
      const Segment& segment = segments[index];
      const int64_t own_column = mask_column(segment.mask, column);
      float* score = scores + segment.first * stride + column;
      for (int64_t key = 0; key < segment.count; key++, score += stride) {
        const __m512 x = masked_score(score, factor, segment.mask, key, own_column);
        _mm512_storeu_ps(score, x);
        highest = _mm512_max_ps(highest, x);
      }
    }
    __m512 sum = _mm512_setzero_ps();
    for (int64_t index = 0; index < segment_count; index++) {
      const Segment& segment = segments[index];
      const float* score = scores + segment.first * stride + column;
      uint32_t* pair = pairs + segment.first / 2 * stride + column;
      const int64_t padded = round_up(segment.count, kStep);
      for (int64_t key = 0; key < padded; key += 2, score += 2 * stride, pair += stride) {
        __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
        if (key < segment.count) even = exponential(_mm512_sub_ps(_mm512_loadu_ps(score), highest));
        if (key + 1 < segment.count) odd = exponential(_mm512_sub_ps(_mm512_loadu_ps(score + stride), highest));
        sum = _mm512_add_ps(sum, _mm512_add_ps(even, odd));
        _mm512_storeu_si512(pair, to_pair(even, odd));
      }
    }
    _mm512_storeu_ps(maximum + column, highest);
    _mm512_storeu_ps(reciprocal + column, _mm512_div_ps(_mm512_set1_ps(1.0f), sum));
  }
}

TILE_TARGET void softmax_gradient(const float* scores, const float* products, int64_t stride, int64_t columns,
                                  double scale, const Segment& segment, const ColumnStatistics& statistics,
                                  Bits16* weights, Bits16* gradient, uint32_t* gradient_pairs) {
  const __m512 factor = _mm512_set1_ps(static_cast<float>(scale));
  const int64_t padded = round_up(segment.count, kStep);
  for (int64_t column = 0; column < columns; column += kTile) {
    const int64_t own_column = mask_column(segment.mask, column);
    const __m512 maximum = _mm512_loadu_ps(statistics.maximum + column);
    const __m512 reciprocal = _mm512_loadu_ps(statistics.reciprocal + column);
    const __m512 delta = _mm512_loadu_ps(statistics.delta + column);
    for (int64_t key = 0; key < padded; key += 2) {
      __m512 changes[2];
      for (int64_t half = 0; half < 2; half++) {
        const int64_t row = key + half, offset = row * stride + column;
        __m512 weight = _mm512_setzero_ps();
        changes[half] = _mm512_setzero_ps();
        if (row < segment.count) {
          const __m512 x = masked_score(scores + offset, factor, segment.mask, row, own_column);
          weight = _mm512_mul_ps(exponential(_mm512_sub_ps(x, maximum)), reciprocal);
          changes[half] = _mm512_mul_ps(weight, _mm512_sub_ps(_mm512_loadu_ps(products + offset), delta));
        }
        store_half(weights + offset, weight);
        store_half(gradient + offset, changes[half]);
      }
      _mm512_storeu_si512(gradient_pairs + key / 2 * stride + column, to_pair(changes[0], changes[1]));
    }
  }
}

#else

void softmax_pairs(float*, int64_t, int64_t, double, const Segment*, int64_t, uint32_t*, float*, float*) {}
void softmax_gradient(const float*, const float*, int64_t, int64_t, double, const Segment&, const ColumnStatistics&,
                      Bits16*, Bits16*, uint32_t*) {}

#endif

}  // namespace soft_tokens::attention_tiles
