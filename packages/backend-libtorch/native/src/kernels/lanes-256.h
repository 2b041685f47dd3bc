// Sixteen float32 numbers in two AVX2 registers, and the same as bfloat16 and as words. Included as lanes-512.h is, whose
// names and meanings these are.

struct Lanes {
  __m256 low, high;
};
using Half = __m256i;
struct Words {
  __m256i low, high;
};

LANES_TARGET inline Lanes spread(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
LANES_TARGET inline Lanes zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
LANES_TARGET inline Lanes load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
LANES_TARGET inline void store(float* to, Lanes x) {
  _mm256_storeu_ps(to, x.low);
  _mm256_storeu_ps(to + 8, x.high);
}
LANES_TARGET inline Lanes add(Lanes a, Lanes b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
LANES_TARGET inline Lanes subtract(Lanes a, Lanes b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
LANES_TARGET inline Lanes times(Lanes a, Lanes b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
LANES_TARGET inline Lanes divide(Lanes a, Lanes b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
LANES_TARGET inline Lanes larger(Lanes a, Lanes b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
LANES_TARGET inline Lanes fused(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
LANES_TARGET inline float sum(Lanes x) {
  const __m256 eight = _mm256_add_ps(x.low, x.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

LANES_TARGET inline Lanes nearest(Lanes x) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  return {_mm256_round_ps(x.low, kToNearest), _mm256_round_ps(x.high, kToNearest)};
}
/** 2^n by its exponent's bits: 0 from n = -127 down, where a TileSession has no numbers left. */
LANES_TARGET inline __m256 power(__m256 n) {
  const __m256 bounded = _mm256_min_ps(_mm256_max_ps(n, _mm256_set1_ps(-127.0f)), _mm256_set1_ps(127.0f));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(bounded), _mm256_set1_epi32(127)), 23));
}
LANES_TARGET inline Lanes times_power(Lanes x, Lanes n) { return times(x, {power(n.low), power(n.high)}); }

LANES_TARGET inline Half zero_half() { return _mm256_setzero_si256(); }
LANES_TARGET inline Half load_half(const Bits16* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
LANES_TARGET inline void store_half(Bits16* to, Half x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x); }
LANES_TARGET inline void store_half(Bits16* to, Half x, int64_t count) {
  if (count >= 16) return store_half(to, x);
  Bits16 all[16];
  store_half(all, x);
  std::memcpy(to, all, count * sizeof(Bits16));
}
LANES_TARGET inline __m256 widen_eight(__m128i x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16));
}
LANES_TARGET inline Lanes widen(Half x) {
  return {widen_eight(_mm256_castsi256_si128(x)), widen_eight(_mm256_extracti128_si256(x, 1))};
}

LANES_TARGET inline __m256i rounded_bits(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i total = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(_mm256_srli_epi32(total, 16), _mm256_set1_epi32(0x7fc0), is_nan);
}
LANES_TARGET inline Half to_half(Lanes x) {
  constexpr int kQuartersInOrder = 0xd8;
  return _mm256_permute4x64_epi64(_mm256_packus_epi32(rounded_bits(x.low), rounded_bits(x.high)), kQuartersInOrder);
}

LANES_TARGET inline Words zero_words() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
LANES_TARGET inline Words load_words(const uint32_t* from) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 8))};
}
LANES_TARGET inline void store_words(uint32_t* to, Words x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x.low);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8), x.high);
}
LANES_TARGET inline Words spread_word(uint32_t x) {
  const __m256i all = _mm256_set1_epi32(static_cast<int>(x));
  return {all, all};
}
LANES_TARGET inline __m256i pair_eight(__m128i even, __m128i odd) {
  return _mm256_or_si256(_mm256_cvtepu16_epi32(even), _mm256_slli_epi32(_mm256_cvtepu16_epi32(odd), 16));
}
LANES_TARGET inline Words to_pair(Half even, Half odd) {
  return {pair_eight(_mm256_castsi256_si128(even), _mm256_castsi256_si128(odd)),
          pair_eight(_mm256_extracti128_si256(even, 1), _mm256_extracti128_si256(odd, 1))};
}
LANES_TARGET inline Lanes even_of(Words x) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(x.low, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(x.high, 16))};
}
LANES_TARGET inline Lanes odd_of(Words x) {
  const __m256i high_half = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  return {_mm256_castsi256_ps(_mm256_and_si256(x.low, high_half)), _mm256_castsi256_ps(_mm256_and_si256(x.high, high_half))};
}
