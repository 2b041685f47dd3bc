#include "head-rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarms inside gcc 12's own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

#include "head-lanes.h"

namespace soft_tokens::head {

namespace {

/** Exponentials computed between two looks for values to keep. */
constexpr int64_t kBlock = 64;

/** fast_exp of vectorized.h on lanes, for x <= 0. */
INLINE Lanes exp_lanes(Lanes x) {
  const Lanes lowest = x * 0.0f - 87.33f;
  const Lanes clamped = x < lowest ? lowest : x;
  const Lanes shifted = clamped * 1.44269504088896341f + 12582912.0f;
  const Lanes n = shifted - 12582912.0f;
  const Lanes r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Lanes power = (Lanes)(((WordLanes)shifted + 127u) << 23);
  return x < lowest ? x * 0.0f : p * power;
}

/** Appends what is at least `cutoff` of a block, and may write a vector beyond it. Returns how many. */
int64_t collect_plain(const float* block, int64_t count, float cutoff, int32_t offset, int32_t* ids, float* values) {
  int64_t found = 0;
  for (int64_t at = 0; at < count; at++) {
    ids[found] = offset + static_cast<int32_t>(at);
    values[found] = block[at];
    found += block[at] >= cutoff ? 1 : 0;
  }
  return found;
}

#if defined(__x86_64__)
__attribute__((target("avx512f,popcnt"))) int64_t collect_vectors(const float* block, int64_t count, float cutoff,
                                                                  int32_t offset, int32_t* ids, float* values) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  int64_t found = 0;
  for (int64_t at = 0; at < count; at += kLanes) {
    const __m512 x = _mm512_loadu_ps(block + at);
    const __mmask16 mask = _mm512_cmp_ps_mask(x, _mm512_set1_ps(cutoff), _CMP_GE_OQ);
    const __m512i places = _mm512_add_epi32(lanes, _mm512_set1_epi32(offset + static_cast<int32_t>(at)));
    _mm512_storeu_si512(ids + found, _mm512_maskz_compress_epi32(mask, places));
    _mm512_storeu_ps(values + found, _mm512_maskz_compress_ps(mask, x));
    found += __builtin_popcount(mask);
  }
  return found;
}
const auto collect = __builtin_cpu_supports("avx512f") ? collect_vectors : collect_plain;
#else
const auto collect = collect_plain;
#endif

template <bool Keep>
INLINE Sums visit(const float* z, int64_t count, float max, float scale, float cutoff, int32_t offset,
                  KeptTokens* kept, double* dropped) {
  Lanes sum = {}, weighted = {}, below = {};
  float block[kBlock];
  // A block may be found whole, and its last vector is written whole.
  constexpr int64_t room = 512;
  int32_t ids[Keep ? room + kBlock + kLanes : 1];
  float values[Keep ? room + kBlock + kLanes : 1];
  int64_t found = 0;
  const auto hand_over = [&] {
    kept->ids.insert(kept->ids.end(), ids, ids + found);
    kept->values.insert(kept->values.end(), values, values + found);
    found = 0;
  };
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t begin = 0; begin < whole; begin += kBlock) {
    const int64_t length = std::min(kBlock, whole - begin);
    Lanes most = {};
    for (int64_t at = 0; at < length; at += kLanes) {
      const Lanes s = (load(z + begin + at) - max) * scale;
      const Lanes exponential = exp_lanes(s);
      sum += exponential;
      weighted += exponential * s;
      if constexpr (Keep) {
        store_lanes(block + at, exponential);
        most = larger(most, exponential);
        below += exponential < cutoff ? exponential : exponential * 0.0f;
      }
    }
    if constexpr (Keep) {
      if (max_lanes(most) < cutoff) continue;
      found += collect(block, length, cutoff, offset + static_cast<int32_t>(begin), ids + found, values + found);
      if (found >= room) hand_over();
    }
  }
  Sums sums{sum_lanes(sum), sum_lanes(weighted)};
  double tail_below = 0;
  for (int64_t at = whole; at < count; at++) {
    const float s = (z[at] - max) * scale;
    const float exponential = fast_exp(s);
    sums.exponential += exponential;
    sums.weighted += exponential * s;
    if constexpr (Keep) {
      if (exponential < cutoff) {
        tail_below += exponential;
        continue;
      }
      ids[found] = offset + static_cast<int32_t>(at);
      values[found++] = exponential;
    }
  }
  if constexpr (Keep) {
    *dropped = sum_lanes(below) + tail_below;
    hand_over();
  }
  return sums;
}

