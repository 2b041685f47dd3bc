// The softmax of attention-tiles.h on transposed scores, 16 columns at a time (AVX-512).
//
// A column's bits must not depend on how its keys are cut into ranges, or decoding and training would part ways (see
// tile-products.h): one running sum over all keys, and this file is compiled without contraction of products and sums, so
// that a key with a mask of 0 and a key without a mask round alike.

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

/** exp within 2e-6: 2^n times a polynomial on [-1/2, 1/2] (coefficients: Cephes exp2f, Moshier 1989). */
TILE_TARGET inline __m512 exponential(__m512 x) {
  constexpr int kToNearest = 8;
  const __m512 y =
      _mm512_mul_ps(_mm512_max_ps(x, _mm512_set1_ps(-100.0f)), _mm512_set1_ps(1.44269504088896341f));
  const __m512 n = _mm512_roundscale_ps(y, kToNearest), r = _mm512_sub_ps(y, n);
  __m512 p = _mm512_set1_ps(1.535336188319500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.339887440266574e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.618437357674640e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.550332471162809e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.402264791363012e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.931472028550421e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

TILE_TARGET inline __m256i to_half(__m512 x) { return (__m256i)_mm512_cvtneps_pbh(x); }

/** Two rows of 16 columns as the 16 words of a pair. */
TILE_TARGET inline __m512i to_pair(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

TILE_TARGET inline void store_half(Bits16* to, __m256i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
}

enum class Masking { kNone, kPerKey, kMatrix };

/** scale * s + mask for one key and 16 columns; `mask` points at the key's first value of these columns. */
template <Masking kind>
TILE_TARGET inline __m512 masked_score(const float* score, __m512 scale, const float* mask) {
  const __m512 s = _mm512_loadu_ps(score);
  if constexpr (kind == Masking::kNone) return _mm512_mul_ps(s, scale);
  if constexpr (kind == Masking::kPerKey) return _mm512_fmadd_ps(s, scale, _mm512_set1_ps(*mask));
  if constexpr (kind == Masking::kMatrix) return _mm512_fmadd_ps(s, scale, _mm512_loadu_ps(mask));
}

/** The keys of a segment that one kind of mask applies to, seen from one panel of columns. */
struct Range {
  int64_t begin, end;
  Masking masking;
  const float* mask;
  int64_t mask_stride;
};

/** Calls `visit(range)` for the at most three ranges of a segment, which begin at even keys. */
template <typename Visit>
inline __attribute__((always_inline)) void for_each_range(const Segment& segment, int64_t column,
                                                          Visit visit) {
  const ScoreMask& mask = segment.mask;
  if (mask.per_key) {
    visit(Range{0, segment.count, Masking::kPerKey, mask.per_key, 1});
    return;
  }
  if (mask.begin >= mask.end) {
    visit(Range{0, segment.count, Masking::kNone, nullptr, 0});
    return;
  }
  const int64_t begin = mask.begin < 0 ? 0 : std::min(mask.begin / 2 * 2, segment.count);
  const int64_t end = std::max(begin, std::min((mask.end + 1) / 2 * 2, segment.count));
  const float* matrix = mask.matrix + (mask.period > 0 ? column % mask.period : 0);
  visit(Range{0, begin, Masking::kNone, nullptr, 0});
  visit(Range{begin, end, Masking::kMatrix, matrix, mask.stride});
  visit(Range{end, segment.count, Masking::kNone, nullptr, 0});
}

/** Calls the instance of a function template over `Masking` that the range asks for. */
#define FOR_MASKING(range, function, ...)                                          \
  ((range).masking == Masking::kNone     ? function<Masking::kNone>(__VA_ARGS__)   \
   : (range).masking == Masking::kPerKey ? function<Masking::kPerKey>(__VA_ARGS__) \
                                         : function<Masking::kMatrix>(__VA_ARGS__))

template <Masking kind>
TILE_TARGET __m512 highest_score(const Range& range, const float* scores, int64_t stride, __m512 scale,
                                 __m512 highest) {
  for (int64_t key = range.begin; key < range.end; key++) {
    const float* mask = range.mask + key * range.mask_stride;
    highest = _mm512_max_ps(highest, masked_score<kind>(scores + key * stride, scale, mask));
  }
  return highest;
}

template <Masking kind>
TILE_TARGET __m512 exponentiate(const Range& range, const float* scores, int64_t stride, __m512 scale,
                                __m512 highest, uint32_t* pairs, int64_t pair_stride, __m512 sum) {
  for (int64_t key = range.begin; key < range.end; key += 2) {
    const float* score = scores + key * stride;
    const float* mask = range.mask + key * range.mask_stride;
    const __m512 even = exponential(_mm512_sub_ps(masked_score<kind>(score, scale, mask), highest));
    __m512 odd = _mm512_setzero_ps();
    if (key + 1 < range.end) {
      odd = exponential(
          _mm512_sub_ps(masked_score<kind>(score + stride, scale, mask + range.mask_stride), highest));
    }
    sum = _mm512_add_ps(sum, _mm512_add_ps(even, odd));
    _mm512_storeu_si512(pairs + key / 2 * pair_stride, to_pair(to_half(even), to_half(odd)));
  }
  return sum;
}

/** Where `softmax_gradient` works: one panel of columns. */
struct GradientPanel {
  const float *scores, *products;
  int64_t score_stride, product_stride;
  __m512 scale, maximum, reciprocal, delta;
  Bits16 *weights, *gradient;
  int64_t row_stride;
  uint32_t* pairs;
  int64_t pair_stride;
};

template <Masking kind>
TILE_TARGET inline void gradient_row(const GradientPanel& panel, const Range& range, int64_t key,
                                     __m256i& change) {
  const float* mask = range.mask + key * range.mask_stride;
  const __m512 x = masked_score<kind>(panel.scores + key * panel.score_stride, panel.scale, mask);
  const __m512 weight = _mm512_mul_ps(exponential(_mm512_sub_ps(x, panel.maximum)), panel.reciprocal);
  const __m512 product = _mm512_loadu_ps(panel.products + key * panel.product_stride);
  change = to_half(_mm512_mul_ps(weight, _mm512_sub_ps(product, panel.delta)));
  store_half(panel.weights + key * panel.row_stride, to_half(weight));
  store_half(panel.gradient + key * panel.row_stride, change);
}

template <Masking kind>
TILE_TARGET void gradient_range(const GradientPanel& panel, const Range& range) {
  for (int64_t key = range.begin; key < range.end; key += 2) {
    __m256i even, odd = _mm256_setzero_si256();
    gradient_row<kind>(panel, range, key, even);
    if (key + 1 < range.end) {
      gradient_row<kind>(panel, range, key + 1, odd);
    } else {
      store_half(panel.weights + (key + 1) * panel.row_stride, odd);
      store_half(panel.gradient + (key + 1) * panel.row_stride, odd);
    }
    _mm512_storeu_si512(panel.pairs + key / 2 * panel.pair_stride, to_pair(even, odd));
  }
}

}  // namespace

TILE_TARGET void softmax_pairs(const Panels<const float>& scores, int64_t columns, double scale,
                               const Segment* segments, int64_t segment_count, const Panels<uint32_t>& pairs,
                               float* maximum, float* reciprocal) {
  const __m512 factor = _mm512_set1_ps(static_cast<float>(scale));
  for (int64_t column = 0; column < columns; column += kTile) {
    __m512 highest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    for (const Segment* segment = segments; segment < segments + segment_count; segment++) {
      const float* score = scores.at(segment->first, column);
      for_each_range(*segment, column, [&](const Range& range) TILE_TARGET {
        highest = FOR_MASKING(range, highest_score, range, score, scores.stride, factor, highest);
      });
    }
    __m512 sum = _mm512_setzero_ps();
    for (const Segment* segment = segments; segment < segments + segment_count; segment++) {
      const float* score = scores.at(segment->first, column);
      uint32_t* pair = pairs.at(segment->first / 2, column);
      for_each_range(*segment, column, [&](const Range& range) TILE_TARGET {
        sum = FOR_MASKING(range, exponentiate, range, score, scores.stride, factor, highest, pair, pairs.stride, sum);
      });
      for (int64_t row = (segment->count + 1) / 2; row < round_up(segment->count, kStep) / 2; row++) {
        _mm512_storeu_si512(pair + row * pairs.stride, _mm512_setzero_si512());
      }
    }
    _mm512_storeu_ps(maximum + column, highest);
    _mm512_storeu_ps(reciprocal + column, _mm512_div_ps(_mm512_set1_ps(1.0f), sum));
  }
}

TILE_TARGET void softmax_gradient(const Panels<const float>& scores, const Panels<const float>& products,
                                  int64_t columns, double scale, const Segment& segment,
                                  const ColumnStatistics& statistics, Bits16* weights, Bits16* gradient,
                                  const Panels<uint32_t>& gradient_pairs) {
  GradientPanel panel;
  panel.scale = _mm512_set1_ps(static_cast<float>(scale));
  panel.score_stride = scores.stride;
  panel.product_stride = products.stride;
  panel.row_stride = columns;
  panel.pair_stride = gradient_pairs.stride;
  for (int64_t column = 0; column < columns; column += kTile) {
    panel.scores = scores.at(0, column);
    panel.products = products.at(0, column);
    panel.maximum = _mm512_loadu_ps(statistics.maximum + column);
    panel.reciprocal = _mm512_loadu_ps(statistics.reciprocal + column);
    panel.delta = _mm512_loadu_ps(statistics.delta + column);
    panel.weights = weights + column;
    panel.gradient = gradient + column;
    panel.pairs = gradient_pairs.at(0, column);
    for_each_range(segment, column,
                   [&](const Range& range) TILE_TARGET { FOR_MASKING(range, gradient_range, panel, range); });
    for (int64_t key = round_up(segment.count, 2); key < round_up(segment.count, kStep); key += 2) {
      for (int64_t row = key; row < key + 2; row++) {
        store_half(panel.weights + row * columns, _mm256_setzero_si256());
        store_half(panel.gradient + row * columns, _mm256_setzero_si256());
      }
      _mm512_storeu_si512(panel.pairs + key / 2 * panel.pair_stride, _mm512_setzero_si512());
    }
  }
}

#else

void softmax_pairs(const Panels<const float>&, int64_t, double, const Segment*, int64_t,
                   const Panels<uint32_t>&, float*, float*) {}
void softmax_gradient(const Panels<const float>&, const Panels<const float>&, int64_t, double, const Segment&,
                      const ColumnStatistics&, Bits16*, Bits16*, const Panels<uint32_t>&) {}

#endif

}  // namespace soft_tokens::attention_tiles
