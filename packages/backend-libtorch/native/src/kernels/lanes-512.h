// Sixteen float32 numbers in one AVX-512 register, and the same as bfloat16 and as words.
//
// Not a header of its own: the file of a tile unit includes it inside a namespace, after <immintrin.h> and LANES_TARGET, so that
// each unit has its own copy for its own instructions (LANES_BFLOAT16: the processor rounds to bfloat16 by itself).

using Lanes = __m512;
/** Sixteen bfloat16. */
using Half = __m256i;
/** Sixteen words, each two bfloat16 of a pair of rows. */
using Words = __m512i;

LANES_TARGET inline Lanes zero() { return _mm512_setzero_ps(); }
LANES_TARGET inline Lanes spread(float x) { return _mm512_set1_ps(x); }
LANES_TARGET inline Lanes load(const float* from) { return _mm512_loadu_ps(from); }
LANES_TARGET inline void store(float* to, Lanes x) { _mm512_storeu_ps(to, x); }
LANES_TARGET inline Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
LANES_TARGET inline Lanes subtract(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
LANES_TARGET inline Lanes times(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
LANES_TARGET inline Lanes divide(Lanes a, Lanes b) { return _mm512_div_ps(a, b); }
LANES_TARGET inline Lanes larger(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }
/** a b + c, rounded once. */
LANES_TARGET inline Lanes fused(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
LANES_TARGET inline float sum(Lanes x) { return _mm512_reduce_add_ps(x); }

LANES_TARGET inline Lanes nearest(Lanes x) {
  constexpr int kToNearest = 8;
  return _mm512_roundscale_ps(x, kToNearest);
}
/** x 2^n for whole n. */
LANES_TARGET inline Lanes times_power(Lanes x, Lanes n) { return _mm512_scalef_ps(x, n); }

LANES_TARGET inline Half zero_half() { return _mm256_setzero_si256(); }
LANES_TARGET inline Half load_half(const Bits16* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
LANES_TARGET inline void store_half(Bits16* to, Half x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x); }
/** The first `count` of them, 1 to 16. */
LANES_TARGET inline void store_half(Bits16* to, Half x, int64_t count) {
  _mm256_mask_storeu_epi16(to, static_cast<__mmask16>(count >= 16 ? 0xffff : (1 << count) - 1), x);
}
LANES_TARGET inline Lanes widen(Half x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}

/** To the nearest, ties to even. */
LANES_TARGET inline Half to_half(Lanes x) {
#ifdef LANES_BFLOAT16
  return (__m256i)_mm512_cvtneps_pbh(x);
#else
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  const __m512i rounded = _mm512_mask_mov_epi32(_mm512_srli_epi32(sum, 16), is_nan, _mm512_set1_epi32(0x7fc0));
  return _mm512_cvtepi32_epi16(rounded);
#endif
}

LANES_TARGET inline Words zero_words() { return _mm512_setzero_si512(); }
LANES_TARGET inline Words load_words(const uint32_t* from) { return _mm512_loadu_si512(from); }
LANES_TARGET inline void store_words(uint32_t* to, Words x) { _mm512_storeu_si512(to, x); }
LANES_TARGET inline Words spread_word(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
LANES_TARGET inline Words to_pair(Half even, Half odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}
LANES_TARGET inline Lanes even_of(Words x) { return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16)); }
LANES_TARGET inline Lanes odd_of(Words x) {
  return _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}