/** Bits of a bfloat16, to the nearest, in the high half of a word; finite numbers only. */
INLINE WordLanes round_high(Lanes x) {
  const WordLanes bits = (WordLanes)x;
  return (bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u;
}

INLINE Lanes tail_of(const TailRow& row, int64_t at, float scale) {
  const Lanes exponential = exp_lanes((load(row.z + at) - row.max) * scale);
  return exponential < row.threshold ? exponential * row.factor : exponential * 0.0f;
}

}  // namespace

SOFT_TOKENS_VECTORIZED
void pair_tails(const TailRow& even, const TailRow& odd, int64_t begin, int64_t count, float scale, uint32_t* words) {
  // `count` is a multiple of 16: the caller's matrix has such rows only.
  for (int64_t at = 0; at < count; at += kLanes) {
    const WordLanes low = round_high(tail_of(even, begin + at, scale)) >> 16;
    *reinterpret_cast<WordLanes*>(words + at) = low | round_high(tail_of(odd, begin + at, scale));
  }
}

SOFT_TOKENS_VECTORIZED
Peak find_peak(const float* z, int64_t count) {
  Peak peak{-std::numeric_limits<float>::infinity(), 0};
  constexpr int64_t stride = 256;
  int64_t best = 0;
  for (int64_t begin = 0; begin < count; begin += stride) {
    const int64_t length = std::min(stride, count - begin), whole = length / kLanes * kLanes;
    float most = z[begin];
    if (whole > 0) {
      Lanes lanes = load(z + begin);
      for (int64_t at = kLanes; at < whole; at += kLanes) lanes = larger(lanes, load(z + begin + at));
      most = max_lanes(lanes);
    }
    for (int64_t at = whole; at < length; at++) most = z[begin + at] > most ? z[begin + at] : most;
    if (most > peak.value) {
      peak.value = most;
      best = begin;
    }
  }
  peak.at = best;
  while (peak.at + 1 < count && z[peak.at] != peak.value) peak.at++;
  return peak;
}

SOFT_TOKENS_VECTORIZED
Sums sum_exponentials(const float* z, int64_t count, float max, float scale) {
  return visit<false>(z, count, max, scale, 0, 0, nullptr, nullptr);
}

SOFT_TOKENS_VECTORIZED
Sums sum_and_keep(const float* z, int64_t count, float max, float scale, float cutoff, int32_t offset, KeptTokens& kept,
                  double& dropped) {
  return visit<true>(z, count, max, scale, cutoff, offset, &kept, &dropped);
}

SOFT_TOKENS_VECTORIZED
void exponentiate(float* z, int64_t count, float max, float scale) {
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t at = 0; at < whole; at += kLanes) store_lanes(z + at, exp_lanes((load(z + at) - max) * scale));
  for (int64_t at = whole; at < count; at++) z[at] = fast_exp((z[at] - max) * scale);
}

void keep_largest(KeptTokens& kept, double budget) {
  std::array<double, 256> mass{};  // by exponent
  const auto exponent_of = [](float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits >> 23;
  };
  for (const float value : kept.values) mass[exponent_of(value)] += value;
  uint32_t lowest = 0;
  double dropped = 0, sum = 0;
  while (lowest < 255 && dropped + mass[lowest] <= budget) dropped += mass[lowest++];
  for (uint32_t exponent = lowest; exponent < mass.size(); exponent++) sum += mass[exponent];
  constexpr float large = 1.0f / 16384;
  size_t count = 0;
  KeptTokens large_ones;
  for (size_t at = 0; at < kept.values.size(); at++) {
    if (exponent_of(kept.values[at]) < lowest) continue;
    const auto probability = static_cast<float>(kept.values[at] / sum);
    if (probability >= large) {
      large_ones.ids.push_back(kept.ids[at]);
      large_ones.values.push_back(probability);
    } else {
      kept.ids[count] = kept.ids[at];
      kept.values[count++] = probability;
    }
  }
  kept.ids.resize(count);
  kept.values.resize(count);
  kept.small = static_cast<int64_t>(count);
  kept.ids.insert(kept.ids.end(), large_ones.ids.begin(), large_ones.ids.end());
  kept.values.insert(kept.values.end(), large_ones.values.begin(), large_ones.values.end());
}

}  // namespace soft_tokens::head
